/** Legs in the database: a record goes in exactly once, and comes out as it was. */
import type { LegMatch, StoredLeg } from '../model/identity.ts';
import type { Disposition, Leg, Moment } from '../model/leg.ts';
import type { Bind, Database, Row } from './database.ts';
import { packed } from './packed.ts';

/** Column and how it is taken from a leg, in one list, so that writing and reading can't drift apart. */
const COLUMNS: readonly (readonly [column: string, value: (leg: Leg) => Bind])[] = [
  ['accountcode', (leg) => leg.accountCode],
  ['source', (leg) => leg.source],
  ['destination', (leg) => leg.destination],
  ['context', (leg) => leg.destinationContext],
  ['callerid', (leg) => leg.callerId],
  ['channel', (leg) => leg.channel],
  ['dstchannel', (leg) => leg.destinationChannel],
  ['lastapp', (leg) => leg.lastApplication],
  ['lastdata', (leg) => leg.lastData],
  ['start_at', (leg) => leg.start.epoch],
  ['start_offset', (leg) => leg.start.offset],
  ['answer_at', (leg) => leg.answer?.epoch ?? null],
  ['answer_offset', (leg) => leg.answer?.offset ?? null],
  ['end_at', (leg) => leg.end.epoch],
  ['end_offset', (leg) => leg.end.offset],
  ['duration', (leg) => leg.duration],
  ['billsec', (leg) => leg.billsec],
  ['disposition', (leg) => leg.disposition],
  ['amaflags', (leg) => leg.amaFlags],
  ['uniqueid', (leg) => leg.uniqueId],
  ['userfield', (leg) => leg.userField],
  ['recordingfile', (leg) => leg.recordingFile],
  ['linkedid', (leg) => leg.linkedId],
  ['sequence', (leg) => leg.sequence],
  ['cidname', (leg) => leg.cidName],
  ['ivr', (leg) => leg.ivr],
  ['dialled', (leg) => leg.dialled],
  ['calltype', (leg) => leg.callType],
  ['talkstart', (leg) => leg.talkStart],
  ['extra', (leg) => (leg.extra.length > 0 ? JSON.stringify(leg.extra) : null)],
];

const NAMES = COLUMNS.map(([name]) => name);
const READ = packed(['id', 'call_group', 'sources', ...NAMES]);
const ORIGIN = ['ami_at', 'csv_file', 'csv_line', 'csv_position'];
const INSERT = `INSERT INTO leg (call_group, sources, ${[...ORIGIN, ...NAMES].join(', ')}) VALUES (?, ?, ${[...ORIGIN, ...NAMES].map(() => '?').join(', ')})`;
/** What a second source may add: none of it stands in an index, whose page would be written anew, changed or not. */
const ADDED = COLUMNS.filter(([name]) =>
  [
    'userfield',
    'recordingfile',
    'linkedid',
    'sequence',
    'cidname',
    'ivr',
    'dialled',
    'calltype',
    'talkstart',
    'extra',
  ].includes(name),
);
/** The origin of the first source stands beside that of the second. */
const MERGE = `UPDATE leg SET sources = ?, ${ORIGIN.map((name) => `${name} = coalesce(?, ${name})`).join(', ')}, ${ADDED.map(([name]) => `${name} = ?`).join(', ')} WHERE id = ?`;

/** End of the record that came last, epoch seconds; null: there is none. */
export function newestEnd(database: Database): number | null {
  const end = database.first('SELECT end_at FROM leg ORDER BY id DESC LIMIT 1')?.['end_at'];
  return end === undefined ? null : Number(end);
}

export function legById(database: Database, id: number): StoredLeg | null {
  const row = database.first(`SELECT ${READ.select} FROM leg WHERE id = ?`, [id]);
  return row ? toLeg(row) : null;
}

/** In any order; of those that have gone nothing is said. */
export function legsById(database: Database, ids: readonly number[]): StoredLeg[] {
  return database
    .all(`SELECT ${READ.select} FROM leg WHERE id IN (SELECT value FROM json_each(?))`, [JSON.stringify(ids)])
    .map(toLeg);
}

/**
 * All that an arriving record is compared with, in one look: legs of its UniqueID, and those of its key with the key's later
 * generations.
 */
export function legsNear(database: Database, uniqueId: string, key: string): StoredLeg[] {
  return database
    .all(
      `SELECT ${READ.select} FROM leg WHERE uniqueid = ? OR call_group = ? OR (call_group >= ? AND call_group < ?) ORDER BY id`,
      [uniqueId, key, `${key}#`, `${key}$`],
    )
    .map(toLeg);
}

export function legsOfUniqueId(database: Database, uniqueId: string): StoredLeg[] {
  return database.all(`SELECT ${READ.select} FROM leg WHERE uniqueid = ? ORDER BY id`, [uniqueId]).map(toLeg);
}

export function legsOfGroup(database: Database, group: string): StoredLeg[] {
  return database.all(`SELECT ${READ.select} FROM leg WHERE call_group = ? ORDER BY id`, [group]).map(toLeg);
}

/** Legs of a key and of its later generations (`KEY#2` …), for `groupOf`. */
export function legsOfKey(database: Database, key: string): StoredLeg[] {
  // '$' follows '#': the half-open interval takes `KEY#…` by the index, where LIKE would need escaping and a scan.
  return database
    .all(`SELECT ${READ.select} FROM leg WHERE call_group = ? OR (call_group >= ? AND call_group < ?) ORDER BY id`, [
      key,
      `${key}#`,
      `${key}$`,
    ])
    .map(toLeg);
}

/** The condition of the two indexes on a conference's channels, in their own words, so that they are used. */
const IN_ROOM = "disposition = 'ANSWERED' AND lastapp NOT IN ('Dial', 'Queue')";

/** Legs of other groups that may be a conference's pairs with these channels; `foldLegs` tells which are. */
export function legsNaming(database: Database, channels: readonly string[], group: string): StoredLeg[] {
  // One by one: few people are in a room, and a list of any length would be a statement of its own.
  return channels.flatMap((channel) =>
    database
      .all(`SELECT ${READ.select} FROM leg WHERE dstchannel = ? AND ${IN_ROOM} AND call_group <> ? ORDER BY id`, [
        channel,
        group,
      ])
      .map(toLeg),
  );
}

/** Groups of the conference legs of a channel. */
export function groupsOfRoomChannel(database: Database, channel: string): string[] {
  return database
    .all(`SELECT DISTINCT call_group FROM leg WHERE channel = ? AND ${IN_ROOM}`, [channel])
    .map((row) => String(row['call_group']));
}

/** @param origin null: nobody knows. @returns the new row's id. */
export function insertLeg(
  database: Database,
  group: string,
  sources: number,
  leg: Leg,
  origin: Origin | null = null,
): number {
  return database.run(INSERT, [group, sources, ...bindsOf(origin), ...COLUMNS.map(([, value]) => value(leg))]).id;
}

/** Both sources taken together. @param origin Of the second. */
export function mergeLeg(database: Database, { id, leg }: Extract<LegMatch, { kind: 'merge' }>, origin: Origin): void {
  database.run(MERGE, [leg.sources, ...bindsOf(origin), ...ADDED.map(([, value]) => value(leg)), id]);
}

/** Whether two records say the same, wherever they came from. */
export function sameLeg(a: Leg, b: Leg): boolean {
  return COLUMNS.every(([, value]) => value(a) === value(b));
}

/** As the store will give it back: SQLite's texts end at a NUL, so that they are kept without. */
export function storableLeg(leg: Leg): Leg {
  const fields = Object.entries(leg);
  if (!fields.some(([, value]) => typeof value === 'string' && value.includes('\0'))) return leg;
  const plain = (value: unknown) => (typeof value === 'string' ? value.replaceAll('\0', '') : value);
  return Object.fromEntries(fields.map(([name, value]) => [name, plain(value)])) as unknown as Leg;
}

/** Where a record came from: by AMI at a moment (epoch seconds), or from a line of a CDR CSV. */
export type Origin =
  | { readonly amiAt: number }
  | { readonly signature: string; readonly line: number; readonly offset: number };

/** In the order of {@link ORIGIN}. */
function bindsOf(origin: Origin | null): Bind[] {
  if (origin === null) return [null, null, null, null];
  return 'amiAt' in origin ? [origin.amiAt, null, null, null] : [null, origin.signature, origin.line, origin.offset];
}

/** @param groups A JSON list. */
export function legsOfGroups(database: Database, groups: string): StoredLeg[] {
  return database
    .all(`SELECT ${READ.select} FROM leg WHERE call_group IN (SELECT value FROM json_each(?)) ORDER BY id`, [groups])
    .map(toLeg);
}

/** @param groups A JSON list. */
export function eraseLegs(database: Database, groups: string): void {
  database.run('DELETE FROM leg WHERE call_group IN (SELECT value FROM json_each(?))', [groups]);
}

/** The leg belongs to another call than was thought. */
export function moveLeg(database: Database, id: number, group: string): void {
  database.run('UPDATE leg SET call_group = ? WHERE id = ?', [group, id]);
}

function toLeg(read: Row): StoredLeg {
  const row = READ.unpack(read);
  const text = (name: string) => String(row[name]);
  const textOrNull = (name: string) => (row[name] === null ? null : String(row[name]));
  const numberOrNull = (name: string) => (row[name] === null ? null : Number(row[name]));
  const moment = (name: string): Moment => ({
    epoch: Number(row[`${name}_at`]),
    offset: Number(row[`${name}_offset`]),
  });
  return {
    id: Number(row['id']),
    group: text('call_group'),
    sources: Number(row['sources']),
    accountCode: text('accountcode'),
    source: text('source'),
    destination: text('destination'),
    destinationContext: text('context'),
    callerId: text('callerid'),
    channel: text('channel'),
    destinationChannel: text('dstchannel'),
    lastApplication: text('lastapp'),
    lastData: text('lastdata'),
    start: moment('start'),
    answer: row['answer_at'] === null ? null : moment('answer'),
    end: moment('end'),
    duration: Number(row['duration']),
    billsec: Number(row['billsec']),
    disposition: text('disposition') as Disposition,
    amaFlags: text('amaflags'),
    uniqueId: text('uniqueid'),
    userField: text('userfield'),
    recordingFile: text('recordingfile'),
    linkedId: textOrNull('linkedid'),
    sequence: numberOrNull('sequence'),
    cidName: textOrNull('cidname'),
    ivr: textOrNull('ivr'),
    dialled: textOrNull('dialled'),
    callType: textOrNull('calltype'),
    talkStart: numberOrNull('talkstart'),
    extra: row['extra'] === null ? [] : (JSON.parse(text('extra')) as [string, string][]),
  };
}
