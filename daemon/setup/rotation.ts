/**
 * Nothing of Debian's rotates Asterisk's CSVs, and one of 300 bytes a record fills a box's flash in the end: the one that setup
 * has Asterisk write is rotated, where the box has logrotate and doesn't see to it itself. cdrd reads rotated ones to their end.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { accountIds } from './accounts.ts';
import { asBytes, readTextHere } from './asterisk-tree.ts';
import type { Part } from './part.ts';

const FOLDER = '/etc/logrotate.d';
/** Ours in it. */
export const ROTATION = join(FOLDER, 'cdrd');

/** @param csv What cdrd reads. */
export function planRotation(csv: string): Part {
  const others = namesIn(FOLDER)?.filter((name) => name !== 'cdrd');
  if (!others || others.some((name) => readTextHere(join(FOLDER, name))?.includes('cdr-custom'))) return {};
  const lines = [
    '# Written by cdrd setup. Asterisk opens the file for each record: it need not be told.',
    `${csv} {`,
    ...(accountIds('asterisk') ? ['\tsu asterisk asterisk'] : []),
    ...['weekly', 'maxsize 10M', 'rotate 4', 'compress', 'delaycompress', 'missingok', 'notifempty', 'nocreate'].map(
      (word) => `\t${word}`,
    ),
    '}',
    '',
  ];
  return {
    changes: [{ path: ROTATION, before: readTextHere(ROTATION), after: asBytes(lines.join('\n')), isPublic: true }],
  };
}

/** null: there is no such folder. */
function namesIn(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}
