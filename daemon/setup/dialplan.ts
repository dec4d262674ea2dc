/**
 * The dialplan: our subroutines are put beside it and included. Where a dialplan has to call them only its owner can say, so
 * its lines that place calls are shown with what each would become.
 */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { asText, type Found, readTextHere, readTree } from './asterisk-tree.ts';
import { withBlock, withoutBlock } from './block.ts';
import { type AsteriskFolders, type Change, joined, type Part, snippet } from './part.ts';
import { addTo } from './place.ts';

const OURS = 'extensions_cdrd.conf';
/** Lines shown at most; the others are counted. The last ones: a box's own stand behind the examples that a file came with. */
const MAX_SHOWN = 20;

export function planDialplan(folders: AsteriskFolders): Part {
  return joined([{ changes: [planOurs(folders)] }, planInclude(folders), { notes: hooks(folders) }]);
}

/** Ours by its name: one that was copied by hand, or changed, is written over, and a copy stays. */
function planOurs(folders: AsteriskFolders): Change {
  const path = join(folders.etc, OURS);
  const text = snippet(folders, OURS);
  const before = readTextHere(path);
  if (before === text) return { path, before, after: before };
  return { path, before, after: withBlock('', text.trimEnd().split('\n')) };
}

function planInclude(folders: AsteriskFolders): Part {
  // "try": a dialplan whose include is gone would not be loaded at all.
  return addTo('extensions.conf', folders, ({ files }) =>
    files.includes(resolve(folders.etc, OURS)) ? [] : [`#tryinclude ${OURS}`],
  );
}

/** Whether a file is still as Debian's package brought it: dpkg keeps the MD5 of each. */
export function isDebians(path: string): boolean {
  const status = readTextHere('/var/lib/dpkg/status');
  const text = readTextHere(path);
  if (status === null || text === null) return false;
  return status.includes(`\n ${path} ${createHash('md5').update(withoutBlock(text), 'latin1').digest('hex')}\n`);
}

/** Lines of the dialplan that our subroutines have to be called from, and aren't. */
function hooks(folders: AsteriskFolders): string[] {
  const ours = resolve(folders.etc, OURS);
  const { pairs } = readTree(join(folders.etc, 'extensions.conf'), folders.etc, readTextHere);
  if (isDebians(join(folders.etc, 'extensions.conf')))
    return ["extensions.conf is Debian's example: there is nothing in it to be recorded yet"];
  const lines = pairs.filter(({ file }) => file !== ours).flatMap(hookOf);
  if (lines.length === 0) return [];
  const more = lines.length - MAX_SHOWN;
  return [
    `calls are stored as they are; to have them recorded and told apart, the dialplan calls cdrd's subroutines (the head of ${OURS} says which, with an example). Lines that ring somebody without:`,
    ...(more > 0 ? [`  … ${more / 2} before these`] : []),
    ...lines.slice(-MAX_SHOWN),
  ];
}

function hookOf({ file, line, key, value }: Found): string[] {
  if (value.includes('cdrd-answer') || !/\b(Dial|Queue|ConfBridge)\(/i.test(value)) return [];
  const fresh = hooked(value);
  return fresh === null ? [] : [`  ${file}:${line}: ${key} => ${asText(value)}`, `      ${key} => ${asText(fresh)}`];
}

/** An application's line as it would be with our subroutine; null: its arguments can't be told apart here. */
function hooked(value: string): string | null {
  const call = /^(.*?)\b(Dial|Queue|ConfBridge)\(/i.exec(value);
  if (!call) return null;
  const [head, before = '', name = ''] = call;
  const inside = argumentsOf(value, head.length);
  if (!inside) return null;
  const { list, end } = inside;
  const rest = value.slice(end + 1);
  if (name.toLowerCase() === 'confbridge') return `${before}Gosub(cdrd-conference,s,1(${list[0] ?? ''}))   ; above it`;
  const place = name.toLowerCase() === 'dial' ? 2 : 7;
  const filled = Array.from({ length: Math.max(list.length, place + 1) }, (_, at) => list[at] ?? '');
  filled[place] = name.toLowerCase() === 'dial' ? `${filled[place]}U(cdrd-answer)` : 'cdrd-answer';
  return `${before}${name}(${filled.join(',')})${rest}`;
}

/** The arguments from this place on to the closing bracket, brackets inside counted. */
function argumentsOf(text: string, from: number): { list: string[]; end: number } | null {
  const list = [''];
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? '';
    if (depth === 0 && character === ')') return { list, end: at };
    if ('({['.includes(character)) depth += 1;
    if (')}]'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) list.push('');
    else list[list.length - 1] += character;
  }
  return null;
}
