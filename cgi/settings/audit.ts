/** 30018 (ours): the audit log, newest first: who did what, when and from where. */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

const LIMIT = 100;
const LIMIT_MAX = 1_000;

export const auditLog = verb({
  about: 'the audit log, newest first',
  right: 'audit',
  parameters: v.strictObject({
    before: fields.rows(1, 'only lines older than the one of this id'),
    limit: fields.rows(1, `lines at most, ${LIMIT} without it, ${LIMIT_MAX} at most`),
  }),
  async handle({ before = null, limit = LIMIT }, { store, zone }) {
    const most = Math.min(limit, LIMIT_MAX);
    const entries = await store.ask('auditEntries', { before, limit: most });
    const last = entries.length === most ? entries.at(-1) : undefined;
    return json({
      json_array_audit: entries.map(({ id, at, who, address, action, detail }) => ({
        id,
        time: zone.text(at),
        who,
        address,
        action,
        detail,
      })),
      // Where to go on; absent at the end of the log.
      ...(last && { before: last.id }),
    });
  },
});
