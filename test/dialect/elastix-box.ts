/** A box with the Elastix API switched on, and programs that ask it. */
import { onTestFinished } from 'vitest';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import type { AtEnd } from '../support/folder.ts';

export interface ElastixAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
}

export interface ElastixBox {
  readonly daemon: TestDaemon;
  /** A new API key. @param more Parameters of 30011 besides name. */
  makeKey(role: 'admin' | 'monitor', more?: string): Promise<string>;
  /** Asks `/api/api.php`. @param key In `Authorization`, bare; null: none. @param form By POST. */
  ask(
    key: string | null,
    query: string,
    form?: Readonly<Record<string, string>> | FormData,
    init?: RequestInit,
  ): Promise<ElastixAnswer>;
}

export async function openElastix(
  env: Record<string, string> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<ElastixBox> {
  const daemon = await startDaemon({ CDRD_ELASTIX_ENABLED: 'yes', ...env }, { atEnd });
  // Recordings are asked for of a medium that has been looked at.
  if (env['CDRD_RECORDINGS_REQUIRE_MOUNT'] === undefined)
    await eventually(async () => {
      const { recordings } = (await daemon.json('/healthz')) as { recordings: { state: string } };
      return recordings.state === 'mounted';
    });
  let keys = 0;
  return {
    daemon,
    async makeKey(role, more = '') {
      const answer = await daemon.json(`/cgi/webserve/30011?name=crm${++keys}&role=${role}${more}`);
      return String(answer['key']);
    },
    async ask(key, query, form, init = {}) {
      const body =
        form === undefined ? {} : { method: 'POST', body: form instanceof FormData ? form : new URLSearchParams(form) };
      const headers = { ...(key !== null && { Authorization: key }) };
      const answer = await fetch(`${daemon.url}/api/api.php${query}`, {
        ...body,
        ...init,
        headers: { ...headers, ...init.headers },
      });
      const { status } = answer;
      return { status, type: answer.headers.get('content-type'), headers: answer.headers, text: await answer.text() };
    },
  };
}
