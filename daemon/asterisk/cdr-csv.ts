/**
 * A line of a CDR CSV as a leg. Three layouts are known by their number of columns: Master.csv with UniqueID and UserField
 * (17 or 18), the same with `newcdrcolumns` (20 or 21: PeerAccount, LinkedID, Sequence at the end), and ours of
 * etc/asterisk/cdr_custom.conf (27); a fourth by its first line: a dump of the table `cdr` of FreePBX, with names.
 * Sources: asterisk cdr/cdr_csv.c build_csv_record, cdr/cdr_custom.c, cdr/cdr_adaptive_odbc.c.
 */
import { DISPOSITIONS, type Leg, type Moment } from '../../storage/model/leg.ts';
import { LATEST_EPOCH, parseLocal, resolveLocal, uniqueIdEpoch, type Zone } from '../../storage/model/local-time.ts';

/** A line that is no record; its message says why, for the person who looks at the lines kept aside. */
export class CsvLineError extends Error {
  override readonly name = 'CsvLineError';
}

/** Columns that every layout begins with. */
const COMMON = 17;
const OURS = 27;
/** Columns behind the common ones, by the number of columns. */
const TAILS: Readonly<Record<number, readonly Tail[]>> = {
  17: [],
  18: ['userField'],
  20: ['peerAccount', 'linkedId', 'sequence'],
  21: ['userField', 'peerAccount', 'linkedId', 'sequence'],
  [OURS]: [
    ...(['userField', 'recordingFile', 'cidName', 'ivr', 'dialled', 'callType', 'talkStart'] as const),
    ...(['linkedId', 'sequence', 'peerAccount'] as const),
  ],
};
type Tail =
  | 'userField'
  | 'recordingFile'
  | 'cidName'
  | 'ivr'
  | 'dialled'
  | 'callType'
  | 'talkStart'
  | 'linkedId'
  | 'sequence'
  | 'peerAccount';

/**
 * Splits a line into its fields: quoted with `""` for a quote inside, or bare.
 * @throws {CsvLineError} when quotes don't pair up: the line was cut or overwritten.
 */
export function splitCsvLine(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let field = '';
      for (let from = at + 1; ; from = at + 1) {
        at = line.indexOf('"', from);
        if (at < 0) throw new CsvLineError(`field ${fields.length + 1} has no closing quote`);
        field += line.slice(from, at);
        at++;
        if (line[at] !== '"') break;
        field += '"';
      }
      fields.push(field);
      if (at < line.length && line[at] !== ',')
        throw new CsvLineError(`something stands behind the closing quote of field ${fields.length}`);
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      fields.push(line.slice(at, end));
      at = end;
    }
    if (at >= line.length) return fields;
    at++;
  }
}

/**
 * Reads one line.
 * @param zone The box's zone. A Master.csv in GMT (`usegmtime=yes`) is found out by the epoch in UniqueID.
 * @throws {CsvLineError}
 */
export function legOfCsvLine(line: string, zone: Zone): Leg {
  const fields = splitCsvLine(line);
  const tails = TAILS[fields.length];
  if (!tails) throw new CsvLineError(`${fields.length} columns: neither Master.csv with UniqueID nor cdrd's own`);
  const text = (column: number) => fields[column] ?? '';
  const uniqueId = text(16);
  if (!uniqueId) throw new CsvLineError('no UniqueID');
  const tail = (name: Tail) => {
    const index = tails.indexOf(name);
    return index < 0 ? '' : text(COMMON + index);
  };
  const whole = (value: string) => (/^\d{1,15}$/.test(value) ? Number(value) : null);
  const disposition = DISPOSITIONS.find((known) => known === text(14).toUpperCase()) ?? 'FAILED';
  const peerAccount = tail('peerAccount');
  return {
    accountCode: text(0),
    source: text(1),
    destination: text(2),
    destinationContext: text(3),
    callerId: text(4),
    channel: text(5),
    destinationChannel: text(6),
    lastApplication: text(7),
    lastData: text(8),
    ...times(fields, zone),
    duration: whole(text(12)) ?? 0,
    billsec: whole(text(13)) ?? 0,
    disposition,
    amaFlags: text(15),
    uniqueId,
    userField: tail('userField'),
    recordingFile: tail('recordingFile'),
    linkedId: tail('linkedId') || null,
    sequence: whole(tail('sequence')),
    cidName: tail('cidName') || null,
    ivr: tail('ivr') || null,
    dialled: tail('dialled') || null,
    callType: tail('callType') || null,
    talkStart: whole(tail('talkStart')),
    extra: peerAccount ? [['PeerAccount', peerAccount]] : [],
  };
}

/** Reads one line; null: it's the line of names. @throws {CsvLineError} */
export type LineReader = (line: string) => Leg | null;

/**
 * The reader for a file, by its first line.
 * @param first May be the names of a table's columns; else it is a record.
 */
export function lineReader(first: string, zone: Zone): LineReader {
  let names: string[];
  try {
    names = splitCsvLine(first).map((name) => name.trim().toLowerCase());
  } catch {
    names = [];
  }
  if (!['calldate', 'uniqueid', 'channel', 'disposition'].every((name) => names.includes(name)))
    return (line) => legOfCsvLine(line, zone);
  return (line) => (line === first ? null : legOfTableRow(names, line, zone));
}

/** A row of the table `cdr`: it has the start in the box's zone and two lengths, the other moments follow from them. */
function legOfTableRow(names: readonly string[], line: string, zone: Zone): Leg {
  const fields = splitCsvLine(line);
  if (fields.length !== names.length) throw new CsvLineError(`${fields.length} columns under ${names.length} names`);
  const text = (name: string) => {
    const value = fields[names.indexOf(name)] ?? '';
    return value === '\\N' || value === 'NULL' ? '' : value;
  };
  const whole = (name: string) => (/^\d{1,15}$/.test(text(name)) ? Number(text(name)) : null);
  const uniqueId = text('uniqueid');
  const wall = parseLocal(text('calldate'));
  if (!uniqueId) throw new CsvLineError('no UniqueID');
  if (wall === null) throw new CsvLineError(`calldate is not a time: ${text('calldate')}`);
  const start = resolveLocal(wall, zone, uniqueIdEpoch(uniqueId) ?? undefined);
  const [duration, billsec] = [whole('duration') ?? 0, whole('billsec') ?? 0];
  const after = (seconds: number): Moment => {
    const epoch = start.epoch + seconds;
    if (epoch > LATEST_EPOCH) throw new CsvLineError(`duration is no length of a call: ${text('duration')}`);
    return { epoch, offset: zone.offsetAt(epoch) };
  };
  const disposition = DISPOSITIONS.find((known) => known === text('disposition').toUpperCase()) ?? 'FAILED';
  return {
    accountCode: text('accountcode'),
    source: text('src'),
    destination: text('dst'),
    destinationContext: text('dcontext'),
    callerId: text('clid'),
    channel: text('channel'),
    destinationChannel: text('dstchannel'),
    lastApplication: text('lastapp'),
    lastData: text('lastdata'),
    start,
    answer: disposition === 'ANSWERED' ? after(Math.max(0, duration - billsec)) : null,
    end: after(duration),
    duration,
    billsec,
    disposition,
    amaFlags: text('amaflags'),
    uniqueId,
    userField: text('userfield'),
    recordingFile: text('recordingfile'),
    linkedId: text('linkedid') || null,
    sequence: whole('sequence'),
    cidName: null,
    ivr: null,
    dialled: null,
    callType: null,
    talkStart: null,
    extra: ['peeraccount', 'did', 'cnam'].flatMap((name) => (text(name) ? [[name, text(name)] as const] : [])),
  };
}

interface Times {
  readonly start: Moment;
  readonly answer: Moment | null;
  readonly end: Moment;
}

function times(fields: readonly string[], zone: Zone): Times {
  const [start = '', answer = '', end = ''] = fields.slice(9, 12);
  const near = uniqueIdEpoch(fields[16] ?? '');
  const read = fields.length === OURS ? epochReader(zone) : wallReader(start, near, zone);
  const begun = read(start, 'start', near);
  const ended = read(end, 'end', begun && begun.epoch + Number(fields[12]));
  if (!begun || !ended) throw new CsvLineError(`no ${begun ? 'end' : 'start'}`);
  return { start: begun, answer: read(answer, 'answer', begun.epoch), end: ended };
}

type Reader = (text: string, name: string, near: number | null) => Moment | null;

/** Epoch seconds with decimals; `0.000000` is none. Cut, not rounded, as AMI's texts are. */
function epochReader(zone: Zone): Reader {
  return (text, name) => {
    if (text === '' || /^0(\.0*)?$/.test(text)) return null;
    if (!/^\d{1,11}(\.\d+)?$/.test(text)) throw new CsvLineError(`${name} is not an epoch: ${text}`);
    const epoch = Math.floor(Number(text));
    return { epoch, offset: zone.offsetAt(epoch) };
  };
}

/** Local text, or GMT where the UniqueID says so: its epoch is the moment the channel was made. */
function wallReader(start: string, uniqueId: number | null, zone: Zone): Reader {
  const wall = parseLocal(start);
  const gmt =
    wall !== null &&
    uniqueId !== null &&
    Math.abs(wall - uniqueId) < Math.abs(resolveLocal(wall, zone, uniqueId).epoch - uniqueId);
  return (text, name, near) => {
    if (text === '') return null;
    const at = parseLocal(text);
    if (at === null) throw new CsvLineError(`${name} is not a time: ${text}`);
    // What the clock of the box showed is what a report shows, also where the file is in GMT.
    return gmt ? { epoch: at, offset: zone.offsetAt(at) } : resolveLocal(at, zone, near ?? undefined);
  };
}
