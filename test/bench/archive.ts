/** A tar of a thousand recordings beside tar. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../fault/box.ts';
import { compare, memoryDuring, overLoopback, plainRequest, request } from './measure.ts';
import { compared, grown, type Row } from './row.ts';
import { onCopy, onStage, ROUNDS, SIZES, type Stage } from './stage.ts';

export const archiveRows = (): Promise<Row[]> =>
  onCopy((store, place) => onStage(store, place, [tar], store.recordings));

/** Entries compared by name and content, which a listing of checksums gives of either archive. */
async function tar(stage: Stage): Promise<Row[]> {
  const { url, token, store } = stage;
  const name = `20036, tar of ${SIZES.files} recordings | tar cf - | cat, over loopback too`;
  const paths = readFileSync(store.sounding, 'utf8').trim().split('\n');
  const list = join(stage.place.root, 'paths');
  writeFileSync(list, paths.join('\n'));
  const body = `wavefiles=${encodeURIComponent(paths.join(';'))}`;
  const ours = plainRequest(`${url}/cgi/webserve/20036`, token, body);
  const one = {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `wavefiles=${paths[0]}`,
  };
  const there = async () => (await fetch(`${url}/cgi/webserve/20036`, one)).status === 200;
  await until('the medium was looked at', there, 30);
  // A day's worth, as before the full CSV: what is loaded and compiled on first use.
  const some = encodeURIComponent(paths.slice(0, 274).join(';'));
  await request(`${url}/cgi/webserve/20036`, token, `wavefiles=${some}`)(false);
  const memory = await memoryDuring(stage.box.pid, () => ours(false));
  // From a pipe it would be read without a network; ours can't be had so.
  const peer = overLoopback('sh', '-c', `tar cf - -C "$1" -T "$2" | cat`, 'sh', store.recordings, list);
  const figures = await compare(ROUNDS.short, ours, peer, [entriesOf, entriesOf]);
  return [compared(name, 1 / 0.8, figures), grown('20036: memory', memory)];
}

/** Name and content of each entry of a tar, by its own blocks: plain and ustar headers, GNU and pax long names. */
function entriesOf(archive: Buffer): string {
  const entries: string[] = [];
  let long: string | null = null;
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number) =>
      archive.toString('utf8', at + from, at + from + length).replace(/\0[\s\S]*$/, '');
    const size = Number.parseInt(text(124, 12).trim(), 8);
    const kind = text(156, 1);
    const content = archive.subarray(at + 512, at + 512 + size);
    const prefix = text(257, 5) === 'ustar' && text(345, 155);
    if (kind === 'L') long = content.toString('utf8').replace(/\0+$/, '');
    else if (kind === 'x') long = /\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null;
    else {
      const name = long ?? (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
      entries.push(`${name} ${createHash('sha256').update(content).digest('hex')}`);
      long = null;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return `${entries.length} ${entries.sort().join('\n')}`;
}
