/** What the doctor says of alarms that are off, go, or don't arrive. */
import { expect, test } from 'vitest';
import type { WayState } from '../../cgi/alarm/port.ts';
import { alarmsCheck } from '../../daemon/doctor/alarms.ts';

const OFF = { waiting: 0, lost: 0, arrivedAt: null, failedAt: null, why: '', on: false };

const findings = async (mail: Partial<WayState>, webhook: Partial<WayState> = {}) =>
  alarmsCheck({
    ways: () => [
      { way: 'mail', ...OFF, ...mail },
      { way: 'webhook', ...OFF, ...webhook },
    ],
  }).look();

test('that nobody is told is no fault, and said', async () => {
  expect(await findings({})).toMatchObject([
    { check: 'alarms.told', state: 'ok', says: expect.stringMatching(/nobody is told/) },
  ]);
});

test('each way that is on has its line', async () => {
  expect(await findings({ on: true }, { on: true, arrivedAt: 1 })).toEqual([
    { check: 'alarms.mail', state: 'ok', says: 'alarms are told by mail; not tried since the start', mend: null },
    { check: 'alarms.webhook', state: 'ok', says: 'alarms are told by webhook', mend: null },
  ]);
});

test('one that does not arrive is a warning that says why', async () => {
  expect(await findings({ on: true, why: 'sendmail: no route', waiting: 2 })).toEqual([
    {
      check: 'alarms.mail',
      state: 'warning',
      says: 'the last alarm or test by mail did not arrive, 2 wait: sendmail: no route',
      mend: null,
    },
  ]);
});
