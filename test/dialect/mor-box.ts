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

export async function openMor(atEnd: AtEnd = onTestFinished): Promise<MorBox> {
  const env = { CDRD_MOR_ENABLED: 'yes', CDRD_MOR_USERS: USERS.join('\n') };
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
