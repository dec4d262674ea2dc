/** `/recordings/PATH` (ours): one recording under an address of its own, for players and for links in other programs. */
import * as v from 'valibot';
import { admit } from '../dispatch.ts';
import * as fields from '../fields.ts';
import { checkParameters, readParameters } from '../params.ts';
import { splitReason } from '../reason.ts';
import { type Ahead, CgiError, type Reply } from '../reply.ts';
import type { Services } from '../verb.ts';
import { refuseElsewhere } from './elsewhere.ts';

/** An API key that may fetch recordings may fetch them here. */
const DOWNLOAD = 20036;

const PARAMETERS = v.strictObject({ download: fields.flag('to be saved, not played') });
/** What players send: nothing. */
const NONE = { reason: '', download: false };

export interface PlayRequest {
  /** Behind `/recordings/`, undecoded. */
  readonly path: string;
  /** Undecoded; '' where there is none. */
  readonly query: string;
  /** From the Authorization header or the cookie. */
  readonly token: string | null;
  /** The client's. */
  readonly address: string;
  /** What will be sent of it, as far as can be told before its size is known; null: perhaps nothing. */
  readonly ahead?: Ahead | null;
}

/** @throws {CgiError} `login`, `denied`, `invalid`, `not_found`, `storage_offline` */
export async function playRecording(request: PlayRequest, services: Services): Promise<Reply> {
  const { path, query, token, address, ahead = null } = request;
  const { user } = admit({ token, address }, DOWNLOAD, 'recording.read', services);
  const { reason, download } = query === '' ? NONE : parametersOf(query);
  const decoded = decode(path);
  const [file] = await services.recordingFiles.look([decoded], ahead);
  if (!file) await refuseElsewhere(services, [decoded]);
  if (!file) throw new CgiError('not_found', 'there is no such recording');
  services.notes.done(
    { who: user, address, action: 'recording.played', detail: { path: decoded }, ...(reason !== '' && { reason }) },
    'once',
  );
  const filename = decoded.slice(decoded.lastIndexOf('/') + 1);
  return { kind: 'file', type: 'audio/wav', filename, save: download, file };
}

function parametersOf(query: string) {
  const { reason, rest } = splitReason(readParameters(query));
  return { reason, ...checkParameters(PARAMETERS, rest) };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new CgiError('invalid', 'the path is not validly percent-encoded');
  }
}
