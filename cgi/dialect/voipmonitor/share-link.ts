/** A link that shows calls (cgi/share), as getShareURL and shareCdr answer it. */

import { json, type Reply } from '../../reply.ts';
import { makeShare, type NewLink } from '../../share/shares.ts';
import type { DialectRequest } from '../dialect.ts';
import { byOf, needs } from '../enter.ts';
import { refuseHead } from './act.ts';
import type { Asked } from './task.ts';

/** Whose recordings one may hand out are those that one may fetch. */
const RECORDINGS = { number: 20036, right: 'recording.read' } as const;

/** Calls become readable to who has no log-in: more than reading them oneself. */
export const SHARING = { number: 9006, right: 'cdr.read', scope: 'cdr.share' } as const;

/** @throws {CgiError} `denied` where recordings are asked for by whom they aren't for; `conflict`, `busy` */
export async function linkTo(link: NewLink, { request, services, caller, reason }: Asked): Promise<Reply> {
  refuseHead(request);
  if (link.recordings) needs(caller, RECORDINGS, request, services);
  const { path, endsAt } = await makeShare(link, services, byOf(caller, request, reason));
  return json({ success: true, url: `${originOf(request)}${path}`, expires: services.zone.text(endsAt) });
}

/** The box as the client calls it, be it through a proxy that speaks HTTPS for it. */
function originOf(request: DialectRequest): string {
  const isSecure = request.secure || request.header('x-forwarded-proto') === 'https';
  return `${isSecure ? 'https' : 'http'}://${request.host}`;
}
