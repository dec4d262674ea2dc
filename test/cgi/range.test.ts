/** The date range: today, open sides, and days of 23 and 25 hours. */
import { describe, expect, test } from 'vitest';
import { dateRange, epochBounds } from '../../cgi/range.ts';
import { parseLocal, zone } from '../../storage/model/local-time.ts';

const utc = (text: string) => Date.parse(text) / 1000;
const time = (text: string) => ({ text, wall: parseLocal(text) ?? Number.NaN });
const berlin = zone('Europe/Berlin');

/** What "nothing given" means at a moment, as text and as moments. */
function today(name: string, now: string) {
  const range = dateRange({}, zone(name), utc(now));
  const { from = Number.NaN, to = Number.NaN } = epochBounds(range.wall, zone(name));
  return [range.startdate, range.enddate, from, to, to - from + 1];
}

describe('today', () => {
  test.each([
    ['Etc/GMT+8', '2021-05-07T20:00:00Z', '2021-05-07', '2021-05-07T08:00:00Z', 24],
    ['Etc/GMT+8', '2021-05-07T07:59:59Z', '2021-05-06', '2021-05-06T08:00:00Z', 24],
    ['Etc/GMT+8', '2021-05-07T08:00:00Z', '2021-05-07', '2021-05-07T08:00:00Z', 24],
    ['Asia/Kathmandu', '2021-05-06T18:15:00Z', '2021-05-07', '2021-05-06T18:15:00Z', 24],
    ['Europe/Berlin', '2021-03-28T00:30:00Z', '2021-03-28', '2021-03-27T23:00:00Z', 23],
    ['Europe/Berlin', '2021-03-28T21:59:59Z', '2021-03-28', '2021-03-27T23:00:00Z', 23],
    ['Europe/Berlin', '2021-10-30T22:00:00Z', '2021-10-31', '2021-10-30T22:00:00Z', 25],
    ['Europe/Berlin', '2021-10-31T22:59:59Z', '2021-10-31', '2021-10-30T22:00:00Z', 25],
    // Here midnight itself is skipped, or comes twice.
    ['America/Asuncion', '2023-10-01T12:00:00Z', '2023-10-01', '2023-10-01T04:00:00Z', 23],
    ['America/Havana', '2021-11-07T12:00:00Z', '2021-11-07', '2021-11-07T04:00:00Z', 25],
  ])('%s at %s is all of %s', (name, now, day, begin, hours) => {
    expect(today(name, now)).toEqual([
      `${day} 00:00`,
      `${day} 23:59`,
      utc(begin),
      utc(begin) + hours * 3600 - 1,
      hours * 3600,
    ]);
  });
});

describe('a range', () => {
  const range = (startdate: string | null, enddate: string | null) =>
    dateRange(
      { ...(startdate && { startdate: time(startdate) }), ...(enddate && { enddate: time(enddate) }) },
      berlin,
      utc('2021-05-07T20:00:00Z'),
    );

  test('may be open on either side, and repeats what was sent', () => {
    expect(range('2021-05-07 00:00:00', null)).toEqual({
      startdate: '2021-05-07 00:00:00',
      enddate: '',
      wall: { from: utc('2021-05-07T00:00:00Z') },
    });
    const before = range(null, '2021-05-07 23:59:59');
    expect(before).toMatchObject({ startdate: '', wall: { to: utc('2021-05-07T23:59:59Z') } });
    expect(epochBounds(before.wall, berlin)).toEqual({ to: utc('2021-05-07T21:59:59Z') });
  });

  test('of one moment is a range, upside down it is a fault', () => {
    expect(range('2021-05-07 12:00:00', '2021-05-07 12:00:00').wall).toEqual({
      from: utc('2021-05-07T12:00:00Z'),
      to: utc('2021-05-07T12:00:00Z'),
    });
    expect(() => range('2021-05-07 12:00:01', '2021-05-07 12:00:00')).toThrow('startdate is after enddate');
  });

  test('within the hour that comes twice takes both, from its first to its second', () => {
    expect(epochBounds(range('2021-10-31 02:15:00', '2021-10-31 02:15:59').wall, berlin)).toEqual({
      from: utc('2021-10-31T00:15:00Z'),
      to: utc('2021-10-31T01:15:59Z'),
    });
  });

  test('within the hour that is skipped lies after it', () => {
    expect(epochBounds(range('2021-03-28 02:15:00', '2021-03-28 02:45:00').wall, berlin)).toEqual({
      from: utc('2021-03-28T01:15:00Z'),
      to: utc('2021-03-28T01:45:00Z'),
    });
  });
});
