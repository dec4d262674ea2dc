/**
 * The stall's prober, a process of its own so that it is not held up by what it looks at: asks /healthz when it is due, on
 * connections of its own, and is a PBX that sends a record when that is due, and a listener that waits for its event. It says
 * `{ pbx }`; told where the daemon is, `ready`; on a number it sends so many records in a burst; and on `stop` it says what it
 * measured.
 */
import { request } from 'node:http';
import { emptyLedger, nextCall, startPeer } from '../fault/peer.ts';
import { ascending, quantile } from './arithmetic.ts';
import { listen } from './listener.ts';

/** Distance of two questions, and of two records, ms. Each is due at its own time, however late the one before is answered. */
const EVERY_MS = { health: 20, record: 100 };
/** Of a burst: as a whole it would hold up the prober. */
const SLICE = { ms: 5, records: 50 };
/** An event that hasn't come by then is one that was lost. */
const LOST_MS = 30_000;

export interface Daemon {
  readonly url: string;
  readonly ami: number;
}

/** Milliseconds. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

export interface Probed {
  readonly health: Delays;
  /** From the sending of a record by the PBX to its event at a listener. */
  readonly ingest: Delays;
  readonly lost: number;
}

const delaysOf = (values: readonly number[]): Delays => {
  const sorted = ascending(values);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1), count: sorted.length };
};

/** @returns what ends it. */
function every(ms: number, work: (due: number) => void): () => void {
  let due = performance.now() + ms;
  let ended = false;
  const turn = () => {
    for (; due <= performance.now() && !ended; due += ms) work(due);
    if (!ended) setTimeout(turn, due - performance.now());
  };
  setTimeout(turn, ms);
  return () => {
    ended = true;
  };
}

function askHealth(url: string, answered: () => void): void {
  const sent = request(`${url}/healthz`, { agent: false }, (answer) => answer.resume().once('end', answered));
  sent.once('error', () => {}).end(); // one that isn't answered lacks among the answers
}

if (process.send) {
  const ledger = emptyLedger();
  const peer = await startPeer(ledger);
  process.send({ pbx: peer.port });
  process.once('message', async (daemon: Daemon) => {
    const [health, ingest]: [number[], number[]] = [[], []];
    const sent = new Map<string, number>();
    await listen(daemon.ami, (id) => {
      const due = sent.get(id);
      if (due !== undefined) ingest.push(performance.now() - due);
      sent.delete(id);
    });
    while (!peer.up) await new Promise((resolve) => setTimeout(resolve, 20));
    const ends = [
      every(EVERY_MS.health, (due) => askHealth(daemon.url, () => health.push(performance.now() - due))),
      every(EVERY_MS.record, (due) => {
        const records = nextCall(ledger).slice(-1);
        for (const { uniqueId } of records) sent.set(uniqueId, due);
        peer.send(records);
      }),
    ];
    process.on('message', async (told: number | 'stop') => {
      if (told !== 'stop') {
        let left = told;
        const end = every(SLICE.ms, () => {
          for (let record = 0; record < SLICE.records; record++) peer.send(nextCall(ledger).slice(-1));
          left -= SLICE.records;
          if (left <= 0) end();
        });
        return;
      }
      for (const end of ends) end();
      const late = performance.now() + LOST_MS;
      while (sent.size > 0 && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 20));
      const probed: Probed = { health: delaysOf(health), ingest: delaysOf(ingest), lost: sent.size };
      process.send?.(probed, () => process.exit(0));
    });
    process.send?.('ready');
  });
}
