/**
 * WebSocket `/live`: the calls in progress, told as they change. First everything (`{"json_array_live":[…]}`, with the
 * box's clock as `now`, epoch milliseconds: a watcher's own may be wrong), then a call at a time (`{"call":{…}}`, `{"ended":"ID"}`), and whether Asterisk is there (`{"asterisk":"up"}`); after it came back
 * everything anew. Every few seconds the clock alone (`{"now":…}`): who hears nothing for long has lost the connection, and a
 * browser has no other way to know.
 */
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { LiveMessage, LiveRow } from '../../cgi/contract.ts';
import { callerOf, refusal } from '../../cgi/dispatch.ts';
import { liveRows } from '../../cgi/live/calls.ts';
import type { LiveCall } from '../../cgi/live/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { may } from '../../storage/model/rights.ts';
import type { Bus } from '../bus.ts';
import type { Log } from '../log.ts';
import type { WebSocketPath } from './websocket.ts';

/** Watchers at a time: the pages that a box's people have open. */
const WATCHERS_MAX = 32;
/** Changes of one call within this time are told as one, milliseconds. */
const TOGETHER_MS = 100;
/** Milliseconds between two signs of life. */
const BEAT_MS = 10_000;
/** Bytes that lie unsent for a watcher before it is dropped: it will come again and begin anew. */
const UNSENT_MAX = 1024 * 1024;
/** Milliseconds between two looks whether the session has idled out, or the key was revoked. */
const SESSION_MS = 30_000;
/** In place of a phone book that can't be asked. */
const NOBODY = { of: async () => new Map() };

export function livePath(
  services: Pick<Services, 'sessions' | 'keys' | 'live' | 'phoneBook' | 'zone' | 'notes'>,
  bus: Bus,
  tokenOf: (request: IncomingMessage) => string | null,
  log: Pick<Log, 'error'>,
): WebSocketPath {
  const watchers = new Map<WebSocket, IncomingMessage>();
  /** Those of them that have been told everything. */
  const begun = new Set<WebSocket>();
  const changed = new Set<string>();
  let due = false;

  /** @param isUse Opening it is use of a session; that it stays open is none: a page that nobody looks at idles out. */
  const mayWatch = (request: IncomingMessage, isUse: boolean) => {
    const caller = callerOf(tokenOf(request), services, isUse);
    return caller && may(caller.role, 'live.read') && (caller.numbers === null || caller.numbers.has(LIVE_NUMBER));
  };

  const letGo = (socket: WebSocket, request: IncomingMessage) => {
    if (!mayWatch(request, false)) socket.close(4401, 'the session has ended');
  };
  services.sessions.onEnd(() => {
    for (const [socket, request] of watchers) letGo(socket, request);
  });

  const tell = (message: LiveMessage) => {
    const text = JSON.stringify(message);
    for (const socket of begun) {
      if (socket.bufferedAmount > UNSENT_MAX) socket.terminate();
      else socket.send(text);
    }
  };

  // The phone book is asked between a picture and its telling: one message at a time, so that none overtakes another.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).catch((error: unknown) => {
      log.error('the calls in progress could not be told', { error });
      // What they show may be out of date: they come again, and are told everything anew.
      for (const socket of watchers.keys()) socket.close(1011, 'something went wrong here');
    });
    return last;
  };
  const rowsOf = (calls: readonly LiveCall[]): Promise<LiveRow[]> => {
    const { phoneBook, zone } = services;
    // Without the store there are no names; what goes on is told all the same.
    return liveRows(calls, phoneBook, zone.text).catch(() => liveRows(calls, NOBODY, zone.text));
  };
  const everything = async (): Promise<LiveMessage> => {
    const calls = services.live.calls();
    return { asterisk: calls ? 'up' : 'down', now: Date.now(), json_array_live: await rowsOf(calls ?? []) };
  };
  const tellChanged = async () => {
    const ids = [...changed];
    changed.clear();
    const calls = new Map((services.live.calls() ?? []).map((call) => [call.id, call]));
    const rows = new Map((await rowsOf(ids.flatMap((id) => calls.get(id) ?? []))).map((row) => [row.id, row]));
    for (const id of ids) {
      const call = rows.get(id);
      tell(call ? { call } : { ended: id });
    }
  };
  const schedule = () => {
    if (due) return;
    due = true;
    setTimeout(async () => {
      await inTurn(tellChanged);
      due = false;
      if (changed.size > 0) schedule();
    }, TOGETHER_MS);
  };

  bus.on('live', (linkedId) => {
    if (watchers.size === 0) return;
    changed.add(linkedId);
    schedule();
  });
  let up = services.live.calls() !== null;
  bus.on('asterisk', ({ state }) => {
    const before = up;
    up = state === 'up';
    if (before === up) return;
    void inTurn(async () => tell(up ? await everything() : { asterisk: 'down' }));
  });

  return {
    protocols: [],
    refuse(request) {
      if (watchers.size >= WATCHERS_MAX) return new CgiError('busy', `${WATCHERS_MAX} pages watch already`);
      const caller = callerOf(tokenOf(request), services);
      if (caller && mayWatch(request, true)) return null;
      const address = request.socket.remoteAddress ?? '';
      return refusal({ caller, token: tokenOf(request), address }, { path: '/live' }, services);
    },
    opened(socket, request) {
      watchers.set(socket, request);
      const look = setInterval(() => letGo(socket, request), SESSION_MS);
      const beat = setInterval(() => {
        if (begun.has(socket) && socket.bufferedAmount === 0) socket.send(JSON.stringify({ now: Date.now() }));
      }, BEAT_MS);
      socket.once('close', () => {
        clearInterval(look);
        clearInterval(beat);
        watchers.delete(socket);
        begun.delete(socket);
      });
      socket.on('message', () => socket.close(1008, 'this one only tells'));
      void inTurn(async () => {
        const message = JSON.stringify(await everything());
        if (!watchers.has(socket)) return;
        begun.add(socket);
        socket.send(message);
      });
    },
  };
}

/** The number that tells the same: an API key limited to numbers needs it. */
const LIVE_NUMBER = 30019;
