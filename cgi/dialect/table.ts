/**
 * The dialects: the one place where their addresses stand beside their code, which is loaded when it is first asked for.
 * An address that another dialect or the box itself has already would never be reached: a test holds that there is none.
 */
import type { SettingValue } from '../settings/schema.ts';
import type { Dialect } from './dialect.ts';

export const DIALECT_NAMES = ['elastix', 'mor', 'voipmonitor'] as const;
export type DialectName = (typeof DIALECT_NAMES)[number];

export interface DialectEntry {
  readonly name: DialectName;
  /** Addresses behind the base. One that ends with `/` is that of everything below it that is none of another dialect's by itself. */
  readonly paths: readonly string[];
  /** Those of them that lead on to a page of ours and do nothing: pages of other sites may link to them. */
  readonly links?: readonly string[];
  /** What clients of the dialect put before its addresses, each of them at will. */
  readonly aliases: readonly string[];
  /** Cookies that hold its session, without what a base adds to the name. */
  readonly cookie: string;
  load(): Promise<Dialect>;
}

export const DIALECTS: readonly DialectEntry[] = [
  {
    name: 'elastix',
    paths: ['/api/api.php'],
    aliases: [],
    cookie: '',
    load: async () => (await import('./elastix/elastix.ts')).elastix,
  },
  {
    name: 'mor',
    // Its programs read XML, of what isn't here too: so all of these are its own.
    paths: [
      ...['/api/local_calls_get', '/api/login', '/callc/login', '/api/', '/callc/', '/billing/'],
      ...['/users/', '/devices/', '/stats/', '/phonebooks/', '/functions/'],
      ...['/tariffs/', '/directions/', '/payments/', '/accounting/', '/services/'],
    ],
    aliases: ['/billing', ''],
    cookie: '_mor_session',
    load: async () => (await import('./mor/mor.ts')).mor,
  },
  {
    name: 'voipmonitor',
    paths: [
      ...['/php/model/sql.php', '/php/model/utilities.php', '/php/api.php', '/php/apilicensecheck.php'],
      ...['/php/pcap.php', '/php/pcap2text.php', '/admin.php', '/index.php'],
    ],
    links: ['/admin.php', '/index.php'],
    aliases: [],
    cookie: 'PHPSESSID',
    load: async () => (await import('./voipmonitor/voipmonitor.ts')).voipmonitor,
  },
];

export interface Found {
  readonly entry: DialectEntry;
  readonly base: string;
  /** Behind base and alias, as {@link DialectEntry.paths} has it. */
  readonly path: string;
}

/** The names of each one's settings, put together once: it is asked for with every request. */
const SWITCHES = DIALECTS.map((entry) => ({ entry, enabled: `${entry.name}.enabled`, at: `${entry.name}.base` }));

/** Whose a path is, among the dialects that are switched on; null: nobody's. @param value A setting's value now. */
export function dialectOf(path: string, value: (name: string) => SettingValue): Found | null {
  let below: Found | null = null;
  for (const { entry, enabled, at } of SWITCHES) {
    if (value(enabled) !== true) continue;
    const base = String(value(at));
    if (!path.startsWith(`${base}/`)) continue;
    const behind = path.slice(base.length);
    for (const alias of entry.aliases.length > 0 ? entry.aliases : ['']) {
      const own = behind.startsWith(`${alias}/`) ? behind.slice(alias.length) : null;
      if (own === null) continue;
      if (!own.endsWith('/') && entry.paths.includes(own)) return { entry, base, path: own };
      if (entry.paths.some((each) => each.endsWith('/') && own.startsWith(each))) below ??= { entry, base, path: own };
    }
  }
  return below;
}
