/** When a change is told: by tables of looks, a second each. `.` is well, `x` bad, `?` not known. */
import { describe, expect, test } from 'vitest';
import { type BoxState, conditionsOf } from '../../daemon/alarm/condition.ts';
import { createDamping } from '../../daemon/alarm/damping.ts';
import { saying } from '../../daemon/alarm/message.ts';

const LIMITS = { unsteadyChanges: 6, unsteadyMs: 60_000 };
const AFTER_MS = 3_000;

const condition = (sign: string) => ({
  ...({ id: 'medium_gone', kind: 'medium_gone', disk: null, why: '' } as const),
  bad: sign === '?' ? null : sign === 'x',
});

/** What is told at which second. */
function played(looks: string, told: readonly string[] = []) {
  const damping = createDamping(LIMITS, told);
  return [...looks.replaceAll(' ', '')].flatMap((sign, second) =>
    damping
      .look([condition(sign)], second * 1000, AFTER_MS)
      .map(({ bad, unsteady }) => `${second} ${bad ? 'bad' : 'well'}${unsteady ? ' unsteady' : ''}`),
  );
}

describe('a change', () => {
  test.each([
    ['never, while all is well', '..........', []],
    ['once it has lasted', '..xxxxxxxx', ['5 bad']],
    ['and so is its end', '..xxxxxx....', ['5 bad', '11 well']],
    ['not when it was over before', '..xx....xx....', []],
    ['from the start on', 'xxxxxx', ['3 bad']],
    ['where nobody knows, it counts as it was', '.xx??????..', ['4 bad']],
    ['an end that nobody knows of is none', 'xxxxx??????', ['3 bad']],
  ])('is told %s', (_, looks, expected) => expect(played(looks)).toEqual(expected));

  test('is not told again after a restart, and its end is', () => {
    expect(played('xxxxxxxx', ['medium_gone'])).toEqual([]);
    expect(played('........', ['medium_gone'])).toEqual(['3 well']);
    expect(played('???.....', ['medium_gone'])).toEqual(['6 well']);
  });

  test('is told at once where it need not last', () => {
    const damping = createDamping(LIMITS);
    expect(damping.look([condition('x')], 0, 0)).toHaveLength(1);
    expect(damping.look([condition('.')], 1, 0)).toHaveLength(1);
  });
});

test('what comes and goes is told once, though it never lasts, and its end when it has kept still', () => {
  const flaps = 'x.'.repeat(20);
  // The sixth change: from then on it is bad as a whole; of the last six the first, at 34, is too old at 94.
  expect(played(flaps + '.'.repeat(70))).toEqual(['6 bad unsteady', '94 well']);
});

test('what comes and goes slowly is told each time, until it is too much', () => {
  const slow = 'xxxxx.....'.repeat(12);
  const said = played(slow);
  expect(said.slice(0, 4)).toEqual(['3 bad', '8 well', '13 bad', '18 well']);
  expect(said.length).toBeLessThan(8);
  expect(said.at(-1)).toMatch(/ bad/);
});

test('who is told from now on learns of what is bad already', () => {
  const damping = createDamping(LIMITS);
  for (let second = 0; second < 10; second++) damping.look([condition('x')], second * 1000, Number.POSITIVE_INFINITY);
  damping.forgetTold();
  expect(damping.look([condition('x')], 10_000, AFTER_MS)).toMatchObject([{ bad: true, lasted: 10_000 }]);
  expect(damping.told()).toEqual(['medium_gone']);
});

describe('the conditions', () => {
  const well: BoxState = {
    medium: { state: 'mounted', why: '', writable: true },
    asterisk: { state: 'up', why: '' },
    disks: [
      { disk: 'recordings', used: 0.5, alarm: false },
      { disk: 'state', used: 0.5, alarm: false },
    ],
  };
  const bad = (state: Partial<BoxState>) =>
    conditionsOf({ ...well, ...state })
      .filter((each) => each.bad !== false)
      .map((each) => [each.id, each.bad, each.bad ? saying({ condition: each, bad: true, unsteady: false }) : '']);

  test('are none on a box that is well, or has no Asterisk by its configuration, or a slow stick', () => {
    expect(bad({})).toEqual([]);
    expect(bad({ asterisk: { state: 'off', why: '' } })).toEqual([]);
    expect(bad({ medium: { state: 'slow', why: 'something has taken over 5 s', writable: true } })).toEqual([]);
  });

  test('say what is wrong, and why', () => {
    expect(bad({ medium: { state: 'absent', why: 'nothing is mounted', writable: false } })).toEqual([
      [
        'medium_gone',
        true,
        'the medium of the recordings is gone or takes no recordings: calls are not recorded (nothing is mounted)',
      ],
    ]);
    expect(bad({ medium: { state: 'mounted', why: 'read-only', writable: false } })).toEqual([
      ['medium_gone', true, expect.stringMatching(/read-only/)],
    ]);
    for (const state of ['down', 'refused', 'connecting'] as const)
      expect(bad({ asterisk: { state, why: 'x' } })).toEqual([['asterisk_gone', true, expect.stringMatching(/\(x\)/)]]);
    const disks = [
      { disk: 'recordings', used: null, alarm: false },
      { disk: 'state', used: 0.914, alarm: true },
    ] as const;
    expect(bad({ disks })).toEqual([
      ['disk_full.recordings', null, ''],
      ['disk_full.state', true, 'the disk of the call records is nearly full (91 % are used)'],
    ]);
  });
});
