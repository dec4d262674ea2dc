/**
 * Tells Asterisk what to record: the whole family after every log-in, because an Asterisk that was set up anew has none of
 * it, and again after every change. What it hasn't acknowledged in this log-in counts as not told.
 */
import type { CallType } from '../../storage/model/leg.ts';
import type { Log } from '../log.ts';
import type { Header, Packet } from '../wire/packet.ts';
import { ENABLE, FAMILY, type PolicyKey, policyKeys, type RecordingPolicy, recordedKinds } from './astdb.ts';

export interface PolicyWriterState {
  /** Asterisk, logged in now, has acknowledged every key. */
  readonly told: boolean;
  /** Since when that is so, or isn't; milliseconds since 1970. */
  readonly since: number;
  /** Asterisk's own words when it refused last; '' when it has not since it let us in. */
  readonly refusal: string;
  /** Nothing is recorded for want of a medium, though the settings say otherwise; null: nobody has looked yet. */
  readonly held: boolean | null;
}

export interface PolicyWriter {
  /**
   * From now on this is wanted. Resolves when Asterisk has been told, or could not be: that it is away or refuses is no
   * error of who wants it.
   */
  want(policy: RecordingPolicy): Promise<void>;
  /**
   * Whether anything may be recorded at this moment, whatever is wanted: false while there is nowhere to record to. null:
   * not known yet, and Asterisk keeps what it was told last. Open until the first call. Resolves likewise.
   */
  gate(open: boolean | null): Promise<void>;
  /** Whether Asterisk has acknowledged the wanted value of a key. */
  told(key: string): boolean;
  state(): PolicyWriterState;
  /** Asterisk has let us in. @param action Sends one AMI action. */
  up(action: (headers: readonly Header[]) => Promise<Packet>): void;
  away(): void;
  /** Tries again what it refused. */
  retry(): void;
}

/**
 * @param onTold Asterisk has acknowledged all of a policy, or still has it: the kinds of calls that it records by that. Told
 * again and again.
 */
export function createPolicyWriter(
  log: Pick<Log, 'error'>,
  onTold: (kinds: readonly CallType[]) => void = () => {},
  now: () => number = Date.now,
): PolicyWriter {
  let policy: RecordingPolicy | null = null;
  let open: boolean | null = true;
  /** What follows from these two. */
  let wanted: readonly PolicyKey[] = [];
  /** What this log-in has acknowledged; null: Asterisk is away. A new map tells a pass under way that it is out of date. */
  let session: { readonly action: Parameters<PolicyWriter['up']>[0]; readonly told: Map<string, string> } | null = null;
  let turn: Promise<void> = Promise.resolve();
  /** Logged once, however often it is tried again. */
  let lastComplaint = '';
  let refusal = '';
  let [complete, since] = [false, now()];

  const toldAll = () => wanted.every(([key, value]) => session?.told.get(key) === value);

  /** Keeps the moment at which all was told, or no longer is. */
  function note(): void {
    const next = session !== null && policy !== null && open !== null && toldAll();
    if (next !== complete) [complete, since] = [next, now()];
  }

  /** From the first key to the last, so that `enable` always comes after what it lets loose, and before what it stops. */
  async function pass(keys: readonly PolicyKey[], current: NonNullable<typeof session>): Promise<void> {
    for (const [key, value] of keys) {
      if (session !== current || wanted !== keys) return;
      current.told.delete(key); // until it has answered, nobody knows which of two values it has
      const answer = await current.action([
        ['Action', 'DBPut'],
        ['Family', FAMILY],
        ['Key', key],
        ['Val', value],
      ]);
      if (answer.get('Response') !== 'Success') {
        refusal = answer.get('Message') ?? 'no reason given';
        throw new Error(`Asterisk refuses to store ${FAMILY}/${key}: ${answer.get('Message')}`);
      }
      current.told.set(key, value);
    }
  }

  /** One pass after the other; one that finds everything told writes nothing. */
  function write(): Promise<void> {
    turn = turn.then(async () => {
      const current = session;
      if (!current) return;
      try {
        if (!toldAll()) await pass(wanted, current);
        if (toldAll()) refusal = '';
        if (toldAll() && open !== null) onTold(recordedKinds(wanted));
      } catch (error) {
        // A connection that is lost on the way is told of elsewhere, and the next log-in begins anew.
        const complaint = error instanceof Error ? error.message : String(error);
        if (session !== current || complaint === lastComplaint) return;
        lastComplaint = complaint;
        log.error('Asterisk was not told what to record; trying again', { error });
      } finally {
        note();
      }
    });
    return turn;
  }

  function renew(): Promise<void> {
    const keys = policy ? policyKeys({ ...policy, enable: policy.enable && open !== false }) : [];
    wanted = open === null ? keys.filter(([key]) => key !== ENABLE) : keys;
    note();
    return write();
  }

  return {
    want(next) {
      policy = next;
      return renew();
    },
    gate(next) {
      open = next;
      return renew();
    },
    told: (wantedKey) => wanted.some(([key, value]) => key === wantedKey && session?.told.get(key) === value),
    state: () => ({ told: complete, since, refusal, held: open === null ? null : !open && policy?.enable === true }),
    up(action) {
      session = { action, told: new Map() };
      refusal = '';
      void write();
    },
    away() {
      session = null;
      note();
    },
    retry: () => void write(),
  };
}
