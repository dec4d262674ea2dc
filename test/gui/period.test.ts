/** Times to filter by, by the box's clock: periods that move along, from and to, ever. */
import { describe, expect, test } from 'vitest';
import { datesAsked, datesOf } from '../../cgi/gui/parts/period.ts';

const at = (text: string) => new Date(`${text.replace(' ', 'T')}Z`);

describe('a period', () => {
  test.each([
    ['today', '2026-11-27 00:00', '2026-11-27 23:59'],
    ['yesterday', '2026-11-26 00:00', '2026-11-26 23:59'],
    ['week', '2026-11-23 00:00', '2026-11-27 23:59'],
    ['month', '2026-11-01 00:00', '2026-11-27 23:59'],
    ['7days', '2026-11-21 00:00', '2026-11-27 23:59'],
    ['30days', '2026-10-29 00:00', '2026-11-27 23:59'],
  ] as const)('%s is from %s to %s', (period, startdate, enddate) => {
    expect(datesOf(period, at('2026-11-27 00:30:00'))).toEqual({ startdate, enddate });
  });

  test('week begins on Monday, on Mondays and Sundays too, and before the new year', () => {
    expect(datesOf('week', at('2026-11-23 00:00:00')).startdate).toBe('2026-11-23 00:00');
    expect(datesOf('week', at('2026-11-29 23:59:59')).startdate).toBe('2026-11-23 00:00');
    expect(datesOf('week', at('2026-01-01 12:00:00')).startdate).toBe('2025-12-29 00:00');
    expect(datesOf('month', at('2026-03-01 00:00:00')).startdate).toBe('2026-03-01 00:00');
  });
});

test('the address bar: a period before dates, dates as they are, ever where there is nothing that is understood', () => {
  const asked = (query: string) => datesAsked(new URLSearchParams(query), at('2026-11-27 00:30:00'));
  expect(asked('period=today&startdate=2020-01-01 00:00').startdate).toBe('2026-11-27 00:00');
  expect(asked('startdate=2020-01-01 00:00')).toEqual({ startdate: '2020-01-01 00:00', enddate: '' });
  expect(asked('enddate=2020-01-01 00:00')).toEqual({ startdate: '', enddate: '2020-01-01 00:00' });
  expect(asked('period=century')).toEqual({ startdate: '1900-01-01 00:00', enddate: '' });
  expect(asked('')).toEqual({ startdate: '1900-01-01 00:00', enddate: '' });
});
