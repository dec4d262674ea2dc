/** The listener alone, over a store that a test plays: for bounds that a whole daemon would take too long to reach. */
import { onTestFinished } from 'vitest';
import { createSessions } from '../../cgi/access/session.ts';
import type { Services } from '../../cgi/verb.ts';
import type { Certificate } from '../../daemon/http/certificate.ts';
import { createHosts } from '../../daemon/http/hosts.ts';
import { listenHttp } from '../../daemon/http/server.ts';
import { openStatic } from '../../daemon/http/static.ts';
import { createWebSockets, type WebSocketPath } from '../../daemon/http/websocket.ts';
import { type HttpLimits, httpLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import type { Permits } from '../../daemon/permits.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { Page } from '../../storage/filter.ts';
import { zone } from '../../storage/model/local-time.ts';
import { bytesOf } from '../support/page.ts';

export interface TestListener {
  readonly url: string;
  /** Of HTTPS; '' without a certificate. */
  readonly secureUrl: string;
  /** An admin's `Authorization` line, ready to be sent. */
  readonly authorization: string;
  /** Number, status of each answer that has ended. */
  readonly answers: readonly (readonly [number: string, status: number])[];
  readonly log: readonly string[];
}

/** @param pages What any listing gives. */
export async function startListener(
  pages: () => AsyncGenerator<Page>,
  limits: Partial<HttpLimits> = {},
  count: () => AsyncGenerator<{ rows: number; next: null }> = async function* () {},
  certificate: Certificate | null = null,
  door: {
    readonly permits?: Partial<Permits>;
    readonly redirects?: boolean;
    readonly webSockets?: Readonly<Record<string, WebSocketPath>>;
    readonly isPage?: (path: string) => boolean;
  } = {},
): Promise<TestListener> {
  const sessions = createSessions({ sessions: 10, userSessions: 10, idleSeconds: 60, lifeSeconds: 60 });
  const { token } = sessions.begin({ user: 'admin', role: 'admin' });
  const answers: [string, number][] = [];
  const log: string[] = [];
  const store = { pages, count } as unknown as StoreClient;
  const nothing = () => {};
  const notes = { done: nothing, refused: nothing, acts: nothing, flush: nothing };
  const ports = { keys: { find: () => null }, notes } as unknown as Services;
  const accounts = { logIn: async () => null } as unknown as Services['accounts'];
  const listeners = await listenHttp({
    listen: {
      http: [{ host: '127.0.0.1', port: 0 }],
      https: certificate ? [{ host: '127.0.0.1', port: 0 }] : [],
    },
    certificate: async () => certificate ?? Promise.reject(new Error('there is no certificate')),
    services: { ...ports, store, accounts, sessions, zone: zone('Etc/GMT+8'), now: () => 1_620_000_000 },
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    health: () => ({ ok: true, body: { status: 'ok' } }),
    metrics: () => '',
    webSockets: createWebSockets(door.webSockets ?? {}),
    pages: { ...(await openStatic(null)), ...(door.isPage && { isPage: door.isPage }) },
    permits: { permits: () => true, onChange: () => {}, ...door.permits },
    hosts: createHosts(() => ['x']),
    redirects: () => door.redirects ?? false,
    onAnswer: (number, status) => answers.push([number, status]),
    limits: { ...httpLimits, ...limits },
  });
  onTestFinished(() => listeners.close());
  const url = `http://127.0.0.1:${listeners.addresses[0]?.port}`;
  const securePort = listeners.secureAddresses[0]?.port;
  const secureUrl = securePort === undefined ? '' : `https://127.0.0.1:${securePort}`;
  return { url, secureUrl, authorization: `Authorization: Bearer ${token}\r\n`, answers, log };
}

/** Pages of one row each, all alike, `size` bytes long. @param made Counts those asked for. */
export function endlessPages(size: number, made: { pages: number; ended: boolean }, last = 20_000) {
  const bytes = bytesOf(JSON.stringify({ filler: 'x'.repeat(Math.max(0, size - 13)) }));
  return async function* (): AsyncGenerator<Page> {
    try {
      while (made.pages < last) {
        made.pages++;
        yield { bytes, rows: 1, next: made.pages < last ? { key: 1, id: 1 } : null };
        await new Promise(setImmediate); // as a worker's answer comes: never in the same turn
      }
    } finally {
      made.ended = true;
    }
  };
}
