/**
 * Asterisk's own manager interface: moved to 127.0.0.1:5039, because cdrd offers 5038, and a user for cdrd in it. Where the
 * box has a folder for users (Debian's manager.d) both go into a file of our own there, else to the end of manager.conf.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { readAsteriskText } from './asterisk-text.ts';
import {
  type AsteriskTree,
  asBytes,
  asText,
  type Found,
  firstSections,
  lastOf,
  readTextHere,
  readTree,
} from './asterisk-tree.ts';
import { BLOCK_BEGIN, withBlock, withoutBlock } from './block.ts';
import type { OwnSettings } from './own-config.ts';
import { type AsteriskFolders, type Change, type Part, snippet } from './part.ts';
import { placeFor } from './place.ts';
import { holds, linesFor, type Wanted } from './snippet.ts';

/** As our snippet has it until somebody writes another. */
const NO_SECRET = 'CHANGE-ME';

export function planManager(folders: AsteriskFolders, settings: OwnSettings): Part & { readonly secret: string } {
  const main = join(folders.etc, 'manager.conf');
  const { user } = settings;
  const target = targetOf(folders.etc, main);
  const theirs = firstSections(
    readTree(main, folders.etc, (path) => {
      const text = readTextHere(path);
      return text === null ? null : withoutBlock(text);
    }),
  );
  const byHand = theirs.sections.includes(user) ? lastOf(theirs, user, 'secret') : undefined;
  const secret =
    (byHand && !['', NO_SECRET].includes(byHand.value) ? asText(byHand.value) : undefined) ??
    settings.secret ??
    secretInBlock(readTextHere(target), user) ??
    secretInBlock(readTextHere(main), user) ??
    randomBytes(24).toString('base64url');
  const wanted = wantedOf(settings, secret, byHand);
  const lines = [
    ...linesFor(wanted, theirs),
    ...(theirs.sections.includes(user) ? [] : ['', ...userSection(snippet(folders, 'manager.conf'), user, secret)]),
  ];
  const inOwnFile = withLines(folders.etc, main, target, lines);
  // What our file goes on with, or what overrules it, may stand behind it in manager.conf: then the end of that is the place.
  const isOverruled = wanted.some(
    (each) => !holds(each, inOwnFile.tree) && lastOf(inOwnFile.tree, each.section, each.key)?.file === main,
  );
  const isTooEarly = inOwnFile.tree.orphans.length > 0 || isOverruled;
  const { changes, tree } = isTooEarly ? withLines(folders.etc, main, main, lines) : inOwnFile;
  return {
    secret,
    secrets: [secret],
    changes,
    problems: [
      ...wanted.filter((each) => !holds(each, tree)).map((each) => overruled(each, tree)),
      ...(theirs.sections.includes(user) ? lackingRights(theirs, user) : []),
    ],
    notes: otherUsers(theirs, settings),
  };
}

function wantedOf({ user, port }: OwnSettings, secret: string, byHand: Found | undefined): readonly Wanted[] {
  return [
    { section: 'general', key: 'enabled', value: 'yes', fallback: 'no' },
    { section: 'general', key: 'port', value: String(port), fallback: '5038' },
    {
      section: 'general',
      key: 'bindaddr',
      value: '127.0.0.1',
      why: 'for cdrd alone, which offers AMI to everybody else',
    },
    ...(byHand ? [{ section: user, key: 'secret', value: asBytes(secret) }] : []),
  ];
}

/** @returns the changes that put our lines into this file and take them out of the other one; the tree as it would be. */
function withLines(etc: string, main: string, target: string, lines: readonly string[]) {
  const changes = [...new Set([main, target])].map((path): Change => {
    const before = readTextHere(path);
    const own = before === null ? null : withoutBlock(before);
    if (path !== target) return { path, before, after: own };
    const after = lines.length === 0 ? own : withBlock(own ?? '', lines);
    return { path, before, after: after === '' ? null : after, secretOf: 'asterisk' };
  });
  const tree = firstSections(
    readTree(
      main,
      etc,
      (path) => {
        const change = changes.find((each) => each.path === path);
        return change ? change.after : readTextHere(path);
      },
      target,
    ),
  );
  return { changes, tree };
}

/** The file of our own in the folder that manager.conf includes; without such a folder manager.conf. */
function targetOf(etc: string, main: string): string {
  const { statements } = readAsteriskText(readTextHere(main) ?? '');
  const folder = statements.find((each) => each.kind === 'include' && basename(each.path) === '*.conf');
  return folder?.kind === 'include' ? join(resolve(etc, dirname(folder.path)), 'cdrd.conf') : placeFor(main, etc).path;
}

/** Of our snippet what begins with its user, under this name and with this secret. */
function userSection(text: string, user: string, secret: string): string[] {
  const from = text.indexOf('\n[cdrd]') + 1;
  return text
    .slice(from)
    .trimEnd()
    .replace('[cdrd]', `[${user}]`)
    .replace(NO_SECRET, () => asBytes(secret).replaceAll(';', '\\;'))
    .split('\n');
}

/** What an earlier run wrote. */
function secretInBlock(text: string | null, user: string): string | undefined {
  if (!text?.includes(BLOCK_BEGIN)) return undefined;
  const { statements } = readAsteriskText(text);
  const at = statements.findIndex((each) => each.kind === 'section' && each.name === user);
  const pair = statements.slice(at + 1).find((each) => each.kind === 'pair' && each.key === 'secret');
  return at >= 0 && pair?.kind === 'pair' ? asText(pair.value) : undefined;
}

function overruled({ section, key, value }: Wanted, tree: AsteriskTree): string {
  const found = lastOf(tree, section, key);
  const place = found ? `${found.file}:${found.line} says ${key} = ${found.value}` : `nothing says ${key}`;
  return `${place}, and it is read last: write ${key} = ${value} there, in [${section}]`;
}

function lackingRights(tree: AsteriskTree, user: string): string[] {
  const lacking = (key: 'read' | 'write', needed: readonly string[]) => {
    const classes = (lastOf(tree, user, key)?.value ?? '').split(',').map((word) => word.trim());
    const missing = classes.includes('all') ? [] : needed.filter((word) => !classes.includes(word));
    return missing.length > 0 ? [`[${user}] in manager.conf lacks ${key} = ${missing.join(',')}`] : [];
  };
  return [...lacking('read', ['cdr', 'call', 'system']), ...lacking('write', ['system', 'call', 'reporting'])];
}

function otherUsers({ pairs }: AsteriskTree, { user, port }: OwnSettings): string[] {
  const names = new Set(
    pairs
      .filter(({ section, key }) => key === 'secret' && section !== user && section !== 'general')
      .map((p) => p.section),
  );
  if (names.size === 0) return [];
  return [
    `programs that log in to Asterisk's manager interface as ${[...names].join(', ')} find cdrd on 5038 from now on: ` +
      'give each its user there (cdrd ami-user set NAME --read … --write … --permit …), or name port ' +
      `${port} to those on this box (FreePBX: Advanced Settings, Asterisk Manager Port)`,
  ];
}
