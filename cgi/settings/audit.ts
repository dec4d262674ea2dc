/**
 * 30018 (ours): the audit log, newest first: who did what, when, from where and why. Each line but for `time` and `hash` is
 * what its hash is made of, so that whoever keeps the lines can recompute it without us (README, "Audit log").
 */
import * as v from 'valibot';
import type { AuditEntry, AuditFilter } from '../../storage/store.ts';
import type { AuditLog } from '../contract.ts';
import * as fields from '../fields.ts';
import { bounds, epochBounds, ordered } from '../range.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';
import { CHAIN_NAMES } from './audit-check.ts';

const LIMIT = 100;
const LIMIT_MAX = 1_000;

const exactly = (about: string) => fields.field(about, (text) => (text === '' ? undefined : text));

export const auditLog = verb({
  about: 'the audit log, newest first, and where its chains end',
  right: 'audit',
  parameters: v.strictObject({
    startdate: fields.wallTime('only lines from YYYY-MM-DD HH:MM[:SS] on', ':00'),
    enddate: fields.wallTime('only lines up to YYYY-MM-DD HH:MM[:SS], the whole minute included', ':59'),
    who: exactly('only lines of this account, key:NAME, ami:NAME, console or cdrd'),
    address: exactly('only lines from this address'),
    action: exactly('only this action; calls.* all that begin so'),
    chain: fields.oneOf(...CHAIN_NAMES),
    before: fields.rows(1, 'only lines older than the one of this id'),
    limit: fields.rows(1, `lines at most, ${LIMIT} without it, ${LIMIT_MAX} at most`),
  }),
  async handle({ startdate, enddate, before = null, limit = LIMIT, ...only }, { store, zone }) {
    ordered('startdate', startdate?.wall, enddate?.wall, 'is after enddate');
    const dates = epochBounds(bounds(startdate?.wall, enddate?.wall), zone);
    const filter: AuditFilter = { ...dates, ...given(only) };
    const most = Math.min(limit, LIMIT_MAX);
    const entries: AuditEntry[] = [];
    let next: number | null = before ?? Number.MAX_SAFE_INTEGER;
    while (next !== null && entries.length < most) {
      const part: Awaited<ReturnType<typeof store.ask<'auditEntries'>>> = await store.ask('auditEntries', {
        ...filter,
        before: next,
        limit: most - entries.length,
      });
      entries.push(...part.entries);
      next = part.next;
    }
    return json<AuditLog>({
      json_array_audit: entries.map(({ at, hash, ...line }) => ({ ...line, at, time: zone.text(at), hash })),
      json_array_chains: (await store.ask('auditChains')).map(({ chain, head }) => ({ chain, ...head })),
      // Where to go on; absent at the end of the log.
      ...(next !== null && { before: next }),
    });
  },
});

function given<T extends object>(parameters: T) {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
}
