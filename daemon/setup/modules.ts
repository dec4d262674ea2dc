/**
 * Asterisk's modules that records, recordings and the subroutines need. A box that loads only what its modules.conf names (a
 * firmware's often does) gets them named; one that somebody has kept out is named to the one who reads this.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lastOf, readTextHere, readTree } from './asterisk-tree.ts';
import type { AsteriskFolders, Part } from './part.ts';
import { addTo } from './place.ts';
import { isYes, linesFor } from './snippet.ts';

/** By what they bring: records, recordings, Gosub, and the functions of extensions_cdrd.conf and cdr_custom.conf. */
const NEEDED = [
  ...['cdr_manager', 'cdr_custom', 'app_mixmonitor', 'app_stack', 'app_cdr', 'app_playback', 'format_wav'],
  ...['func_callerid', 'func_cdr', 'func_channel', 'func_cut', 'func_db', 'func_env', 'func_logic', 'func_strings'],
].map((name) => `${name}.so`);

export function planModules(folders: AsteriskFolders): Part {
  const main = join(folders.etc, 'modules.conf');
  const tree = readTree(main, folders.etc, readTextHere);
  const keptOut = tree.pairs.filter(({ key, value }) => key.toLowerCase() === 'noload' && NEEDED.includes(value));
  const problems = keptOut.map(
    ({ file, line, value }) => `${file}:${line} keeps ${value} from being loaded: take it out`,
  );
  const autoload = lastOf(tree, 'modules', 'autoload');
  if (autoload === undefined || isYes(autoload.value)) return { problems };
  const isThere = (name: string) => !existsSync(folders.modules) || existsSync(join(folders.modules, name));
  const added = addTo('modules.conf', folders, (own) => {
    const named = own.pairs.filter(({ key }) => /^(?:pre)?load$|^(?:pre)?load-require$|^require$/i.test(key));
    const lacking = NEEDED.filter((name) => isThere(name) && !named.some(({ value }) => value === name));
    return linesFor(
      lacking.map((value) => ({ section: 'modules', key: 'load', value, isMapping: true })),
      own,
    );
  });
  return { ...added, problems: [...problems, ...(added.problems ?? [])] };
}
