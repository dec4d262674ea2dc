/**
 * What a call writes to the disk of the store: calls of a scripted PBX, one by one (each waits until the one before is
 * stored) and in a burst, until they are closed and the search index is at rest. strace counts the fsyncs and the bytes that
 * are written; what reaches the disk, pages and all, the kernel counts (/proc/PID/io), in a pass without strace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from '../fault/box.ts';
import { figure, until } from '../fault/box.ts';
import { emptyLedger, nextCall, type Peer, startPeer } from '../fault/peer.ts';
import type { BenchStore } from './generate.ts';
import { notThere, type Row, stated } from './row.ts';
import { type OpenStage, onCopy, openStage } from './stage.ts';

const CALLS = { one: 200, burst: 2_000 };
/** Without a write for so long, ms, it is at rest. */
const REST_MS = 3_000;

interface Written {
  readonly calls: number;
  readonly records: number;
  readonly fsyncs: number;
  readonly bytes: number;
}

export const writesRows = (): Promise<Row[]> =>
  onCopy(async (store, place) => {
    const rows: Row[] = [];
    for (const kind of ['one', 'burst'] as const) {
      const name = `flash: a call's writes, ${kind === 'one' ? 'one by one' : `burst of ${CALLS.burst}`}`;
      try {
        const traced = await placed(store, place, kind, 'traced');
        const counted = await placed(store, place, kind, 'counted');
        const each = (value: number, { calls }: Written) => value / calls;
        const kb = (value: number) => (value / 1000).toFixed(1);
        const fsyncs = each(traced.fsyncs, traced);
        rows.push(
          stated(
            name,
            `${fsyncs.toFixed(2)} fsyncs, ${kb(each(counted.bytes, counted))} kB to the disk: ${kb(each(traced.bytes, traced))} kB by write calls; ${traced.calls} calls of ${traced.records} records`,
            { traced, counted },
          ),
        );
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        rows.push(notThere(name, '–', 'there is no strace here'));
      }
    }
    return rows;
  });

async function placed(
  store: BenchStore,
  place: Folders,
  kind: 'one' | 'burst',
  how: 'traced' | 'counted',
): Promise<Written> {
  const ledger = emptyLedger();
  // Each pass's calls are new ones.
  ledger.calls = Math.floor(Date.now() / 10) % 1_000_000_000;
  const peer = await startPeer(ledger);
  try {
    const stage = await openStage(store, place, { pbx: peer.port });
    try {
      await until('the PBX has a listener', () => peer.up, 30);
      await atRest(stage);
      const before = diskBytes(stage.box.pid);
      const stop = how === 'traced' ? await trace(stage) : null;
      const records = await placeCalls(stage, peer, ledger, kind);
      await atRest(stage);
      const seen = stop === null ? { fsyncs: Number.NaN, bytes: diskBytes(stage.box.pid) - before } : await stop();
      return { ...seen, calls: CALLS[kind], records };
    } finally {
      await stage.close();
    }
  } finally {
    await peer.close();
  }
}

async function placeCalls(
  { url }: OpenStage,
  peer: Peer,
  ledger: ReturnType<typeof emptyLedger>,
  kind: 'one' | 'burst',
): Promise<number> {
  const begun = ledger.sent.length;
  const stored = async () => {
    const count = await figure(url, 'cdrd_records_total{result="stored"}');
    return count === ledger.sent.length;
  };
  for (let call = 0; call < CALLS[kind]; call++) {
    peer.send(nextCall(ledger));
    if (kind === 'one') await until('the record is stored', stored, 30);
  }
  await until('every record is stored', stored, 120);
  await until('every call is closed', async () => (await figure(url, 'cdrd_open_calls')) === 0, 120);
  return ledger.sent.length - begun;
}

/** Bytes that the process has caused to be written to a disk. */
function diskBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

async function atRest({ box }: OpenStage): Promise<void> {
  let bytes = -1;
  let since = performance.now();
  const quiet = () => {
    const now = diskBytes(box.pid);
    if (now !== bytes) [bytes, since] = [now, performance.now()];
    return performance.now() - since > REST_MS;
  };
  await until('the store is at rest', quiet, 180);
}

/** @returns what ends it and gives what was seen. @throws ENOENT without strace. */
async function trace({ box, place }: OpenStage): Promise<() => Promise<Pick<Written, 'fsyncs' | 'bytes'>>> {
  const output = join(place.root, 'strace');
  const calls = 'trace=fsync,fdatasync,write,writev,pwrite64,pwritev';
  const words = ['-f', '-y', '-qq', '-s', '0', '-e', calls, '-o', output, '-p', String(box.pid)];
  const child: ChildProcess = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  if (child.exitCode !== null) throw new Error(`strace ends with ${child.exitCode}`);
  return async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
    return writtenIn(readFileSync(output, 'latin1'), place.state);
  };
}

/** @param text strace's, with the paths of descriptors. @param folder Of the files that count. */
export function writtenIn(text: string, folder: string): Pick<Written, 'fsyncs' | 'bytes'> {
  let [fsyncs, bytes] = [0, 0];
  // Of a call that another thread's interrupts, the result comes on a line of its own: `<... fsync resumed>) = 0`.
  const begun = new Map<string, boolean>();
  for (const line of text.split('\n')) {
    const [, thread = '', call = '', rest = ''] = /^(\d+)\s+(?:<\.\.\. )?(\w+)(.*)$/.exec(line) ?? [];
    const resumed = rest.startsWith(' resumed');
    const counts = resumed ? begun.get(thread) === true : new RegExp(`^\\(\\d+<${folder}/`).test(rest);
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, counts);
      continue;
    }
    const result = Number(/ = (-?\d+)/.exec(rest)?.[1] ?? -1);
    if (!counts || result < 0) continue;
    if (/^f(data)?sync$/.test(call)) fsyncs++;
    else bytes += result;
  }
  return { fsyncs, bytes };
}
