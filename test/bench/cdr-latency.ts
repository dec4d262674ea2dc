/**
 * How long a client waits for `Event: Cdr` after Asterisk has sent its own: in between the record becomes durable. Ten
 * records a second by a scripted PBX into the store of a million calls, heard by one AMI client; in this one process, so
 * that one clock measures both ends. The disk's own fsync is measured between the records, in the same folder.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../fault/box.ts';
import { emptyLedger, nextCall, startPeer } from '../fault/peer.ts';
import { ascending, quantile } from './arithmetic.ts';
import { listen, openAmi } from './listener.ts';
import type { Row } from './row.ts';
import { onCopy, openStage } from './stage.ts';

const SECONDS = 60;
const EVERY_MS = 100;
/** The first records warm up what production has warm: they aren't counted. */
const WARM_UP = 50;
/** What a small commit adds to the log: some pages. */
const COMMIT_BYTES = 16 * 4_120;
const AIM = { p50: 20, p99: 60 };

export const cdrRows = (): Promise<Row[]> =>
  onCopy(async (store, place) => {
    const ledger = emptyLedger();
    const peer = await startPeer(ledger);
    const stage = await openStage(store, place, { pbx: peer.port });
    const probe = openSync(join(place.state, 'probe'), 'w');
    try {
      const sent: number[] = [];
      const late: number[] = [];
      const fsyncs: number[] = [];
      const port = await openAmi(stage.box, join(place.root, 'run'));
      const socket = await listen(port, (uniqueId) => {
        const at = performance.now();
        const index = late.length;
        if (!ledger.sent[index]?.startsWith(`${uniqueId}/`)) throw new Error(`${uniqueId} came out of turn`);
        late.push(at - (sent[index] ?? Number.NaN));
      });
      await until('the daemon logs in to the PBX', () => peer.up, 30);
      const begun = performance.now();
      while (performance.now() - begun < SECONDS * 1000)
        for (const record of nextCall(ledger)) {
          sent.push(performance.now());
          peer.send([record]);
          const due = begun + sent.length * EVERY_MS;
          await pause(Math.max(1, due - performance.now() - EVERY_MS / 2));
          fsyncs.push(fsyncOf(probe));
          await pause(Math.max(1, due - performance.now()));
        }
      await until('every Cdr is announced', () => late.length === sent.length, 30);
      socket.destroy();
      return [rowOf(ascending(late.slice(WARM_UP)), ascending(fsyncs))];
    } finally {
      closeSync(probe);
      await stage.close();
      await peer.close();
    }
  });

/** Milliseconds. */
function fsyncOf(file: number): number {
  const begun = performance.now();
  writeSync(file, Buffer.alloc(COMMIT_BYTES, 1));
  fsyncSync(file);
  return performance.now() - begun;
}

function rowOf(late: readonly number[], fsyncs: readonly number[]): Row {
  const [p50, p99] = [quantile(late, 0.5), quantile(late, 0.99)];
  const [sync50, sync99] = [quantile(fsyncs, 0.5), quantile(fsyncs, 0.99)];
  const beyond = [p50 - sync50, p99 - sync99].map((ms) => Math.max(0, ms)) as [number, number];
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return {
    name: '`Event: Cdr` after Asterisk’s, 10 records/s',
    short: `p50 ${ms(beyond[0])}, p99 ${ms(beyond[1])}`,
    result: `p50 ${ms(beyond[0])}, p99 ${ms(beyond[1])} beyond an fsync: ${ms(p50)}, ${ms(p99)}, worst ${ms(late.at(-1) ?? Number.NaN)} of ${late.length} records; an fsync ${ms(sync50)}, ${ms(sync99)}`,
    aim: `p50 ≤ ${AIM.p50} ms, p99 ≤ ${AIM.p99} ms beyond one fsync`,
    met: beyond[0] <= AIM.p50 && beyond[1] <= AIM.p99,
    figures: { late: { p50, p99, worst: late.at(-1) }, fsync: { p50: sync50, p99: sync99 } },
  };
}
