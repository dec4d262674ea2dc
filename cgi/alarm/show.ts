/** 30055 (ours): the alarms raised at this moment and how each way of telling them does; with `send` a test goes out. */
import * as v from 'valibot';
import type { Zone } from '../../storage/model/local-time.ts';
import type { AlarmsShown } from '../contract.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { type Alarm, WAYS, type WayState } from './port.ts';

/** Milliseconds that an answer waits for a test; the connection's own bound for silence is a minute. */
const WAIT_MS = 45_000;

export const showAlarms = verb({
  about: 'the alarms raised at this moment and how mail and webhook do; send: a test goes out by it',
  right: 'settings',
  parameters: v.strictObject({ send: fields.oneOf(...WAYS) }),
  lines: ({ send }) => (send === undefined ? 0 : 1),
  async handle({ send }, { alarms, notes, zone }, asking) {
    const why = send && (await inTime(alarms.test(send)));
    if (send) notes.done({ ...by(asking), action: 'alarm.tested', detail: { way: send, why: why ?? 'not known yet' } });
    return json<AlarmsShown>({
      json_array_alarms: alarms.raised().map((alarm) => shown(alarm, zone)),
      json_array_ways: alarms.ways().map((state) => shownWay(state, zone)),
      ...(send && {
        test: { way: send, state: why === null ? 'waiting' : why ? 'failed' : 'arrived', why: why ?? '' },
      }),
    });
  },
});

const text = (ms: number | null, zone: Zone) => (ms === null ? null : zone.text(Math.floor(ms / 1000)));

function shown({ since, ...alarm }: Alarm, zone: Zone) {
  return { ...alarm, since: text(since, zone) };
}

function shownWay({ arrivedAt, failedAt, ...state }: WayState, zone: Zone) {
  return { ...state, arrived: text(arrivedAt, zone), failed: text(failedAt, zone) };
}

/** null: it isn't known in time what becomes of it. */
async function inTime(test: Promise<string>): Promise<string | null> {
  let late: NodeJS.Timeout | undefined;
  const waiting = new Promise<null>((resolve) => {
    late = setTimeout(resolve, WAIT_MS, null);
  });
  try {
    return await Promise.race([test, waiting]);
  } finally {
    clearTimeout(late);
  }
}
