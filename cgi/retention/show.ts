/**
 * 30026 (ours): what retention would remove at this moment and how it last went; with `run=1` it does it now. Rules may be
 * given other values than they have, to be told what these would remove before they are saved.
 */
import * as v from 'valibot';
import type { Zone } from '../../storage/model/local-time.ts';
import type { RetentionShown } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { settingOf, valueFrom } from '../settings/schema.ts';
import { verb } from '../verb.ts';
import type { Retention, RetentionRule } from './port.ts';

/** Milliseconds that an answer waits for a run; the connection's own bound for silence is a minute. */
const WAIT_MS = 45_000;
/** Paths shown of each rule, without `limit` and at most. */
const PATHS = 20;
const PATHS_MAX = 1_000;

const NAMES: readonly RetentionRule[] = [
  'retention.recordings.days',
  'retention.recordings.mb',
  'retention.recordings.free',
  'retention.calls.days',
  'retention.calls.count',
];

/** Each rule by its setting's name, checked as the setting is. */
const others = Object.fromEntries(
  NAMES.map((name) => [
    name,
    fields.field('what this rule would remove if it were so; nothing is changed', (text): number | undefined => {
      const setting = settingOf(name);
      if (text.trim() === '' || !setting) return undefined;
      const value = valueFrom(setting, text);
      const fault = setting.fault(value);
      if (fault !== null) throw new fields.Wrong(fault);
      return Number(value);
    }),
  ]),
);

export const showRetention = verb({
  about: 'what retention would remove now, rule by rule, and how it last went; run=1 does it',
  right: 'settings',
  parameters: v.strictObject({
    run: fields.flag('remove it now'),
    limit: fields.rows(0, `paths shown of each rule, ${PATHS} without it, ${PATHS_MAX} at most`),
    ...others,
  }),
  lines: ({ run }) => (run ? 1 : 0),
  async handle({ run, limit = PATHS, ...rest }, { retention, zone }) {
    const other = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const [name] = Object.keys(other);
    if (run && name !== undefined)
      throw new CgiError('invalid', `${name} goes without run: what is removed goes by the settings`, name);
    if (run) await ended(retention.run());
    const { rules, medium, trash } = await retention.plan(Math.min(limit, PATHS_MAX), other);
    return json<RetentionShown>({
      json_array_rules: rules,
      medium,
      trash,
      ...stateOf(retention, zone),
    });
  },
});

function stateOf(retention: Retention, zone: Zone): Omit<RetentionShown, 'json_array_rules' | 'medium' | 'trash'> {
  const { running, doneAt, nextAt, why, last, clock, doubt, restsUntil } = retention.state();
  const text = (at: number | null) => (at === null ? null : zone.text(at));
  return {
    running,
    done: text(doneAt),
    next: text(nextAt),
    rests_until: text(restsUntil),
    why,
    last: last && { ...last, at: zone.text(last.at) },
    clock: { time: text(clock), doubt },
  };
}

/** Waits for the end, and no longer than a request may last: its state tells the rest. */
async function ended(running: Promise<void>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const waiting = new Promise<void>((resolve) => {
    late = setTimeout(resolve, WAIT_MS);
  });
  try {
    await Promise.race([running, waiting]);
  } finally {
    clearTimeout(late);
  }
}
