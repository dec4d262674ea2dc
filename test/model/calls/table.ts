/**
 * Text tables of calls: Asterisk's records above, the report's rows below, columns as a person reads them. A column that a
 * table leaves out has its usual value. Times are of the file's `day` in its `zone`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { CallRow } from '../../../storage/model/call.ts';
import type { Disposition, Leg, Moment } from '../../../storage/model/leg.ts';
import { parseLocal, resolveLocal, zone } from '../../../storage/model/local-time.ts';

export const RECORDINGS = '/media/usbStorage/monitor';

export interface TableCase {
  /** File and heading. */
  readonly title: string;
  /** The capture below test/asterisk-side/cdr whose records these are; '' = written by hand. */
  readonly capture: string;
  readonly legs: readonly Leg[];
  readonly rows: readonly CallRow[];
}

type Cells = ReadonlyMap<string, string>;

/** Every case of every `.txt` in this folder. Throws for a table that can't be read: a silent gap would test nothing. */
export function tableCases(): TableCase[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) => casesOf(name, readFileSync(new URL(name, import.meta.url), 'utf8')));
}

function casesOf(file: string, text: string): TableCase[] {
  const [head = '', ...sections] = text.split(/^== /m);
  const setting = (name: string) => new RegExp(`^${name} (\\S+)$`, 'm').exec(head)?.[1] ?? '';
  const clock = clockOf(setting('day'), setting('zone'));
  const folder = setting('captures');
  return sections.map((section) => {
    const [title = '', ...lines] = section.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const arrow = lines.indexOf('->');
    if (arrow < 0) throw new Error(`${file}: ${title}: no line "->"`);
    const name = /^(\w+):/.exec(title)?.[1] ?? '';
    return {
      title: `${file}: ${title}`,
      capture: folder && name ? `${folder}/${name}.ami` : '',
      legs: cellsOf(lines.slice(0, arrow)).map((cells) => legOf(cells, clock)),
      rows: cellsOf(lines.slice(arrow + 1)).map((cells) => rowOf(cells, clock)),
    };
  });
}

function cellsOf([header = '', ...lines]: readonly string[]): Cells[] {
  const split = (line: string) => line.split('|').map((cell) => cell.trim());
  const names = split(header);
  return lines.map((line) => {
    const cells = split(line);
    if (cells.length !== names.length) throw new Error(`${cells.length} cells for ${names.length} columns: ${line}`);
    return new Map(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

type Clock = (text: string) => Moment;

function clockOf(day: string, zoneName: string): Clock {
  const there = zone(zoneName);
  return (text) => {
    const wall = parseLocal(`${day} ${text}`);
    if (wall === null) throw new Error(`${text} is not a time`);
    return resolveLocal(wall, there);
  };
}

function reader(cells: Cells, known: readonly string[]) {
  for (const name of cells.keys()) if (!known.includes(name)) throw new Error(`no column ${name}`);
  const text = (name: string, otherwise = '') => cells.get(name) ?? otherwise;
  const number = (name: string, otherwise: number) => {
    const value = Number(cells.get(name) || otherwise);
    if (!Number.isInteger(value)) throw new Error(`${name} is not a number: ${cells.get(name)}`);
    return value;
  };
  return { text, number };
}

const LEG_COLUMNS = [
  ...['src', 'dst', 'callerid', 'channel', 'dstchannel', 'app', 'start', 'answer', 'end', 'dur', 'bill', 'outcome'],
  ...['uniqueid', 'linkedid', 'seq', 'userfield', 'recording', 'prefix', 'ivr', 'dialled', 'calltype', 'talkstart'],
];

function legOf(cells: Cells, at: Clock): Leg {
  const { text, number } = reader(cells, LEG_COLUMNS);
  const start = at(text('start'));
  const end = at(text('end'));
  const answer = text('answer') ? at(text('answer')) : null;
  const talkStart = text('talkstart');
  return {
    accountCode: '',
    source: text('src'),
    destination: text('dst'),
    destinationContext: '',
    callerId: text('callerid', `"${text('src')}" <${text('src')}>`),
    channel: text('channel'),
    destinationChannel: text('dstchannel'),
    lastApplication: text('app', 'Dial'),
    lastData: '',
    start,
    answer,
    end,
    duration: number('dur', end.epoch - start.epoch),
    billsec: number('bill', answer ? end.epoch - answer.epoch : 0),
    disposition: text('outcome', 'ANSWERED') as Disposition,
    amaFlags: 'DOCUMENTATION',
    uniqueId: text('uniqueid', '1.0'),
    userField: text('userfield'),
    recordingFile: text('recording') ? `${RECORDINGS}/${text('recording')}` : '',
    linkedId: text('linkedid', text('uniqueid', '1.0')) || null,
    sequence: number('seq', 0),
    cidName: text('prefix') || null,
    ivr: text('ivr') || null,
    dialled: text('dialled') || null,
    callType: text('calltype') || null,
    talkStart: talkStart ? at(talkStart).epoch : null,
    extra: [],
  };
}

const ROW_COLUMNS = [
  ...['start', 'answer', 'end', 'src', 'dst', 'srctrunk', 'dsttrunk', 'port', 'duration', 'billsec', 'outcome'],
  ...['direction', 'cidname', 'ivr', 'uniqueid', 'recording'],
];

function rowOf(cells: Cells, at: Clock): CallRow {
  const { text, number } = reader(cells, ROW_COLUMNS);
  return {
    start: at(text('start')),
    answer: text('answer') ? at(text('answer')).epoch : null,
    end: at(text('end')),
    src: text('src'),
    dst: text('dst'),
    srcTrunk: text('srctrunk'),
    dstTrunk: text('dsttrunk'),
    port: number('port', 0),
    duration: number('duration', 0),
    billsec: number('billsec', 0),
    disposition: text('outcome') as Disposition,
    callType: text('direction') as CallRow['callType'],
    accountCode: '',
    cidName: text('cidname'),
    ivr: text('ivr'),
    uniqueId: text('uniqueid', '1.0'),
    recording: text('recording') ? `${text('recording')}.wav` : '',
  };
}
