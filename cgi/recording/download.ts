/** 20036: recordings as one archive, streamed (guide 2.3, table 5 and example 3). */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { CgiError, type Reply } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { refuseElsewhere } from './elsewhere.ts';
import type { Entry } from './entry.ts';
import { type FoundFiles, findFiles, wavefiles } from './paths.ts';
import { tar, tarSize } from './tar.ts';
import { fitsZip, zip, zipSize } from './zip.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Characters of the paths that the audit log is told. */
const PATHS_TOLD = 4_000;

export const downloadRecordings = verb({
  about: 'recordings as one archive',
  right: 'recording.read',
  parameters: v.strictObject({
    wavefiles,
    format: fields.oneOf('tar', 'zip'),
    skipmissing: fields.flag('send the rest, and MISSING.txt, where some have gone'),
  }),
  lines: () => 0, // a use
  async handle({ wavefiles: paths, format = 'tar', skipmissing }, services, asking): Promise<Reply> {
    const { recordingFiles, zone, now, notes } = services;
    const files = await findFiles(recordingFiles, paths);
    if (!skipmissing) await refuseElsewhere(services, files.missing);
    const [gone] = files.missing;
    if (gone !== undefined && !skipmissing) throw new CgiError('not_found', `${gone} is not there`, 'wavefiles');
    const entries = entriesOf(files, now());
    const filename = `AutoMonitor-${stamp(zone.text(now()))}.${format}`;
    const names = files.found.map(({ path }) => path);
    const detail = { files: names.length, paths: names.join(';').slice(0, PATHS_TOLD) };
    const handedOut = { ...by(asking), action: 'recordings.downloaded', detail };
    if (format === 'zip') {
      const large = entries.find((entry) => !fitsZip(entry));
      if (large) throw new CgiError('too_large', `${large.name} is over 4 GB: use format=tar`, 'format');
      notes.done(handedOut);
      const size = zipSize(entries);
      return { kind: 'archive', type: 'application/zip', filename, size, bytes: zip(entries, recordingFiles) };
    }
    notes.done(handedOut);
    const size = tarSize(entries);
    return { kind: 'archive', type: 'application/x-tar', filename, size, bytes: tar(entries, recordingFiles) };
  },
});

function entriesOf({ found, missing }: FoundFiles, now: number): Entry[] {
  const entries = found.map(({ path, file }): Entry => {
    const { size, mtimeMs } = file;
    return { name: path, size, mtimeMs, content: file };
  });
  if (missing.length === 0) return entries;
  const text = Buffer.from(missing.map((path) => `${oneLine(path)}\r\n`).join(''));
  return [...entries, { name: 'MISSING.txt', size: text.length, mtimeMs: now * 1000, content: text }];
}

/** A name as it was asked for may have line breaks, which would forge a line: as `%0A`. */
function oneLine(path: string): string {
  return path.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, encodeURIComponent);
}

/** `2021Apr14.184654` of `2021-04-14 18:46:54`. */
function stamp(text: string): string {
  const [, year, month, day, time = ''] = /^(\d+)-(\d+)-(\d+) (.*)$/.exec(text) ?? [];
  return `${year}${MONTHS[Number(month) - 1]}${day}.${time.replaceAll(':', '')}`;
}
