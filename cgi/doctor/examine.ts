/**
 * 30054 (ours): what `cdrd doctor` says, as far as the daemon itself can see: who holds a port, and whether Asterisk's own
 * user can write a recording, only root on the box can tell.
 */
import * as v from 'valibot';
import type { DoctorReport } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const examineBox = verb({
  about: 'the box examined: each matter as ok, warning or fault, what it means, the command that mends it',
  right: 'settings',
  parameters: v.strictObject({}),
  async handle(_, { doctor, zone, now }) {
    return json<DoctorReport>({ time: zone.text(now()), json_array_findings: await doctor.examine() });
  },
});
