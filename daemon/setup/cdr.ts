/**
 * What Asterisk records of a call, and where cdrd finds it: `Event: Cdr` with our fields, and a CSV with every field beside
 * the box's own Master.csv, which stays as it is for whoever reads it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAsteriskText } from './asterisk-text.ts';
import { type AsteriskTree, firstSections, readTextHere, readTree } from './asterisk-tree.ts';
import { withoutBlock } from './block.ts';
import { type AsteriskFolders, joined, type Part, snippet } from './part.ts';
import { addTo } from './place.ts';
import { linesFor, type Wanted } from './snippet.ts';

/** Asterisk's values of what a cdr.conf doesn't say. */
const FALLBACKS: Readonly<Record<string, string>> = {
  enable: 'yes',
  batch: 'no',
  unanswered: 'no',
  congestion: 'no',
  endbeforehexten: 'no',
  initiatedseconds: 'no',
};

/**
 * Keys that only newer ones have (an older one refuses a file with a key that it doesn't know): mended where somebody has set
 * them, and not in our snippet. Without the changes of bridges and dials the records of one call can't be told apart.
 */
const NEWER: readonly Wanted[] = [
  { section: 'general', key: 'channeldefaultenabled', value: 'yes', fallback: 'yes' },
  { section: 'general', key: 'ignorestatechanges', value: 'no', fallback: 'no' },
  { section: 'general', key: 'ignoredialchanges', value: 'no', fallback: 'no' },
  { section: 'general', key: 'canceldispositionenabled', value: 'no', fallback: 'no' },
];

const OUR_CSV = 'cdrd.csv';

/** @returns the CSV that cdrd is to read, too, and whether it is written for cdrd alone. */
export function planCdr(folders: AsteriskFolders): Part & { readonly csv: string; readonly isOurs: boolean } {
  // Without that module Master.csv has to tell everything: in the box's zone, and with the columns that tie records together.
  const hasCustom = !existsSync(folders.modules) || existsSync(join(folders.modules, 'cdr_custom.so'));
  const parts = [
    planFile(folders, 'cdr.conf', (each) => !each.isMapping && (each.section === 'general' || !hasCustom)),
    planFile(folders, 'cdr_manager.conf', () => true),
    ...(hasCustom ? [planFile(folders, 'cdr_custom.conf', () => true), anotherLayout(folders)] : []),
  ];
  const csv = hasCustom ? join(folders.log, 'cdr-custom', OUR_CSV) : join(folders.log, 'cdr-csv', 'Master.csv');
  return { ...joined(parts), csv, isOurs: hasCustom };
}

/** A file that the box has gets what it lacks of our snippet, a file that it doesn't have is our snippet. */
function planFile(folders: AsteriskFolders, name: string, isWanted: (each: Wanted) => boolean): Part {
  const text = snippet(folders, name);
  const wanted = [...wantedOf(text), ...(name === 'cdr.conf' ? NEWER : [])].filter(isWanted);
  const asRead = name === 'cdr_custom.conf' ? firstSections : (tree: AsteriskTree) => tree;
  return addTo(name, folders, (tree, isEmpty) =>
    isEmpty ? text.trimEnd().split('\n') : linesFor(wanted, asRead(tree)),
  );
}

/** The pairs of a snippet, each with the comment right above it. */
function wantedOf(text: string): Wanted[] {
  const lines = text.split('\n');
  let section = '';
  return readAsteriskText(text).statements.flatMap((each): Wanted[] => {
    if (each.kind === 'section') section = each.name;
    if (each.kind !== 'pair') return [];
    const fallback = FALLBACKS[each.key];
    return [
      {
        section,
        key: each.key,
        value: each.value,
        isMapping: section === 'mappings',
        ...(fallback === undefined ? {} : { fallback }),
        ...why(lines, each.line),
      },
    ];
  });
}

/** A comment of one line is taken along; longer ones stay in the snippet. */
function why(lines: readonly string[], line: number): { why?: string } {
  const [above = '', before = ''] = [lines[line - 2], lines[line - 3]];
  return above.startsWith(';') && !before.startsWith(';') ? { why: above.replace(/^;\s*/, '') } : {};
}

/** Two layouts in one CSV could not be told apart. */
function anotherLayout(folders: AsteriskFolders): Part {
  const path = join(folders.etc, 'cdr_custom.conf');
  const wanted = wantedOf(snippet(folders, 'cdr_custom.conf')).find(({ key }) => key === OUR_CSV);
  const tree = readTree(path, folders.etc, (file) => {
    const text = readTextHere(file);
    return text === null ? null : withoutBlock(text);
  });
  const other = tree.pairs.find(({ key, value }) => key === OUR_CSV && value !== wanted?.value);
  return other
    ? { problems: [`${other.file}:${other.line} writes ${OUR_CSV} in another layout: take the line out`] }
    : {};
}
