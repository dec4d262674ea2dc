/** A box with the MOR API switched on, calls in it, and programs that ask for its pages. */
import { onTestFinished } from 'vitest';
import type { CallType, Disposition, Leg } from '../../storage/model/leg.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import type { AtEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { type Element, readXml } from '../support/strict-xml.ts';

/** MOR's users of these tests: who has 202, who has 203 and 204, and a reseller of both. */
export const USERS = ['5=shop:202', '6=office:203-204', '7=both:202-204'];

export interface MorAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  /** Read strictly. */
  xml(): Element;
}

/** A call: who called whom over which channels. */
export interface Told {
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly callType: CallType;
  readonly disposition?: Disposition;
  readonly change?: Partial<Leg>;
}

export interface MorBox {
  readonly daemon: TestDaemon;
  /** Stores a call that is over. */
  put(told: Told): Promise<void>;
  /** The same. Its ends are on trunk 96 where its direction says so. @returns its id. */
  call(told: Told): Promise<string>;
  /** Asks for a page. @param user `admin`, or one of {@link USERS} by its key; null: nobody. @param form By POST. */
  ask(
    user: string | null,
    path: string,
    form?: Readonly<Record<string, string>>,
    init?: RequestInit,
  ): Promise<MorAnswer>;
}

/** @param users As `mor.users` has them. */
export async function openMor(atEnd: AtEnd = onTestFinished, users: readonly string[] = USERS): Promise<MorBox> {
  const env = { CDRD_MOR_ENABLED: 'yes', CDRD_MOR_USERS: users.join('\n') };
  const daemon = await startDaemon(env, { atEnd });
  const shown = new Map([['admin', daemon.sessions.begin({ user: 'admin', role: 'admin' }).token]]);
  let calls = 0;

  async function secretOf(user: string): Promise<string> {
    const known = shown.get(user);
    if (known !== undefined) return known;
    const made = await daemon.json(`/cgi/webserve/30011?name=${user}&role=admin`);
    shown.set(user, String(made['key']));
    return secretOf(user);
  }

  async function put({
    at,
    source,
    destination,
    callType,
    disposition = 'ANSWERED',
    change = {},
  }: Told): Promise<void> {
    calls += 1;
    const serial = String(calls).padStart(8, '0');
    const isIn = callType === 'Inbound' || callType === 'CallBack';
    const id = `${at}.${calls}`;
    const made = leg(at, {
      ...{ source, destination, callType, disposition, callerId: `"" <${source}>`, uniqueId: id, linkedId: id },
      channel: `SIP/${isIn ? '96' : source}-${serial}`,
      destinationChannel: `SIP/${callType === 'Outbound' ? '96' : destination}-${serial}`,
      ...(disposition !== 'ANSWERED' && { answer: null, billsec: 0 }),
      ...change,
    });
    await daemon.store.write({ kind: 'leg', leg: made, source: 'ami' });
    await daemon.store.write({ kind: 'close', group: id });
  }

  return {
    daemon,
    put,
    async call(told) {
      await put(told);
      const page = await daemon.store.ask('callPage', {
        ...{ filter: { start: {} }, fields: [['id', 'id']], order: 'desc', after: null },
        ...{ limit: 1, scan: 1, ids: String(calls) },
      });
      const [found] = JSON.parse(`[${Buffer.from(page.bytes).toString('utf8')}]`) as { id: string }[];
      return found?.id ?? '';
    },
    async ask(user, path, form, init = {}) {
      const cookie = user === null ? {} : { Cookie: `_mor_session=${await secretOf(user)}` };
      const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
      const answer = await fetch(`${daemon.url}${path}`, { ...body, ...init, headers: { ...cookie, ...init.headers } });
      const { status, headers } = answer;
      const bytes = Buffer.from(await answer.arrayBuffer());
      const text = bytes.toString('utf8');
      return { status, headers, text, bytes, xml: () => readXml(text) };
    },
  };
}

/** Elements of this name, anywhere. */
export function all(root: Element, name: string): readonly Element[] {
  return root.children.flatMap((child) => (child.name === name ? [child] : all(child, name)));
}

/** The texts of an element's children, by name. */
export function textsOf(element: Element): Record<string, string> {
  return Object.fromEntries(
    element.children.map(({ name, text, children }) => [name, children.length > 0 ? '…' : text]),
  );
}

/** 2021-05-03 16:00:00 on the box's clock: {@link tellCalls}. */
export const AT = 1_620_086_400;
export const DAY = { period_start: '2021-05-03', period_end: '2021-05-03' };

/** Calls of one day, a minute apart. @returns their ids by their names, which {@link namesIn} knows. */
export async function tellCalls(box: MorBox): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  const call = async (name: string, minute: number, told: Omit<Parameters<MorBox['call']>[0], 'at'>) =>
    void ids.set(name, await box.call({ at: AT + minute * 60, ...told }));
  await call('in202', 1, { source: '0791', destination: '202', callType: 'Inbound' });
  await call('out202', 2, { source: '202', destination: '0792', callType: 'Outbound' });
  await call('missed202', 3, { source: '0793', destination: '202', callType: 'Inbound', disposition: 'NO ANSWER' });
  await call('out203', 4, { source: '203', destination: '0794', callType: 'Outbound', disposition: 'BUSY' });
  await call('missed204', 5, { source: '0795', destination: '204', callType: 'Inbound', disposition: 'NO ANSWER' });
  await call('internal', 6, { source: '202', destination: '203', callType: 'Internal' });
  await call('elsewhere', 7, { source: '0796', destination: '205', callType: 'Inbound', disposition: 'FAILED' });
  // A stranger who shows an extension's number.
  await call('spoofed', 8, { source: '202', destination: '205', callType: 'Inbound', disposition: 'NO ANSWER' });
  return ids;
}

const NAMES: Readonly<Record<string, string>> = {
  '0791>202': 'in202',
  '202>0792': 'out202',
  '0793>202': 'missed202',
  '203>0794': 'out203',
  '0795>204': 'missed204',
  '202>203': 'internal',
  '0796>205': 'elsewhere',
  '202>205': 'spoofed',
};
/** A call's name by its ends. */
export const nameOf = (from: string, to: string) => NAMES[`${from}>${to}`] ?? `${from}>${to}`;
/** Names of the calls that a page lists. */
export const namesIn = (page: Element) =>
  all(page, 'call').map((call) => nameOf(textsOf(call)['called_from'] ?? '', textsOf(call)['called_to'] ?? ''));
