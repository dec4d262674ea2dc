/** Whether Asterisk writes records, and writes into them what cdrd folds calls by: by AMI, and into the CSV that it reads. */
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { filesOf } from '../asterisk/csv-file.ts';
import type { CsvFigures } from '../asterisk/csv-follow.ts';
import type { Config } from '../config.ts';
import { type AskAsterisk, isYes, lastValue, type Pair } from './ask-asterisk.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { inTurn, restartCdrd, SETUP, word } from './mend.ts';

export interface RecordParts {
  readonly config: Pick<Config, 'asterisk'>;
  /** null: nobody reads it. */
  csv(): CsvFigures | null;
  /** End of the newest record that came by AMI or CSV, epoch seconds; null: there is none, or nobody knows. */
  newest(): Promise<number | null>;
}

/** Of cdr_manager.conf, as the daemon reads them (asterisk/cdr-event.ts). */
const MAPPINGS: readonly (readonly [variable: string, name: string])[] = [
  ['recordingfile', 'Recording File Name'],
  ['cidname', 'CID Prefix'],
  ['ivr', 'IVR'],
  ['dialled', 'Dialled'],
  ['calltype', 'Call Type'],
  ['talkstart', 'Talk Start'],
  ['linkedid', 'LinkedID'],
  ['sequence', 'Sequence'],
];

/** What Asterisk is asked of it. */
export function recordChecks(ask: AskAsterisk, { config }: Pick<RecordParts, 'config'>): readonly Check[] {
  return [
    { name: 'cdr.enabled', look: async () => [enabled((await ask.pairs('cdr.conf')) ?? [])] },
    { name: 'cdr.mappings', look: async () => [await mappings(ask)] },
    { name: 'cdr.columns', look: async () => [await columns(ask, config.asterisk.cdrCsv)] },
  ];
}

function enabled(pairs: readonly Pair[]): Finding {
  const is = (key: string, fallback: boolean) => isYes(lastValue(pairs, 'general', key) ?? (fallback ? 'yes' : 'no'));
  if (!is('enable', true))
    return fault('cdr.enabled', 'cdr.conf says enable = no: Asterisk writes no records at all', SETUP);
  const wrong = [
    ...(is('batch', false) ? ['batch = yes holds records back, and loses them when Asterisk dies'] : []),
    ...(is('unanswered', false) ? [] : ['without unanswered = yes calls that reached nobody leave no record']),
    ...(is('congestion', false) ? [] : ['without congestion = yes a busy network looks like any failure']),
  ];
  if (wrong.length > 0) return warning('cdr.enabled', `cdr.conf: ${wrong.join('; ')}`, SETUP);
  return ok('cdr.enabled', 'Asterisk writes a record of each call, also of those that reached nobody');
}

async function mappings(ask: AskAsterisk): Promise<Finding> {
  const pairs = await ask.pairs('cdr_manager.conf');
  if (!pairs || !isYes(lastValue(pairs, 'general', 'enabled') ?? 'no'))
    return fault(
      'cdr.mappings',
      'cdr_manager.conf is off: records come by the CSV alone, later and without AMI events',
      SETUP,
    );
  if (!(await ask.hasModule('cdr_manager')))
    return fault('cdr.mappings', 'the module cdr_manager is not loaded: records come by the CSV alone', SETUP);
  const missing = MAPPINGS.filter(([variable, name]) => lastValue(pairs, 'mappings', variable)?.trim() !== name);
  if (missing.length === 0) return ok('cdr.mappings', 'Event: Cdr has all the fields that calls are folded by');
  const names = missing.map(([variable]) => variable).join(', ');
  return fault(
    'cdr.mappings',
    `cdr_manager.conf does not map ${names}: calls are folded and tied to recordings by guess`,
    SETUP,
  );
}

async function columns(ask: AskAsterisk, path: string): Promise<Finding> {
  const name = basename(path);
  if (name === 'Master.csv') {
    if (!(await ask.hasModule('cdr_csv')))
      return fault('cdr.columns', `the module cdr_csv, which writes ${path}, is not loaded`, SETUP);
    const pairs = (await ask.pairs('cdr.conf')) ?? [];
    const lacks = ['loguniqueid', 'newcdrcolumns'].filter((key) => !isYes(lastValue(pairs, 'csv', key) ?? 'no'));
    if (lacks.length === 0) return ok('cdr.columns', `${path} has the columns that tie records together`);
    return warning(
      'cdr.columns',
      `${path} lacks columns that tie records together (cdr.conf [csv]: ${lacks.join(', ')})`,
      SETUP,
    );
  }
  const pairs = (await ask.pairs('cdr_custom.conf')) ?? [];
  const layout = pairs.findLast(({ section, key }) => section === 'mappings' && key === name)?.value ?? '';
  if (layout === '')
    return fault(
      'cdr.columns',
      `cdr_custom.conf does not write ${name}: records missed while cdrd is away are lost`,
      SETUP,
    );
  if (!(await ask.hasModule('cdr_custom')))
    return fault('cdr.columns', `the module cdr_custom, which writes ${path}, is not loaded`, SETUP);
  const lacks = ['CDR(linkedid)', 'CDR(sequence)', 'CDR(uniqueid)', 'CDR(start,u)'].filter(
    (part) => !layout.includes(part),
  );
  if (lacks.length === 0) return ok('cdr.columns', `${path} is written with every field`);
  return fault(
    'cdr.columns',
    `cdr_custom.conf writes ${name} in another layout: ${lacks.join(', ')} is missing`,
    SETUP,
  );
}

/** Seconds that the file may be behind the records that are known: both are written when a leg ends. */
const BEHIND_SECONDS = 300;

/** The CSV itself, as the daemon's own user sees it. */
export function csvCheck({ config, csv, newest }: RecordParts): Check {
  const path = config.asterisk.cdrCsv;
  const look = async (): Promise<readonly Finding[]> => {
    const last = await newest();
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) return [await away(path, found.code ?? found.message, last)];
    const trouble = await troubleWith(path, csv());
    if (trouble !== '') return [fault('cdr.csv', `${path} can't be read: ${trouble}`, await readable(path))];
    if (last !== null && last - found.mtimeMs / 1000 > BEHIND_SECONDS)
      return [
        fault(
          'cdr.csv',
          `${path} does not grow: it was last written ${time(found.mtimeMs)}, and the newest record is of ${time(last * 1000)}`,
          SETUP,
        ),
      ];
    return [ok('cdr.csv', `${path} is read, and was last written ${time(found.mtimeMs)}`)];
  };
  return { name: 'cdr.csv', look };
}

/** At the daemon's last look it may not have been there yet. '' = none. */
async function troubleWith(path: string, csv: CsvFigures | null): Promise<string> {
  try {
    await (await open(path)).close();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  const trouble = csv?.trouble ?? '';
  return / not there$/.test(trouble) ? '' : trouble;
}

async function away(path: string, code: string, last: number | null): Promise<Finding> {
  if (code === 'EACCES') return fault('cdr.csv', `cdrd's user may not read ${path}`, await readable(path));
  if (code !== 'ENOENT') return fault('cdr.csv', `${path} can't be read: ${code}`, await readable(path));
  if (last === null) return ok('cdr.csv', `${path} is not there yet: Asterisk makes it with the first call`);
  // Between a rotation and the next call it isn't.
  const rotated = (await filesOf(path).catch(() => [])).at(-1);
  if (rotated && last - rotated.mtimeMs / 1000 <= BEHIND_SECONDS)
    return ok('cdr.csv', `${path} has been rotated: Asterisk makes it anew with the next call`);
  return fault('cdr.csv', `${path} is not there, though there were calls: what cdrd misses is lost`, SETUP);
}

/** cdrd's user is to be in Asterisk's group, and the group may read. */
async function readable(path: string): Promise<string> {
  const folder = dirname(path);
  const isClosed = await Promise.all([stat(folder), stat(path)])
    .then(([above, file]) => (above.mode & 0o010) === 0 || (file.mode & 0o040) === 0 || file.gid !== above.gid)
    .catch(() => false);
  const groups = process.getgroups?.() ?? [];
  const group = await stat(folder).then(
    ({ gid }) => gid,
    () => null,
  );
  // A process keeps the groups that it was started with.
  if (!isClosed && group !== null && !groups.includes(group)) return inTurn('/usr/lib/cdrd/prepare', restartCdrd());
  return inTurn(
    `chgrp asterisk ${word(folder)} ${word(path)}`,
    `chmod g+rx ${word(folder)}`,
    `chmod g+r ${word(path)}`,
    restartCdrd(),
  );
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
