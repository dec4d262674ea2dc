/**
 * `getwavfile`: one recording, by the name that the document has programs put together: `/YYYY/MM/DD/` of a record's
 * `calldate` and its `recordingfile`. Here they lie in a folder a day, by the moment of the answer: a call that began before
 * midnight is found by the day in its own name. Its source looked whether a path begins like that of the recordings, so that
 * a folder beside theirs with a longer name was open as well; here no name leads out of them.
 */
import { refuseElsewhere } from '../../recording/elsewhere.ts';
import { type FoundFile, findFiles } from '../../recording/paths.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { byOf } from '../enter.ts';
import { type Command, errorReply } from './command.ts';

export const wavFile: Command = {
  like: { number: 20036, right: 'recording.read' },
  type: 'application/octet-stream',
  head: true,
  async answer(request, services, caller, form) {
    const paths = pathsOf((form.get('name') ?? '').trim());
    const found = await firstOf(paths, services);
    if (!found) {
      await refuseElsewhere(services, paths);
      return errorReply('File not found', 404);
    }
    const { path, file } = found;
    services.notes.done({ ...byOf(caller, request), action: 'recording.played', detail: { path } }, 'once');
    const filename = path.slice(path.lastIndexOf('/') + 1);
    return { kind: 'file', type: 'application/octet-stream', filename, save: true, file };
  },
};

/** Where it may lie, the likeliest first: as we name it ourselves, by the day asked for, by the day in its name, in no folder. */
function pathsOf(name: string): readonly string[] {
  const plain = name.replace(/^\/+/, '');
  const [, year = '', month = '', day = '', file = plain] = /^(\d{4})\/(\d\d)\/(\d\d)\/+([^/]+)$/.exec(plain) ?? [];
  if (file === '') return [];
  const [, own] = /^(\d{8})-/.exec(file) ?? [];
  const paths = year === '' ? [plain] : [`${year}${month}${day}/${file}`, ...(own ? [`${own}/${file}`] : []), file];
  return [...new Set(paths)];
}

/** What can't name a recording names none: its document knows no other answer. @throws {CgiError} `storage_offline` */
async function firstOf(
  paths: readonly string[],
  { recordingFiles }: Pick<Services, 'recordingFiles'>,
): Promise<FoundFile | null> {
  try {
    return (await findFiles(recordingFiles, paths)).found[0] ?? null;
  } catch (error) {
    if (error instanceof CgiError && error.code === 'invalid') return null;
    throw error;
  }
}
