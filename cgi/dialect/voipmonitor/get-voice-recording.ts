/**
 * `task=getVoiceRecording`: the recording of a call, the very file, by the call's id or by its Call-ID. A call that was not
 * recorded, a recording that has gone and one on a medium that is away are three faults. Recordings begin with the answer
 * (etc/asterisk/extensions_cdrd.conf), so `saveaudio_afterconnect` changes nothing; there is none of the ringing before.
 */
import { refuseElsewhere } from '../../recording/elsewhere.ts';
import type { Entry } from '../../recording/entry.ts';
import { fitsZip, zip, zipSize } from '../../recording/zip.ts';
import { CgiError, type Reply, type ReplyFile } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { byOf } from '../enter.ts';
import { callsNamed } from './call-id.ts';
import { oneOf } from './names.ts';
import { type Params, textIn, wholeIn, yesIn } from './request.ts';
import { notHere, type Task } from './task.ts';

const NAMES = ['cdrId', 'callId', 'cidInterval', 'zip', 'ogg', 'saveaudio_afterconnect'];
const OF_HEADERS = ['customHeader', 'customHeaderValue', 'calldate'];
/** Characters of the paths that the audit log is told. */
const PATHS_TOLD = 4_000;

export const getVoiceRecording: Task = {
  like: { number: 20036, right: 'recording.read' },
  async handle({ sent, services, caller, request, reason }): Promise<Reply> {
    const params = oneOf(sent, [...NAMES, ...OF_HEADERS]);
    if (OF_HEADERS.some((name) => params.has(name)))
      throw notHere('a search by customHeader', 'headers of SIP are not captured');
    if (yesIn(params, 'ogg')) throw notHere('ogg', 'cdrd has no encoder, recordings are WAV');
    yesIn(params, 'saveaudio_afterconnect');
    const isZip = yesIn(params, 'zip') ?? false;
    const paths = await pathsOf(await callsOf(params, services), services);
    const [first = '', ...others] = [...new Set(paths)];
    if (others.length > 0 && !isZip)
      throw new CgiError(
        'conflict',
        `there are ${others.length + 1} recordings of it: ask with zip, or by cdrId`,
        'callId',
      );
    const files = await filesAt([first, ...others], services);
    const detail = {
      files: files.length,
      paths: files
        .map(({ path }) => path)
        .join(';')
        .slice(0, PATHS_TOLD),
    };
    services.notes.done({ ...byOf(caller, request, reason), action: 'recordings.downloaded', detail });
    const filename = first.slice(first.lastIndexOf('/') + 1);
    const [{ file } = { file: null }] = files;
    return isZip || !file
      ? archive(files, filename.replace(/\.wav$/i, '.zip'), services)
      : { kind: 'file', type: 'audio/wav', filename, save: true, file };
  },
};

/** Ids of the calls that are asked for. */
function callsOf(params: Params, services: Services): number[] | Promise<number[]> {
  const cdrId = wholeIn(params, 'cdrId');
  const hasCallId = textIn(params, 'callId') !== '';
  if (cdrId !== undefined && hasCallId) throw new CgiError('invalid', 'give cdrId or callId, not both', 'callId');
  if (hasCallId) return callsNamed(params, services);
  if (cdrId === undefined) throw new CgiError('invalid', 'cdrId or callId is missing', 'cdrId');
  return [cdrId];
}

/** Of those that were recorded. @throws {CgiError} `not_found` where there is no such call, or none was recorded */
async function pathsOf(ids: readonly number[], { store, medium }: Services): Promise<string[]> {
  const paths: string[] = [];
  for (const id of ids) {
    const detail = await store.ask('callDetail', { id, present: medium.state().medium ?? null });
    if (!detail) throw new CgiError('not_found', `there is no call ${id}, or it was deleted`, 'cdrId');
    paths.push(detail.trace.calls.find((call) => call.id === id)?.recording ?? '');
  }
  const recorded = paths.filter((path) => path !== '');
  if (recorded.length === 0) throw new CgiError('not_found', `call ${ids.join(', ')} was not recorded`);
  return recorded;
}

interface Found {
  readonly path: string;
  readonly file: ReplyFile;
}

/** @throws {CgiError} `storage_offline` where the medium is away; `not_found` where the file has gone from it */
async function filesAt(paths: readonly string[], services: Services): Promise<Found[]> {
  const looked = await services.recordingFiles.look(paths);
  const files = paths.map((path, index) => ({ path, file: looked[index] ?? null }));
  const missing = files.filter(({ file }) => !file).map(({ path }) => path);
  await refuseElsewhere(services, missing);
  if (missing.length > 0) throw new CgiError('not_found', `the recording ${missing[0]} is not there any more`);
  return files.flatMap(({ path, file }) => (file ? [{ path, file }] : []));
}

/** @throws {CgiError} `too_large` */
function archive(files: readonly Found[], filename: string, { recordingFiles }: Services): Reply {
  const entries = files.map(
    ({ path, file }): Entry => ({ name: path, size: file.size, mtimeMs: file.mtimeMs, content: file }),
  );
  const large = entries.find((entry) => !fitsZip(entry));
  if (large) throw new CgiError('too_large', `${large.name} is over 4 GB: ask without zip`, 'zip');
  const bytes = zip(entries, recordingFiles);
  return { kind: 'archive', type: 'application/zip', filename, size: zipSize(entries), bytes };
}
