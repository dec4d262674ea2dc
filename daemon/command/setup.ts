/**
 * `cdrd setup`: makes this box's Asterisk and cdrd find each other. It shows as a diff what it would change in cdrd.toml and
 * in Asterisk's configuration, asks, keeps what was there, and writes; a second run finds nothing to do. What only a person
 * can do it names.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXIT } from '../exit.ts';
import { applyChanges, keepingOf } from '../setup/apply.ts';
import { type Asker, openAsker } from '../setup/ask.ts';
import { asText } from '../setup/asterisk-tree.ts';
import { unifiedDiff } from '../setup/diff.ts';
import { type Change, SYSTEMS } from '../setup/part.ts';
import { planSetup, type SetupPlan } from '../setup/plan.ts';
import { applyFolder } from '../setup/recordings-folder.ts';
import { controlCdrd, reloadAsterisk } from '../setup/reload.ts';
import { planUndo } from '../setup/undo.ts';
import { type Command, type CommandInput, configOption } from './command.ts';
import { print } from './print.ts';

const DEFAULT_CONFIG = '/etc/cdrd/cdrd.toml';

/**
 * A line of a diff that holds a secret, somebody else's too, and one that was commented out: a diff shows the lines around what
 * has changed.
 */
const ANY_SECRET = /^([ +-][\s;#]*\w*(?:secret|password)\s*=>?\s*)\S.*$/gim;

/** Lines of a new file up to which it is shown; a longer one is a snippet that the package has, word for word. */
const MAX_NEW = 60;

const options = {
  ...configOption,
  asterisk: { type: 'string', default: SYSTEMS },
  snippets: { type: 'string' },
  recordings: { type: 'string' },
  http: { type: 'string' },
  https: { type: 'string' },
  yes: { type: 'boolean', short: 'y', default: false },
  'dry-run': { type: 'boolean', short: 'n', default: false },
  reload: { type: 'boolean', default: false },
  undo: { type: 'boolean', default: false },
} as const;

export const setup: Command = {
  usage:
    'setup [--yes | --dry-run] [--reload] [--undo] [--recordings DIR] [--http ADDRESSES] [--https ADDRESSES] [--asterisk DIR] [--config FILE]',
  about:
    "writes cdrd.toml and what cdrd needs of Asterisk's configuration; shows it first, asks, and keeps what was there",
  options: [
    ['--yes', 'writes without asking'],
    ['--dry-run', 'shows what would be written, and writes nothing'],
    ['--reload', 'has a running Asterisk read what was written, and restarts cdrd; calls go on'],
    [
      '--undo',
      "takes out of Asterisk's configuration what setup has written; with --reload cdrd is stopped, and Asterisk has 5038 again; cdrd.toml stays as it is",
    ],
    ['--recordings DIR', 'writes recordings.dir, which the pages can then no longer change'],
    ['--http ADDRESSES, --https ADDRESSES', 'writes http.listen and https.listen, for a box whose port 80 is taken'],
    ['--asterisk DIR', "Asterisk's configuration, /etc/asterisk unless told"],
  ],
  async perform({ args, usage }) {
    const { values } = parseArgs({ args: [...args], options });
    if (values.yes && values['dry-run']) throw usage('--yes and --dry-run exclude each other');
    const asker = process.stdin.isTTY && !values.yes && !values['dry-run'] ? openAsker() : null;
    try {
      const plan = values.undo ? undone(values.asterisk) : await planned(values, asker, usage);
      show(plan);
      if (values['dry-run']) return EXIT.ok;
      const isEmpty = plan.changes.length === 0 && plan.folder === null;
      if (!isEmpty && !(await isWanted(values.yes, asker))) return EXIT.failed;
      perform(plan);
      if (values.reload || (!isEmpty && asker && (await asker.ask(values.undo ? STOP : RELOAD, 'y')) === 'y'))
        reload(values);
      else if (!isEmpty) print(values.undo ? UNDONE : 'next: cdrd setup --reload (or restart Asterisk and cdrd)');
      return plan.problems.length > 0 ? EXIT.failed : EXIT.ok;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (process.getuid?.() === 0 || !['EACCES', 'EPERM'].includes(code)) throw error;
      throw new Error(`run it as root: ${(error as Error).message}`);
    } finally {
      asker?.close();
    }
  },
};

const RELOAD = 'Reload Asterisk and restart cdrd now? Calls go on. (y/n)';

const STOP = 'Stop cdrd and reload Asterisk now? Calls go on. (y/n)';
const UNDONE = 'next: stop cdrd, then restart Asterisk';

async function isWanted(yes: boolean, asker: Asker | null): Promise<boolean> {
  if (yes || (await asker?.ask('Write this? (y/n)', 'n')) === 'y') return true;
  print(asker ? 'nothing is written' : 'nothing is written: say --yes to write it');
  return false;
}

function perform({ changes, folder }: SetupPlan): void {
  for (const { path, copy } of applyChanges(changes, stamp())) print(`${path} is written; before: ${copy}`);
  if (folder) applyFolder(folder);
}

function reload({ asterisk, undo }: { readonly asterisk: string; readonly undo: boolean }): void {
  if (undo) print(controlCdrd('stop') ?? 'stop cdrd: it has the port that Asterisk shall have again');
  for (const line of reloadAsterisk(asterisk)) print(`Asterisk: ${line}`);
  if (!undo) print(controlCdrd('restart') ?? 'next: restart cdrd');
}

function undone(asterisk: string): SetupPlan {
  return { ...planUndo(asterisk), folder: null, recordings: '' };
}

interface Values {
  readonly config?: string | undefined;
  readonly asterisk: string;
  readonly snippets?: string | undefined;
  readonly recordings?: string | undefined;
  readonly http?: string | undefined;
  readonly https?: string | undefined;
}

async function planned(values: Values, asker: Asker | null, usage: CommandInput['usage']): Promise<SetupPlan> {
  const snippets = values.snippets ?? snippetFolder();
  if (snippets === null) throw usage('the snippets for Asterisk are not where they belong: say --snippets DIR');
  const input = { ...values, config: values.config ?? DEFAULT_CONFIG, snippets };
  const first = planSetup(input);
  if (!asker || values.recordings !== undefined || first.changes.length === 0) return first;
  const recordings = await folderFrom(asker, first.recordings);
  return recordings === first.recordings ? first : planSetup({ ...input, recordings });
}

/** Asks until it hears an absolute path; the end of the input is the one that was proposed. */
async function folderFrom(asker: Asker, proposed: string): Promise<string> {
  for (;;) {
    const typed = (await asker.ask('Folder of the recordings (Enter: as shown):', proposed)) || proposed;
    if (typed.startsWith('/')) return typed;
    print(`${typed} is no folder: a path that begins with / is asked for`);
  }
}

/** Beside the program as installed (lib/cdrd and share/cdrd), or in the checkout that it was built in. */
function snippetFolder(): string | null {
  const places = ['../../share/cdrd/asterisk/', '../etc/asterisk/', '../../etc/asterisk/'];
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync) ?? null;
}

function show({ changes, problems, notes, secrets, folder }: SetupPlan): void {
  const masked = (text: string) =>
    secrets.reduce((shown, secret) => shown.replaceAll(secret, '(secret)'), text).replace(ANY_SECRET, '$1(secret)');
  for (const change of changes) print(masked(shownChange(change).join('\n')).replaceAll('\t', '    '));
  if (folder)
    print(
      `${folder.path}: ${folder.isNew ? 'a new folder of Asterisk’s group (mode 2775)' : 'may be written by Asterisk’s group (g+rwxs)'}`,
    );
  for (const note of notes) print(note);
  for (const problem of problems) print(`TO DO: ${problem}`);
  if (changes.length === 0 && !folder) print('nothing to change');
}

function shownChange(change: Change): string[] {
  if (change.after === null) return [`${change.path} goes: nothing but what setup wrote is in it`];
  const { mode } = keepingOf(change);
  const lines = change.after.split('\n').length;
  if (change.before === null && lines > MAX_NEW)
    return [`${change.path}: a new file of ${lines} lines, as cdrd brings it (mode 0${mode.toString(8)})`];
  const before = change.before === null ? null : asText(change.before);
  return [...unifiedDiff(change.path, before, asText(change.after)), `(${change.path}: mode 0${mode.toString(8)})`];
}

/** Of copies: the moment, UTC. */
function stamp(): string {
  return new Date().toISOString().replace(/\..*$/, '').replaceAll(/[-:]/g, '').replace('T', '-');
}
