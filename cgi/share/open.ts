/**
 * `/share/TOKEN` (ours): the page of a share, and `/share/TOKEN/ID.wav`, the recording of one of its calls, as players ask
 * for it. Whatever is wrong with a link, the answer is the same. The token is in no log and goes to nobody else: answers
 * forbid browsers to name the address that they came from, and to keep the page.
 */
import { callerOf } from '../dispatch.ts';
import { refuseElsewhere } from '../recording/elsewhere.ts';
import { type Ahead, CgiError, ERROR_STATUS, type Reply } from '../reply.ts';
import type { Services } from '../verb.ts';
import { sharedCall, sharedCalls } from './calls.ts';
import { nothingPage, offlinePage, SHARE_POLICY, sharedPage } from './page.ts';
import { findShare, noteUse } from './shares.ts';
import { type Language, languageOf } from './text.ts';

export interface ShareRequest {
  /** Behind `/share/`, undecoded. */
  readonly path: string;
  /** Undecoded; '' where there is none. */
  readonly query: string;
  /** Of a session or a key, for shares that need a log-in. */
  readonly token: string | null;
  /** The client's. */
  readonly address: string;
  /** Accept-Language; '' where there is none. */
  readonly languages: string;
  /** What will be sent of a recording, as far as can be told before its size is known; null: perhaps nothing. */
  readonly ahead?: Ahead | null;
}

/** @throws {StoreError}; a {@link CgiError} `busy` of the medium. */
export async function openShare(request: ShareRequest, services: Services): Promise<Reply> {
  const { path, token: session, address } = request;
  const language = languageOf(request.languages);
  const [, token = '', call = null] = /^([A-Za-z0-9_-]{43})(?:\/([1-9]\d{0,14})\.wav)?$/.exec(path) ?? [];
  const share = await findShare(token, services);
  if (!share) return nothing(language, services, address);
  const caller = callerOf(session, services);
  // A key for some numbers is for nothing else.
  const isKnown = caller !== null && caller.numbers === null;
  // Behind the sign that browsers send to nobody: the pages log in, and come back (cgi/gui/app.tsx).
  if (share.kind === 'login' && !isKnown) return { kind: 'redirect', location: `/#/share/${token}` };
  const who = isKnown ? caller.user : '';
  const note = (action: string, detail: Readonly<Record<string, number>>) =>
    services.notes.done({ who, address, action, detail: { id: share.id, ...detail } }, 'once');

  if (call !== null) {
    const id = Number(call);
    if (!share.recordings || !share.calls.includes(id)) return nothing(language, services, address);
    try {
      const reply = await recordingOf(id, request, services);
      if (reply) note('share.played', { call: id });
      return reply ?? nothing(language, services, address);
    } catch (error) {
      if (!(error instanceof CgiError) || error.code !== 'storage_offline') throw error;
      // Where the medium is, and what it is called, is nobody's outside.
      return htmlReply(ERROR_STATUS.storage_offline, offlinePage(language));
    }
  }
  const calls = await sharedCalls(share.calls, services);
  if (calls.length === 0) return nothing(language, services, address);
  noteUse(share, services);
  note('share.opened', {});
  const { zone, box } = services;
  const { recordings, endsAt } = share;
  const page = { calls, recordings, ends: zone.text(endsAt), zone: box.zone, token, text: zone.text };
  return htmlReply(200, sharedPage(language, page));
}

/** null: there is none. @throws {CgiError} `storage_offline`, `busy` */
async function recordingOf(
  id: number,
  { query, ahead = null }: ShareRequest,
  services: Services,
): Promise<Reply | null> {
  const path = (await sharedCall(id, services))?.recording?.path;
  if (path === undefined) return null;
  const [file] = await services.recordingFiles.look([path], ahead);
  if (!file) await refuseElsewhere(services, [path]);
  if (!file) return null;
  const filename = path.slice(path.lastIndexOf('/') + 1);
  return { kind: 'file', type: 'audio/wav', filename, save: query === 'download=1', file };
}

function nothing(language: Language, { notes }: Services, address: string): Reply {
  notes.refused({ who: '', address, action: 'share.refused', detail: {} });
  return htmlReply(404, nothingPage(language));
}

function htmlReply(status: number, text: string): Reply {
  return { kind: 'text', status, type: 'text/html; charset=utf-8', text, policy: SHARE_POLICY };
}
