/** The list of calls that the page Live keeps, and how long it waits before it tries to reach the box again. */
import { expect, test } from 'vitest';
import type { LiveRow } from '../../cgi/contract.ts';
import { backoff } from '../../cgi/gui/live/backoff.ts';
import { heard, NOTHING, without } from '../../cgi/gui/live/calls.ts';

const row = (id: string, since: number, change: Partial<LiveRow> = {}): LiveRow => ({
  ...{
    id,
    since,
    calldate: '',
    src: '201',
    srcname: '',
    contact: '',
    groupname: '',
    dst: '202',
    channel: '',
    dstchannel: '',
    userfield: 'Internal',
  },
  ...{ state: 'ringing', talking: null, recording: 'off', port: 0 },
  ...change,
});
const ids = (shown: typeof NOTHING) => shown.calls.map(({ id, state, over }) => `${id} ${over ? 'over' : state}`);

test('calls come in order of their beginning, change in their place, and go a moment after their end', () => {
  let shown = heard(NOTHING, { asterisk: 'up', json_array_live: [row('b', 20)] });
  shown = heard(shown, { call: row('c', 30) });
  shown = heard(shown, { call: row('a', 10) });
  shown = heard(shown, { call: row('b', 20, { state: 'up' }) });
  expect(ids(shown)).toEqual(['a ringing', 'b up', 'c ringing']);
  shown = heard(shown, { ended: 'b' });
  expect(ids(shown)).toEqual(['a ringing', 'b over', 'c ringing']);
  expect(ids(without(shown, 'b'))).toEqual(['a ringing', 'c ringing']);
  // It has come back meanwhile: a UniqueID that Asterisk gave anew.
  expect(ids(without(heard(shown, { call: row('b', 40) }), 'b'))).toEqual(['a ringing', 'c ringing', 'b ringing']);
});

test('Asterisk away: nothing is known; back: what it tells then', () => {
  const some = heard(NOTHING, { asterisk: 'up', json_array_live: [row('a', 1)] });
  const away = heard(some, { asterisk: 'down' });
  expect(away).toEqual({ asterisk: 'down', calls: [] });
  expect(heard(away, { now: 1 })).toBe(away);
  expect(ids(heard(away, { asterisk: 'up', json_array_live: [row('b', 2)] }))).toEqual(['b ringing']);
});

test('tries grow rarer, and never rarer than two a minute', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 99].map(backoff)).toEqual([1, 2, 4, 8, 15, 30, 30, 30]);
});
