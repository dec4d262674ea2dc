/** The numbers over a real store in this thread, without HTTP: what is asked by dispatch, and what stands in the reply. */
import { onTestFinished } from 'vitest';
import { createAccounts } from '../../cgi/access/accounts.ts';
import { createSessions } from '../../cgi/access/session.ts';
import { createAuditNotes } from '../../cgi/audit/notes.ts';
import { createPhoneBook } from '../../cgi/contact/book.ts';
import { dispatch, faultReply } from '../../cgi/dispatch.ts';
import type { Services } from '../../cgi/verb.ts';
import { createBus } from '../../daemon/bus.ts';
import { createCallDeletions } from '../../daemon/jobs.ts';
import { auditNoteLimits, sessionLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { zone } from '../../storage/model/local-time.ts';
import type { Role } from '../../storage/model/rights.ts';
import { emptyStore } from '../support/empty-store.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface CallList {
  readonly rows: readonly Record<string, string | number>[];
  readonly about: {
    readonly startdate: string;
    readonly enddate: string;
    readonly totalcount: number;
    readonly cursor?: string;
  };
}

/** A box at UTC−08:00 whose clock says 2021-05-07 12:00, unless told otherwise. */
export const NOW = Date.UTC(2021, 4, 7, 20) / 1000;

/**
 * @param ports What stands in for the parts above that a test is about.
 * @param prepare Fills the store's file before it is opened.
 */
export function openBox({
  now = NOW,
  zoneName = 'Etc/GMT+8',
  atEnd = onTestFinished as AtEnd,
  ports = {} as Partial<Services>,
  prepare = (_file: string) => {},
} = {}) {
  const options = emptyStore(storeOptions(temporaryFolder(atEnd)));
  prepare(options.file);
  const store = openStoreHere(options);
  atEnd(() => store.close());
  const sessions = createSessions({ sessions: 10, userSessions: 10, idleSeconds: 60, lifeSeconds: 60 });
  const notes = createAuditNotes(store, auditNoteLimits);
  const accounts = createAccounts(store, sessions, { ...sessionLimits, checks: 2, checksWaiting: 2 }, { notes });
  const deletions = createCallDeletions({
    store,
    bus: createBus(),
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    zone: zone(zoneName),
    trash: { seconds: () => 7 * 86_400, skip: () => false },
    now: () => now,
  });
  atEnd(() => deletions.close());
  const services: Services = {
    store,
    accounts,
    sessions,
    keys: { find: () => null } as unknown as Services['keys'],
    revokedShares: new Set(),
    notes,
    callDeletions: deletions,
    medium: { state: () => ({ state: 'mounted', why: '', writable: true, since: 0, medium: 1 }), space: () => null },
    places: { list: async () => [] },
    recordingFiles: {} as Services['recordingFiles'],
    recordingDeletions: {} as Services['recordingDeletions'],
    backups: {} as Services['backups'],
    recordingHeaders: {} as Services['recordingHeaders'],
    retention: {} as Services['retention'],
    alarms: {} as Services['alarms'],
    support: {} as Services['support'],
    phoneBook: createPhoneBook(store),
    settings: { value: () => '', list: () => [], change: async () => null },
    recordingPolicy: { state: () => ({ state: 'written', why: '', message: '', since: 0, held: '' }) },
    sounds: { list: async () => ({ names: [], more: false, why: '' }) },
    trials: {} as Services['trials'],
    certificates: {} as Services['certificates'],
    live: {} as Services['live'],
    askAsterisk: {} as Services['askAsterisk'],
    dialectSecrets: {} as Services['dialectSecrets'],
    machine: {} as Services['machine'],
    amiUsers: {} as Services['amiUsers'],
    box: { host: 'nexo', version: '1.2.3', zone: zoneName, clockDoubt: () => '' },
    vitals: {} as Services['vitals'],
    doctor: { examine: async () => [] },
    zone: zone(zoneName),
    now: () => now,
    ...ports,
  };

  /** Asks a number. @param role null: without log-in. */
  async function ask(number: number | string, query = '', role: Role | null = 'admin', body = ''): Promise<Answered> {
    const token = role && sessions.begin({ user: role, role }).token;
    const request = { number: String(number), query, body: async () => body, token, address: '192.0.2.7' };
    try {
      const reply = await dispatch(request, services);
      if (reply.kind === 'json') return { status: reply.status, body: reply.body as Record<string, unknown> };
      if (reply.kind !== 'rows') throw new Error(`a reply of kind ${reply.kind}: ask services yourself`);
      let text = '';
      for await (const piece of reply.text)
        text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
      return { status: 200, body: reply.type === undefined ? JSON.parse(text) : { text } };
    } catch (error) {
      const reply = faultReply(error);
      if (reply?.kind !== 'json') throw error;
      return { status: reply.status, body: reply.body as Record<string, unknown> };
    }
  }

  /** A listing as it is sent, which must succeed. */
  async function send(number: number, query: string) {
    const { token } = sessions.begin({ user: 'admin', role: 'admin' });
    const request = { number: String(number), query, body: async () => '', token, address: '192.0.2.7' };
    const reply = await dispatch(request, services);
    if (reply.kind !== 'rows') throw new Error(`a reply of kind ${reply.kind}`);
    let text = '';
    for await (const piece of reply.text)
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
    return { type: reply.type, filename: reply.filename, text };
  }

  /** A listing that must succeed. */
  async function list(number: 9006 | 20053, query: string): Promise<CallList> {
    const { status, body } = await ask(number, query);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const rows = body[number === 9006 ? 'json_array_astcdrs' : 'json_array_recordings'] as CallList['rows'];
    return { rows, about: body['json_obj_filter'] as CallList['about'] };
  }

  /** A leg comes in, and its call is over. */
  async function call(leg: Leg): Promise<void> {
    const { open } = await store.write({ kind: 'leg', leg, source: 'ami' });
    for (const { key } of open) await store.write({ kind: 'close', group: key });
  }

  return { store, services, ask, send, list, call };
}

/** The epoch of a local text at UTC−08:00. */
export function at(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}-08:00`) / 1000;
}
