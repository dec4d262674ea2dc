/** `/recordings/PATH` (ours): one recording under an address of its own, for players and for links in other programs. */
import * as v from 'valibot';
import { callerOf, mayCall } from '../dispatch.ts';
import * as fields from '../fields.ts';
import { checkParameters, readParameters } from '../params.ts';
import { CgiError, type Reply } from '../reply.ts';
import type { Services } from '../verb.ts';
import { refuseElsewhere } from './elsewhere.ts';

/** An API key that may fetch recordings may fetch them here. */
const DOWNLOAD = 20036;

const PARAMETERS = v.strictObject({ download: fields.flag('to be saved, not played') });

export interface PlayRequest {
  /** Behind `/recordings/`, undecoded. */
  readonly path: string;
  /** Undecoded; '' where there is none. */
  readonly query: string;
  /** From the Authorization header or the cookie. */
  readonly token: string | null;
}

/** @throws {CgiError} `login`, `denied`, `invalid`, `not_found`, `storage_offline` */
export async function playRecording({ path, query, token }: PlayRequest, services: Services): Promise<Reply> {
  const caller = callerOf(token, services);
  if (!caller) throw new CgiError('login', 'log in first: 8404');
  if (!mayCall(caller, DOWNLOAD, 'recording.read')) throw new CgiError('denied', `${caller.user} may not do this`);
  const { download } = checkParameters(PARAMETERS, readParameters(query));
  const decoded = decode(path);
  const [file] = await services.recordingFiles.look([decoded]);
  if (!file) await refuseElsewhere(services, [decoded]);
  if (!file) throw new CgiError('not_found', 'there is no such recording');
  const filename = decoded.slice(decoded.lastIndexOf('/') + 1);
  return { kind: 'file', type: 'audio/wav', filename, save: download, file };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new CgiError('invalid', 'the path is not validly percent-encoded');
  }
}
