/**
 * Years of calls as Asterisk would have written them: office hours, few numbers that call often and many that call once,
 * one record a call or several (busy, ring group, queue). The same seed draws the same calls for ever.
 */
import type { Leg } from '../../storage/model/leg.ts';
import { type Random, seededRandom } from '../simulator/random.ts';

/** One call's records, in the order in which Asterisk writes them. */
export interface DrawnCall {
  readonly legs: readonly Leg[];
  /** What it was recorded into, relative to the recordings folder; null: it was not. */
  readonly recording: { readonly path: string; readonly seconds: number } | null;
}

export interface Sizes {
  readonly calls: number;
  /** Calls that are recorded, spread evenly. */
  readonly recordings: number;
}

/** The box's clock: UTC−08:00 the year round, as in the guide. */
const OFFSET = -28_800;
/** Of 1,000,000 calls, which begin on this day; fewer take fewer days, so that a day always has some 2,740. */
const YEAR = { first: Date.UTC(2021, 0, 1) / 86_400_000, days: 365, calls: 1_000_000 };
/** Some of it is in every history: the day that is asked about. */
const CENTRE = Date.UTC(2021, 5, 16) / 86_400_000;
/** What of a week's calls falls on each day, Sunday first, and of a day's on each hour. */
const WEEK = [0.3, 1.25, 1.3, 1.25, 1.3, 1.2, 0.4];
const DAY = [1, 1, 1, 1, 1, 2, 5, 20, 60, 95, 100, 95, 60, 70, 90, 95, 85, 60, 30, 15, 8, 5, 3, 2];
const EXTENSIONS = 250;
/** Numbers outside; the more often used ones come first. */
const OUTSIDE = 60_000;

/** @returns calls in order of their start. */
export function* drawHistory(seed: number, { calls, recordings }: Sizes): Generator<DrawnCall> {
  const random = seededRandom(seed);
  const people = Array.from({ length: OUTSIDE }, () => outsideNumber(random));
  let made = 0;
  let kept = 0;
  const { first, days } = spanOf(calls);
  for (let day = 0; day < days; day++) {
    const midnight = (first + day) * 86_400 - OFFSET;
    const share = weightOf(first, day + 1) / weightOf(first, days);
    const due = Math.round(calls * share) - made;
    const starts = Array.from({ length: due }, () => midnight + timeOfDay(random)).sort((a, b) => a - b);
    for (const start of starts) {
      made++;
      const call = drawCall({ random, people, start, number: made });
      // So many that at every moment the part of the recorded is what it shall be in the end.
      const record = call.talkSeconds > 0 && kept < (made / calls) * recordings;
      if (record) kept++;
      yield record ? recorded(call) : { legs: call.legs, recording: null };
    }
  }
}

/** Days since 1970 on the box's clock. */
function spanOf(calls: number): { readonly first: number; readonly days: number } {
  const days = Math.min(YEAR.days, Math.max(4, Math.round((YEAR.days * calls) / YEAR.calls)));
  return { first: Math.max(YEAR.first, CENTRE - Math.floor(days / 2)), days };
}

/** Of so many days, by their weekdays: 1970-01-01 was a Thursday. */
function weightOf(first: number, days: number): number {
  let sum = 0;
  for (let day = first; day < first + days; day++) sum += WEEK[(day + 4) % 7] ?? 0;
  return sum;
}

const DAY_SUM = DAY.reduce((a, b) => a + b, 0);

function timeOfDay(random: Random): number {
  let left = random.next() * DAY_SUM;
  let hour = 0;
  while (hour < 23 && left >= (DAY[hour] ?? 0)) left -= DAY[hour++] ?? 0;
  return hour * 3600 + random.whole(0, 3599);
}

/** The square of chance: of 60,000 numbers the first hundred make every 25th call. */
function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(items.length * random.next() ** 2)] as T;
}

function outsideNumber(random: Random): string {
  const digits = (count: number) => Array.from({ length: count }, () => random.whole(0, 9)).join('');
  const kind = random.next();
  if (kind < 0.3) return `+49${random.pick(['30', '40', '89', '171', '160'])}${digits(7)}`;
  if (kind < 0.9) return `0${random.pick(['30', '40', '89', '171', '160'])}${digits(random.whole(6, 8))}`;
  return `00${random.pick(['43', '41', '1', '44'])}${digits(9)}`;
}

interface Drawing {
  readonly random: Random;
  readonly people: readonly string[];
  readonly start: number;
  readonly number: number;
}

interface Talk {
  readonly legs: Leg[];
  /** 0: nobody answered. */
  readonly talkSeconds: number;
  readonly answer: number;
  readonly name: readonly [callType: string, trunk: string, src: string, dst: string];
}

const at = (epoch: number) => ({ epoch, offset: OFFSET });

function drawCall({ random, people, start, number }: Drawing): Talk {
  const extension = () => String(200 + Math.floor(EXTENSIONS * random.next() ** 2));
  const channel = (peer: string, index: number) => `SIP/${peer}-${(number * 8 + index).toString(16).padStart(8, '0')}`;
  const trunk = random.pick(['96', '96', '42']);
  const ring = random.whole(2, 25);
  const talk = Math.round(5 + 400 * random.next() ** 3);
  const uniqueId = `${start}.${number * 8}`;
  const record = (change: Partial<Leg>): Leg => ({
    accountCode: '',
    source: '',
    destination: '',
    destinationContext: 'from-internal',
    callerId: '',
    channel: '',
    destinationChannel: '',
    lastApplication: 'Dial',
    lastData: '',
    start: at(start),
    answer: at(start + ring),
    end: at(start + ring + talk),
    duration: ring + talk,
    billsec: talk,
    disposition: 'ANSWERED',
    amaFlags: 'DOCUMENTATION',
    uniqueId,
    userField: '',
    recordingFile: '',
    linkedId: uniqueId,
    sequence: number * 8,
    cidName: null,
    ivr: null,
    dialled: null,
    callType: null,
    talkStart: null,
    extra: [],
    ...change,
  });
  const missed = (disposition: Leg['disposition'], change: Partial<Leg>): Leg =>
    record({ answer: null, end: at(start + ring), duration: ring, billsec: 0, disposition, ...change });
  const numbered = (legs: readonly Leg[]): Leg[] =>
    legs.map((leg, index) => ({ ...leg, sequence: number * 8 + index }));
  const talked = (legs: readonly Leg[], name: Talk['name']): Talk => ({
    legs: numbered(legs),
    talkSeconds: talk,
    answer: start + ring,
    name,
  });
  const unanswered = (legs: readonly Leg[]): Talk => ({
    legs: numbered(legs),
    talkSeconds: 0,
    answer: 0,
    name: ['', '', '', ''],
  });

  const kind = random.next();
  if (kind < 0.5) {
    const source = extension();
    const inside = kind < 0.22;
    const destination = inside ? extension() : `9${oneOf(random, people).replace('+', '00')}`;
    const peer = inside ? destination : trunk;
    const own = {
      source,
      destination,
      callerId: `"${source}" <${source}>`,
      channel: channel(source, 0),
      destinationChannel: channel(peer, 1),
      lastData: `SIP/${peer}/${destination},30,TtKk`,
      accountCode: inside ? '' : `team${Number(source) % 7}`,
    };
    const fate = random.next();
    if (fate < 0.12)
      return unanswered([
        missed('NO ANSWER', own),
        missed('NO ANSWER', { ...own, destinationChannel: '', lastApplication: 'Hangup', lastData: '' }),
      ]);
    if (fate < 0.17)
      return unanswered([
        missed('BUSY', own),
        missed('BUSY', { ...own, destinationChannel: '', lastApplication: 'Hangup', lastData: '' }),
      ]);
    return talked([record(own)], [inside ? 'Internal' : 'Outbound', inside ? '' : trunk, source, destination]);
  }
  const source = oneOf(random, people);
  const answerer = extension();
  const name = `FROM${trunk}`;
  const inbound = { source, callerId: `"${name}-${source}" <${source}>`, channel: channel(trunk, 0), cidName: name };
  const to = (peer: string, index: number) => ({
    destinationChannel: channel(peer, index),
    lastData: `SIP/${peer},30,TtKk`,
  });
  if (kind < 0.72) {
    const own = { ...inbound, destination: answerer, ...to(answerer, 1) };
    return random.next() < 0.15
      ? unanswered([missed('NO ANSWER', own)])
      : talked([record(own)], ['Inbound', trunk, source, answerer]);
  }
  const group =
    kind < 0.84 ? `62${random.whole(0, 3)}` : kind < 0.93 ? `82${random.whole(0, 4)}` : `92${random.whole(0, 2)}`;
  const own = { ...inbound, destination: group, dialled: group, ...(group.startsWith('62') && { ivr: `IVR${group}` }) };
  const tries = group.startsWith('62') ? 0 : random.whole(1, 3);
  const legs = Array.from({ length: tries }, (_, index) =>
    missed('NO ANSWER', { ...own, ...to(extension(), index + 2) }),
  );
  return talked([...legs, record({ ...own, ...to(answerer, 1) })], ['Inbound', trunk, source, `${group}(${answerer})`]);
}

/** Names its file as our dialplan does, in the record of the talk. */
function recorded({ legs, talkSeconds, answer, name }: Talk): DrawnCall {
  const wall = new Date((answer + OFFSET) * 1000).toISOString();
  const day = wall.slice(0, 10).replaceAll('-', '');
  const time = wall.slice(11, 19).replaceAll(':', '');
  const path = `${day}/${day}-${time}-${answer}-${name.filter((part) => part !== '').join('-')}`;
  return {
    legs: legs.map((leg) => (leg.disposition === 'ANSWERED' ? { ...leg, recordingFile: path } : leg)),
    recording: { path: `${path}.wav`, seconds: talkSeconds },
  };
}
