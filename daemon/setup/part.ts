/** What the parts of a plan have in common: changes of files, what to tell, and where Asterisk keeps its things. */
import { join } from 'node:path';
import { readTextHere } from './asterisk-tree.ts';

/** Where Debian, and Asterisk's own make install, have its configuration. */
export const SYSTEMS = '/etc/asterisk';

export interface Change {
  readonly path: string;
  /** Bytes that are there, one a character; null: none. */
  readonly before: string | null;
  /** Those that are to be there; null: no file. */
  readonly after: string | null;
  /** Who may read it: asterisk = Asterisk's group, cdrd = ours; undefined: whoever may now, of a new file Asterisk's group. */
  readonly secretOf?: 'asterisk' | 'cdrd';
  /** root's, and everybody may read it: systemd's files. */
  readonly isPublic?: boolean;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** What keeps cdrd from working until somebody has changed it. */
  readonly problems: readonly string[];
  /** What is worth knowing, and what only a person can do. */
  readonly notes: readonly string[];
  /** Never to be shown. */
  readonly secrets: readonly string[];
}

/** What each part of a plan adds. */
export type Part = Partial<Plan>;

/** Asterisk's folders, as asterisk.conf names them. */
export interface AsteriskFolders {
  readonly etc: string;
  readonly log: string;
  readonly modules: string;
  readonly snippets: string;
}

export function joined(parts: readonly Part[]): Plan {
  return {
    changes: parts.flatMap(({ changes = [] }) => changes),
    problems: parts.flatMap(({ problems = [] }) => problems),
    notes: parts.flatMap(({ notes = [] }) => notes),
    secrets: [...new Set(parts.flatMap(({ secrets = [] }) => secrets))],
  };
}

export function foldersOf({ asterisk, snippets }: { asterisk: string; snippets: string }): AsteriskFolders {
  const main = readTextHere(join(asterisk, 'asterisk.conf'));
  if (main === null && readTextHere(join(asterisk, 'extensions.conf')) === null)
    throw new Error(
      `there is no Asterisk's configuration in ${asterisk}: install Asterisk first, or say --asterisk DIR`,
    );
  const directory = (key: string, fallback: string) =>
    new RegExp(`^\\s*${key}\\s*=>?\\s*([^;\\s]+)`, 'm').exec(main ?? '')?.[1] ?? fallback;
  return {
    etc: asterisk,
    log: directory('astlogdir', '/var/log/asterisk'),
    modules: directory('astmoddir', '/usr/lib/asterisk/modules'),
    snippets,
  };
}

/** A snippet of ours. @throws where it isn't there. */
export function snippet({ snippets }: AsteriskFolders, name: string): string {
  const text = readTextHere(join(snippets, name));
  if (text === null) throw new Error(`${join(snippets, name)} is missing: install cdrd again, or say --snippets DIR`);
  return text;
}
