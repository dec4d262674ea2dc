/** Who waits to be called back: tables of calls, newest last as they happened, and whom the list shows of them. */
import { describe, expect, test } from 'vitest';
import {
  callerKey,
  gatherMissed,
  isMissed,
  isTalk,
  type MissedTry,
  outsideNumber,
  sameNumber,
} from '../../storage/model/missed.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { type TableCall, waitingOf } from '../support/missed-table.ts';

const plan = numberPlan(GUIDE_NUMBERING);

/** `in 0791234567 > 204 NO ANSWER`, `out 204 > 90791234567 ANSWERED`; `*` behind it: ticked off. */
const calls = (lines: string): TableCall[] =>
  lines
    .trim()
    .split('\n')
    .map((line, index) => {
      const [, kind = '', src = '', dst = '', disposition = '', tick = ''] =
        /^\s*(\w+) (\S*) ?> (\S+) ([A-Z ]+?)(?: (\*))?$/.exec(line) ?? [];
      const callType = { in: 'Inbound', out: 'Outbound', back: 'CallBack', inside: 'Internal' }[kind];
      if (!callType) throw new Error(line);
      return {
        at: index,
        callType,
        src,
        dst,
        srcTrunk: kind === 'in' ? '96' : '',
        disposition,
        processed: tick !== '',
      } as TableCall;
    });

/** The rule as it is said, over all calls at once. @returns `NUMBER×TRIES`, newest first. */
const shown = (lines: string) => waitingOf(calls(lines), plan).map(({ last, tries }) => `${last.src}×${tries}`);

describe('who waits', () => {
  test.each([
    ['one who was not answered', 'in 0791234567 > 204 NO ANSWER', ['0791234567×1']],
    [
      'busy and failed are not answered either',
      'in 1234567 > 204 BUSY\nin 7654321 > 204 FAILED',
      ['7654321×1', '1234567×1'],
    ],
    ['several tries are one row', 'in 0791234567 > 204 NO ANSWER\nin 0791234567 > 204 BUSY', ['0791234567×2']],
    ['answered later: nobody', 'in 0791234567 > 204 NO ANSWER\nin 0791234567 > 205 ANSWERED', []],
    ['answered before: still he', 'in 0791234567 > 205 ANSWERED\nin 0791234567 > 204 NO ANSWER', ['0791234567×1']],
    ['called back and reached', 'in 0791234567 > 204 NO ANSWER\nout 204 > 0791234567 ANSWERED', []],
    ['called back in vain', 'in 0791234567 > 204 NO ANSWER\nout 204 > 0791234567 NO ANSWER', ['0791234567×1']],
    ['by the box itself', 'in 0791234567 > 204 NO ANSWER\nback 204 > 0791234567 ANSWERED', []],
    ['with a prefix for the line', 'in 0791234567 > 204 NO ANSWER\nout 204 > 90791234567 ANSWERED', []],
    ['from abroad, as at home', 'in +41791234567 > 204 NO ANSWER\nout 204 > 00791234567 ANSWERED', []],
    ['a local number with a prefix', 'in 5551234 > 204 NO ANSWER\nout 204 > 95551234 ANSWERED', []],
    ['another who was called', 'in 0791234567 > 204 NO ANSWER\nout 204 > 0797654321 ANSWERED', ['0791234567×1']],
    ['the IVR alone reached nobody', 'in 0791234567 > 204 NO ANSWER\nin 0791234567 > 620 ANSWERED', ['0791234567×1']],
    ['behind the IVR somebody did', 'in 0791234567 > 204 NO ANSWER\nin 0791234567 > 620(202) ANSWERED', []],
    [
      'tries before a talk are over',
      'in 0791234567 > 204 BUSY\nin 0791234567 > 204 ANSWERED\nin 0791234567 > 204 BUSY',
      ['0791234567×1'],
    ],
    ['ticked off', 'in 0791234567 > 204 BUSY\nin 0791234567 > 204 BUSY *', []],
    [
      'and calls again',
      'in 0791234567 > 204 BUSY\nin 0791234567 > 204 BUSY *\nin 0791234567 > 204 BUSY',
      ['0791234567×1'],
    ],
    ['no number: one row that only a tick settles', 'in  > 204 BUSY\nin  > 204 BUSY\nin  > 204 ANSWERED', ['×2']],
    ['calls inside are nobody’s', 'inside 205 > 204 NO ANSWER', []],
    ['short numbers are compared whole', 'in 110 > 204 BUSY\nout 204 > 9110 ANSWERED', ['110×1']],
  ])('%s', (_, lines, expected) => {
    expect(shown(lines)).toEqual(expected);
  });
});

test('a ticked caller is told with the tries that the tick covers', () => {
  const gathered = gatherMissed<MissedTry & { readonly at: number }>();
  const missed = { src: '0791234567', processed: false, returned: false };
  gathered.add({ ...missed, at: 4, processed: true });
  gathered.add({ ...missed, at: 3 });
  gathered.add({ ...missed, at: 2, returned: true });
  gathered.add({ ...missed, at: 1 });
  expect(gathered.waiting()).toEqual([]);
  expect(gathered.tickedOff()).toMatchObject([{ tries: 2, last: { at: 4 }, first: { at: 3 } }]);
});

test('numbers of one subscriber', () => {
  expect(sameNumber('+41 79 123 45 67', '0041791234567')).toBe(true);
  expect(sameNumber('12345678', '912345678')).toBe(true);
  expect(sameNumber('5551234', '3055551234')).toBe(true);
  expect(sameNumber('123456', '9123456')).toBe(false);
  expect(sameNumber('123456', '123456')).toBe(true);
  expect(sameNumber('', '')).toBe(false);
  expect(sameNumber('anonymous', 'anonymous')).toBe(false);
  expect(callerKey('+41791234567')).toBe(callerKey('0791234567'));
});

test('what is missed, and what is a talk', () => {
  const call = { src: '1', dst: '2', srcTrunk: '', disposition: 'ANSWERED' } as const;
  expect(isMissed({ callType: 'Inbound', disposition: 'CONGESTION' })).toBe(true);
  expect(isMissed({ callType: 'Outbound', disposition: 'BUSY' })).toBe(false);
  expect(isTalk({ ...call, callType: 'Conference' }, plan)).toBe(false);
  expect(isTalk({ ...call, callType: 'Outbound', dst: '620' }, plan)).toBe(true); // a number outside, whatever ours mean
  expect(outsideNumber({ ...call, callType: 'CallBack', srcTrunk: '96' })).toBe('1');
});
