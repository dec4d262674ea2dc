/**
 * The box's settings: what the configuration fixes, else what a page has set, else the default. They live in the store, so
 * it is opened by the configuration alone and told its rules afterwards. Numbering and trunks hold from the next record
 * on, what is recorded and where to from the next call on; only the zone waits for a restart.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CgiError } from '../cgi/reply.ts';
import type { ChangeFrom, Setting, Settings } from '../cgi/settings/port.ts';
import { SETTINGS, type SettingSchema, type SettingValue, settingOf, textOf } from '../cgi/settings/schema.ts';
import type { Begun, Trials } from '../cgi/trial/port.ts';
import type { StoreClient } from '../storage/client.ts';
import { may, type Role } from '../storage/model/rights.ts';
import type { By } from '../storage/sql/audit.ts';
import type { StoreOptions } from '../storage/store.ts';
import type { SettingChange } from '../storage/write.ts';
import { RECORDING_KEYS, type RecordingPolicy } from './asterisk/astdb.ts';
import type { PolicyWriter } from './asterisk/recording-policy.ts';
import { clashes } from './config/clash.ts';
import { type Config, camel, type ListenAddress } from './config.ts';
import { type Doors, isDoor, listenOf, listenText, portFault, type Shutting, shutsOut, shutting } from './doors.ts';
import type { Log } from './log.ts';
import { ListenError, type Prepared } from './sockets/listeners.ts';
import { storeOptions } from './state.ts';

/** Milliseconds that an answer waits for Asterisk to be told. */
const TOLD_MS = 1_000;

export interface BoxSettings extends Settings {
  /** The configuration that this run goes by: the given one with what the pages have set. */
  readonly config: Config;
  /** The rules of this moment: numbering and trunks change while it runs. The same object until they do. */
  rules(): StoreOptions['rules'];
  /** The folder of the chosen place, absolute. */
  recordingsDir(): string;
  /** Called with the names of those that have changed, durably or on trial. */
  onChange(listener: (names: readonly string[]) => void): void;
  /** The listeners are there: from now on a change of theirs is acted on. */
  useDoors(doors: Doors): void;
}

export interface SettingsOptions {
  /** As the file and the environment give it. */
  readonly config: Config;
  readonly store: StoreClient;
  readonly log: Pick<Log, 'warn'>;
  /** Tells Asterisk what to record; null: nobody does, as in a command. */
  readonly control: PolicyWriter | null;
  /** Where changes go that may shut out who asks for them; absent: nobody comes in here. */
  readonly trials?: Pick<Trials, 'begin' | 'refuseMeanwhile'>;
}

/** Reads them, and tells the store the rules that follow from them. */
export async function openSettings({
  config: given,
  store,
  log,
  control,
  trials,
}: SettingsOptions): Promise<BoxSettings> {
  const changed = keptValues(await store.ask('settings'), given, log);
  /** On trial, over what is kept. */
  let tried: ReadonlyMap<string, SettingValue | null> = new Map();
  const values = valuesOf(given, {
    get: (name) => (tried.has(name) ? (tried.get(name) ?? undefined) : changed.get(name)),
  });
  const atStart = new Map(SETTINGS.map(({ name }) => [name, values.now(name)]));
  const config = effective(given, values.now);
  const recordingsDir = () => effective(given, values.now).recordings.dir;
  let { rules } = storeOptions(config);
  await store.ask('useRules', rules);
  void control?.want(policyOf(values.now, config.recordings.dir));
  const listeners: ((names: readonly string[]) => void)[] = [];
  let doors: Doors | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function pending({ name, restart }: SettingSchema): boolean {
    if (restart && values.now(name) !== atStart.get(name)) return true;
    const key = RECORDING_KEYS.get(name);
    return key !== undefined && control !== null && !control.told(key);
  }

  function shown(setting: SettingSchema): Setting {
    const { name, doc, restart } = setting;
    return {
      name,
      value: textOf(values.now(name)),
      fallback: textOf(values.fallback(name)),
      about: doc,
      fixed: fixedAt(given, name),
      restart,
      pending: pending(setting),
      choices: name === PLACE ? Object.keys(given.recordings.places) : null,
    };
  }

  async function change(...[wanted, role, by, from]: Parameters<Settings['change']>): Promise<Begun | null> {
    for (const [name, value] of wanted) judge(given, name, value, role);
    const names = new Set(wanted.keys());
    const door = [...names].find(isDoor);
    if (door !== undefined) trials?.refuseMeanwhile(door);
    const after = new Map(changed);
    for (const [name, value] of wanted) {
      if (value === null) after.delete(name);
      else after.set(name, value);
    }
    const next = valuesOf(given, after);
    const clash = clashOf(next.now);
    if (clash) throw invalidClash(clash, wanted);
    const closing = judgeDoors(names, { before: values.now, after: next.now }, by, from);
    const changes = [...wanted].flatMap(([name, value]): SettingChange[] => {
      const [old, fresh] = [textOf(values.now(name)), textOf(next.now(name))];
      if (JSON.stringify(changed.get(name)) === JSON.stringify(after.get(name))) return [];
      return [{ name, value, audit: { ...by, action: 'setting.changed', detail: { setting: name, old, new: fresh } } }];
    });
    if (changes.length === 0) return null;
    const prepared = await listen(names, next.now);
    try {
      if (closing && from?.seconds !== undefined && trials) {
        const { names: what, doors: by_, location } = closing;
        return await tryOut({ wanted, changes, prepared, by, seconds: from.seconds, what, doors: by_, location });
      }
      await store.write({ kind: 'settings', changes });
    } catch (error) {
      await prepared?.takeBack();
      throw error;
    }
    adopt(wanted);
    prepared?.settle();
    tell(changes);
    await act(changes.map(({ name }) => name));
    return null;
  }

  /** Listens where the settings will have it. @throws {CgiError} for a port that can't be had. */
  async function listen(names: ReadonlySet<string>, next: Now): Promise<Prepared | null> {
    const web = names.has('http.listen') || names.has('https.listen');
    if (!doors || !(web || names.has('ami.listen'))) return null;
    const all = listensOf(next);
    try {
      return await doors.prepare(web ? all : null, names.has('ami.listen') ? all.ami : null);
    } catch (error) {
      throw error instanceof ListenError ? portFault(error) : error;
    }
  }

  function adopt(wanted: ReadonlyMap<string, SettingValue | null>): void {
    for (const [name, value] of wanted) {
      if (value === null) changed.delete(name);
      else changed.set(name, value);
    }
  }

  function tell(changes: readonly SettingChange[]): void {
    for (const heard of listeners) heard(changes.map(({ name }) => name));
  }

  async function tryOut({ wanted, changes, prepared, by, seconds, ...about }: Attempt): Promise<Begun> {
    if (!trials) throw new Error('there are no trials here');
    const begun = await trials.begin({
      ...about,
      seconds,
      by,
      byAnother: false,
      apply() {
        tell(changes);
        doors?.renew();
      },
      keep: (keeper, note) =>
        inTurn(async () => {
          const lines = changes.map((each) => ({ ...each, audit: { ...each.audit, ...keeper } }));
          await store.write({ kind: 'settings', changes: [...lines, note] });
          adopt(wanted);
          tried = new Map();
          prepared?.settle();
        }),
      async back() {
        tried = new Map();
        tell(changes);
        await prepared?.takeBack();
        doors?.renew();
      },
    });
    tried = wanted;
    return begun;
  }

  /** A kill before or in here loses nothing: the next start goes by what was written. */
  async function act(names: readonly string[]): Promise<void> {
    const touched = (section: string) => names.some((name) => name.startsWith(`${section}.`));
    if (touched('numbering') || touched('trunks') || names.includes(PLACE)) {
      const { numbering, trunks, recordings } = effective(given, values.now);
      ({ rules } = storeOptions({ ...config, numbering, trunks, recordings }));
      await store.ask('useRules', rules);
    }
    if (!touched('recording') || !control) return;
    const told = control.want(policyOf(values.now, recordingsDir()));
    await Promise.race([told, pause(TOLD_MS, undefined, { ref: false })]);
  }

  return {
    config,
    rules: () => rules,
    value: values.now,
    recordingsDir,
    list: (role) => SETTINGS.filter(({ right }) => may(role, right)).map(shown),
    change: (...asked) => inTurn(() => change(...asked)),
    onChange: (listener) => void listeners.push(listener),
    useDoors(given) {
      doors = given;
    },
  };

  /** One at a time: two that each fit what they found may clash with each other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  }
}

/** A change that goes on trial. */
interface Attempt {
  readonly wanted: ReadonlyMap<string, SettingValue | null>;
  readonly changes: readonly SettingChange[];
  readonly prepared: Prepared | null;
  readonly by: By;
  readonly seconds: number;
  readonly what: readonly string[];
  readonly doors: readonly string[] | null;
  readonly location: string | null;
}

type Now = (name: string) => SettingValue;

/** The values of this moment; `changed` may change under it. */
function valuesOf(config: Config, changed: { get(name: string): SettingValue | undefined }) {
  const places = Object.entries(config.recordings.places);
  const home = places.find(([, dir]) => dir === config.recordings.dir) ?? places[0];
  const fallback: Now = (name) => {
    if (name === PLACE) return home?.[0] ?? '';
    return LISTEN.test(name) ? fixedValue(config, name) : (settingOf(name)?.fallback ?? '');
  };
  /** By name, once it was asked for: a request asks for several. null: it isn't fixed. */
  const fixed = new Map<string, SettingValue | null>();
  const now: Now = (name) => {
    let value = fixed.get(name);
    if (value === undefined) {
      value = fixedAt(config, name) === null ? null : fixedValue(config, name);
      fixed.set(name, value);
    }
    return value ?? changed.get(name) ?? fallback(name);
  };
  return { fallback, now };
}

const PLACE = 'recording.place';
const LISTEN = /\.listen$/;
const WEB_LISTEN = ['http.listen', 'https.listen'];
/** Keys of the configuration, too. */
const CONFIG_KEY = /^(numbering|trunks|time|https?|ami|alarm|elastix|mor|voipmonitor)\./;

/** Where a setting is fixed, or null. The file fixes the place of the recordings by naming their folder. */
function fixedAt(config: Config, name: string): string | null {
  if (name === PLACE) return config.fixed('recordings.dir');
  return CONFIG_KEY.test(name) ? config.fixed(name) : null;
}

/** A folder that is no place is shown as what it is. */
function fixedValue(config: Config, name: string): SettingValue {
  const { dir, places } = config.recordings;
  if (name === PLACE) return Object.entries(places).find(([, folder]) => folder === dir)?.[0] ?? dir;
  const [section, key] = name.split('.') as [Exclude<keyof Config, 'fixed' | 'file'>, string];
  const value = (config[section] as Readonly<Record<string, unknown>>)[camel(key)];
  if (LISTEN.test(name)) return listenText(value as readonly ListenAddress[]);
  if (Array.isArray(value)) return value.map((item) => (item instanceof RegExp ? item.source : item));
  return value as SettingValue;
}

/** What the store kept, less what this version or this configuration no longer takes: no such value stops a start. */
function keptValues(
  stored: Readonly<Record<string, unknown>>,
  config: Config,
  log: SettingsOptions['log'],
): Map<string, SettingValue> {
  const kept = new Map<string, SettingValue>();
  for (const [name, value] of Object.entries(stored)) {
    if (!settingOf(name) || fixedAt(config, name) !== null) continue; // the store keeps notes of ours there too
    const fault = faultOf(config, name, value);
    if (fault === null) kept.set(name, value as SettingValue);
    else log.warn('a setting is not obeyed: its default holds', { setting: name, fault });
  }
  // Only those that clash: what a page sets afterwards must not be lost with them at the next start.
  for (let clash = clashOf(valuesOf(config, kept).now); clash; ) {
    const { key, message } = clash;
    const atFault = [...kept.keys()].filter((name) => name === key || message.endsWith(` ${name}`));
    if (atFault.length === 0) throw new Error(`${key} ${message}`); // the configuration's own were found sound
    for (const name of atFault) kept.delete(name);
    log.warn('a setting is not obeyed: its default holds', { setting: atFault.join(','), fault: `${key} ${message}` });
    clash = clashOf(valuesOf(config, kept).now);
  }
  // A page has left one of the two open, which the configuration has closed since: a box that nobody reaches can't be mended.
  const { http, https } = listensOf(valuesOf(config, kept).now);
  const closed = WEB_LISTEN.filter((name) => kept.has(name));
  if (http.length + https.length === 0 && closed.length > 0) {
    for (const name of closed) kept.delete(name);
    const fault = 'http.listen and https.listen would both be off';
    log.warn('a setting is not obeyed: its default holds', { setting: closed.join(','), fault });
  }
  return kept;
}

function faultOf(config: Config, name: string, value: unknown): string | null {
  const places = Object.keys(config.recordings.places);
  if (name === PLACE && !places.includes(String(value))) return `must be one of ${places.join(', ')}`;
  const setting = settingOf(name);
  return setting ? setting.fault(value) : 'is no setting';
}

/** @throws {CgiError} */
function judge(config: Config, name: string, value: SettingValue | null, role: Role): void {
  const setting = settingOf(name);
  if (!setting) throw new CgiError('invalid', `${name} is no setting`, name);
  if (!may(role, setting.right)) throw new CgiError('denied', `${role} may not change ${name}`, name);
  const fixed = fixedAt(config, name);
  if (fixed !== null) throw new CgiError('conflict', `${name} is fixed: ${fixed}`, name);
  const fault = value === null ? null : faultOf(config, name, value);
  if (fault !== null) throw new CgiError('invalid', `${name} ${fault}`, name);
}

/** Two ranges that overlap, or two listeners on one address, by the check of the configuration. */
function clashOf(now: Now) {
  const concerned = SETTINGS.filter(({ name }) => name.startsWith('numbering.') || LISTEN.test(name));
  return clashes(new Map(concerned.map(({ name }) => [name, { value: now(name), place: { line: null } }])))[0];
}

/**
 * Who closes the door that it stands in could not open it again: with `confirm` such a change goes on trial, without it is
 * refused, where that can be foreseen.
 * @returns what of it concerns who asks; null: nothing does. @throws {CgiError}
 */
function judgeDoors(
  names: ReadonlySet<string>,
  { before, after }: { readonly before: Now; readonly after: Now },
  { address }: By,
  from: ChangeFrom | undefined,
): Shutting | null {
  const { http, https } = listensOf(after);
  const closed = ['http.listen', 'https.listen'].find((name) => names.has(name));
  if (closed !== undefined && http.length + https.length === 0)
    throw new CgiError('conflict', 'http.listen and https.listen would both be off: nobody could come in', closed);
  if (!from?.door) return null;
  const closing = shutting(names, { before, after }, from.door, address);
  const [first] = closing.names;
  if (first === undefined) return null;
  if (from.seconds === undefined) {
    const refused = closing.names.find((name) => name.endsWith('.listen') || name.endsWith('.permit'));
    // Sent on to HTTPS, one must be let in there.
    const sentOut = closing.names.includes('http.redirect') && shutsOut(after, 'https', address);
    if (refused !== undefined || sentOut) throw shutOut(refused ?? 'http.redirect', from.door.listen, address);
    return null;
  }
  const other = [...names].find((name) => !isDoor(name));
  if (other !== undefined)
    throw new CgiError('invalid', `${other} can not go on trial: change it by itself, without ${first}`, other);
  return closing;
}

function shutOut(name: string, listen: string, address: string): CgiError {
  const what = name.endsWith('.listen')
    ? `would close ${listen}, by which you come`
    : `would shut out ${address}, from where you ask`;
  const instead = 'with confirm=60 it goes on trial, until 30038 confirms it';
  return new CgiError('conflict', `${name} ${what}: ${instead}`, name);
}

function listensOf(now: Now) {
  const [http, https, ami] = (['http', 'https', 'ami'] as const).map((kind) => listenOf(now(`${kind}.listen`)));
  return { http: http ?? [], https: https ?? [], ami: ami ?? [] };
}

/** Names one that was sent, whichever of the two the check names. */
function invalidClash({ key, message }: { key: string; message: string }, sent: ReadonlyMap<string, unknown>) {
  const parameter = [key, ...sent.keys()].find(
    (name) => sent.has(name) && (name === key || message.endsWith(` ${name}`)),
  );
  return new CgiError('invalid', `${key} ${message}`, parameter ?? key);
}

function effective(config: Config, now: Now): Config {
  const patterns = (name: string) => (now(name) as readonly string[]).map((source) => new RegExp(source));
  const place = config.recordings.places[String(now(PLACE))];
  const ranges = Object.keys(config.numbering).map((kind) => [kind, now(`numbering.${kind}`)]);
  const { http, https, ami } = listensOf(now);
  return {
    ...config,
    http: { ...config.http, listen: http },
    https: { ...config.https, listen: https },
    ami: { ...config.ami, listen: ami },
    recordings: { ...config.recordings, dir: place ?? config.recordings.dir },
    numbering: Object.fromEntries(ranges),
    trunks: {
      names: now('trunks.names') as readonly string[],
      fxo: patterns('trunks.fxo'),
      gsm: patterns('trunks.gsm'),
    },
    time: { zone: String(now('time.zone')) },
  };
}

/** @param dir Where the recordings are looked for. */
function policyOf(now: Now, dir: string): RecordingPolicy {
  const on = (name: string) => now(`recording.${name}`) === true;
  const prompt = (kind: string) => ({
    sound: String(now(`recording.prompt.${kind}`)),
    recorded: on(`prompt.${kind}.record`),
  });
  return {
    dir,
    enable: on('enable'),
    kinds: {
      Internal: on('internal'),
      Outbound: on('outbound'),
      Inbound: on('inbound'),
      CallBack: on('callback'),
      Conference: on('conference'),
    },
    prompts: { Inbound: prompt('inbound'), Outbound: prompt('outbound') },
  };
}
