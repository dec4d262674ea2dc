/** `cdrd setup --undo`: Asterisk's files without what setup has added to them. cdrd.toml stays as it is. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextHere, readTree } from './asterisk-tree.ts';
import { BLOCK_BEGIN, withoutBlock } from './block.ts';
import { type Change, joined, type Plan, SYSTEMS } from './part.ts';
import { ROTATION } from './rotation.ts';

const DIALPLAN = ['extensions.conf', 'extensions_custom.conf', 'extensions_cdrd.conf'];

/** @param folder Asterisk's configuration. */
export function planUndo(folder: string): Plan {
  // Ours of manager.conf lies in whichever folder that includes.
  const included = readTree(join(folder, 'manager.conf'), folder, readTextHere).files;
  const named = [folder, join(folder, 'manager.d')].flatMap((each) => filesIn(each).map((name) => join(each, name)));
  const files = [...new Set([...named, ...included])].filter(
    (path) => path.endsWith('.conf') && readTextHere(path)?.includes(BLOCK_BEGIN),
  );
  const callers = callersOf(folder);
  const isKept = (path: string) =>
    callers.length > 0 && dirname(path) === folder && DIALPLAN.some((name) => path.endsWith(`/${name}`));
  return joined([
    {
      changes: [...files.filter((path) => !isKept(path)).map(without), ...rotation(folder)],
      notes: [
        ...(callers.length > 0
          ? [
              'the dialplan calls cdrd’s subroutines: extensions_cdrd.conf stays until it no longer does. It is called in',
              ...callers.map((place) => `  ${place}`),
            ]
          : []),
        'cdrd.toml stays as it is',
      ],
    },
  ]);
}

function rotation(folder: string): Change[] {
  const before = folder === SYSTEMS ? readTextHere(ROTATION) : null;
  return before === null ? [] : [{ path: ROTATION, before, after: null }];
}

function without(path: string): Change {
  const before = readTextHere(path);
  const own = withoutBlock(before ?? '');
  return { path, before, after: own === '' ? null : own };
}

/** Where the dialplan calls what would be gone: FILE:LINE. */
function callersOf(folder: string): string[] {
  return readTree(join(folder, 'extensions.conf'), folder, readTextHere)
    .pairs.filter(({ file, value }) => !file.endsWith('/extensions_cdrd.conf') && /\bcdrd-[a-z]+/.test(value))
    .map(({ file, line }) => `${file}:${line}`);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
