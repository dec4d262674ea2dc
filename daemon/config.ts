/**
 * Configuration: defaults, then the file (`cdrd.toml`), then the environment (`CDRD_SECTION_KEY`). Every fault is found at
 * once and says where it stands, so that a technician corrects the file in one go.
 */
import * as v from 'valibot';
import { clashes } from './config/clash.ts';
import { readEnvironment } from './config/environment.ts';
import { type FileReading, readConfigFile } from './config/file.ts';
import { ConfigError, type ConfigFault, placeText, type Settings } from './config/reading.ts';
import { CONFIG_KEYS, SCHEMA, SECTION_NAMES } from './config/schema.ts';

export type { ListenAddress } from '../cgi/settings/kinds.ts';
export { ConfigError } from './config/reading.ts';

type CamelName<S> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelName<Tail>>}` : S;
type Deep<T> = T extends readonly (infer Item)[] ? readonly Item[] : Readonly<T>;
type Named<Section> = { readonly [Name in keyof Section as CamelName<Name>]: Deep<Section[Name]> };
type Output = v.InferOutput<typeof SCHEMA>;
type Values = { readonly [Section in keyof Output]: Named<Output[Section]> };

/** The checked configuration, frozen. `config.recordings.requireMount` is the key `recordings.require_mount`. */
export interface Config extends Values {
  /**
   * Where a key (`http.listen`) stands: `FILE:LINE` or `environment NAME`; null = nowhere, the default holds and a page
   * may change it. Throws TypeError for a key that does not exist.
   */
  fixed(key: string): string | null;
  /** The file that was read; null: none. */
  readonly file: string | null;
}

const NO_FILE: FileReading = { settings: new Map(), faults: [], lines: new Map() };

/**
 * Reads the file at `path` (null = none) and the environment over it. Throws {@link ConfigError} with every fault found;
 * after a syntax error the rest of the file is not judged. A path that can't be read is a fault too.
 */
export function loadConfig(path: string | null, env: Readonly<Record<string, string | undefined>>): Config {
  const file = path === null ? NO_FILE : readConfigFile(path);
  const environment = readEnvironment(env);
  const settings = new Map([...file.settings, ...environment.settings]);
  const result = v.safeParse(SCHEMA, bySection(settings), { abortPipeEarly: true });
  const faults = [
    ...file.faults,
    ...environment.faults,
    ...(result.issues ?? []).map((issue) => faultOf(issue, settings, file.lines)),
    ...clashes(settings),
  ];
  if (faults.length > 0 || !result.success) throw new ConfigError(faults, path);
  return finish(result.output, settings, path);
}

function bySection(settings: Settings): Record<string, Record<string, unknown>> {
  const section = (wanted: string) =>
    CONFIG_KEYS.flatMap(({ section, name, key }) => {
      const setting = settings.get(key);
      return section === wanted && setting ? [[name, setting.value]] : [];
    });
  return Object.fromEntries(SECTION_NAMES.map((name) => [name, Object.fromEntries(section(name))]));
}

/** A value's own fault, at the line of the entry that it concerns. */
function faultOf(issue: v.BaseIssue<unknown>, settings: Settings, lines: ReadonlyMap<string, number>): ConfigFault {
  const path = (issue.path ?? []).map((item) => item.key);
  const key = path.slice(0, 2).join('.');
  const entry = path[2];
  const prefix = entry === undefined ? '' : typeof entry === 'number' ? `entry ${entry + 1}: ` : `${entry}: `;
  const place = settings.get(key)?.place ?? { line: null };
  return {
    place: 'line' in place ? { line: lines.get(path.join('.')) ?? place.line } : place,
    key,
    message: `${prefix}${issue.message}`,
  };
}

function finish(output: Output, settings: Settings, path: string | null): Config {
  const { dir, places } = output.recordings;
  const values = {
    ...output,
    recordings: { ...output.recordings, places: Object.keys(places).length > 0 ? places : { USB: dir } },
  };
  const fixed = (key: string): string | null => {
    if (!CONFIG_KEYS.some((each) => each.key === key)) throw new TypeError(`no configuration key ${key}`);
    const setting = settings.get(key);
    return setting ? placeText(setting.place, path) : null;
  };
  const sections = Object.entries(values).map(([section, table]) => [
    section,
    Object.fromEntries(Object.entries(table).map(([name, value]) => [camel(name), value])),
  ]);
  return freeze({ ...Object.fromEntries(sections), fixed, file: path } as Config);
}

/** A key as the program spells it: `local_webhook` is `localWebhook`. */
export function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Freezes plain objects and lists all the way down; a frozen RegExp without g or y still matches. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
