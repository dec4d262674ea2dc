/**
 * Three lanes to the store: ingest before interactive before bulk. A message port can't be reordered, so the queues are
 * on this side and each lane has one message under way: a call record never waits for more than two bounded steps.
 * What waits in the ingest lane during a commit goes into the next one together.
 */
import { StoreError } from './errors.ts';
import type { Operation } from './store.ts';
import type { Write, WriteOutcome } from './write.ts';

export const LANES = ['ingest', 'interactive', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

/** What waits in a lane, at most. Beyond it the asker is told `busy`, which is better than an answer minutes late. */
const LANE_MAX: Readonly<Record<Lane, number>> = {
  ingest: 10_000, // a minute of the busiest Asterisk; what is refused here, its CDR file still has
  interactive: 256,
  bulk: 256,
};

/** Writes in one commit at most: it bounds the time that a question waits behind it. */
const WRITES_PER_COMMIT = 256;

/** One request to the store; plain data. */
export interface Request {
  readonly operation: Operation;
  readonly argument: unknown;
}

/** What came of it, and the milliseconds that the store worked on it. */
export interface Result {
  readonly value: unknown;
  readonly ms: number;
}

/** The other side: a worker, or the same store in this thread. */
export type Transport = (request: Request) => Promise<Result>;

interface Waiting {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export interface Lanes {
  ask(lane: 'interactive' | 'bulk', request: Request): Promise<Result>;
  write(item: Write): Promise<WriteOutcome>;
  /** Requests waiting or under way. */
  depth(lane: Lane): number;
  /** Takes no more, and settles when everything asked has been answered. */
  drain(): Promise<void>;
  /** Takes no more; everything waiting fails with this error. */
  fail(error: Error): void;
}

export function createLanes(transport: Transport): Lanes {
  const queues: Record<Lane, Waiting[]> = { ingest: [], interactive: [], bulk: [] };
  const underWay: Record<Lane, number> = { ingest: 0, interactive: 0, bulk: 0 };
  let closed: Error | null = null;
  let drained = () => {};

  const depth = (lane: Lane) => queues[lane].length + underWay[lane];
  const idle = () => LANES.every((lane) => depth(lane) === 0);

  async function send(lane: Lane): Promise<void> {
    const queue = queues[lane];
    if (underWay[lane] > 0 || queue.length === 0) return;
    const batch = queue.splice(0, lane === 'ingest' ? WRITES_PER_COMMIT : 1);
    underWay[lane] = batch.length;
    try {
      if (lane === 'ingest') await sendWrites(batch);
      else for (const { request, resolve } of batch) resolve(await transport(request));
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
    underWay[lane] = 0;
    void send(lane);
    if (idle()) drained();
  }

  /** One transaction for all of them; each gets its own outcome. */
  async function sendWrites(batch: readonly Waiting[]): Promise<void> {
    const items = batch.map(({ request }) => request.argument);
    const { value, ms } = await transport({ operation: 'write', argument: items });
    batch.forEach(({ resolve }, index) => {
      resolve({ value: (value as WriteOutcome[])[index], ms });
    });
  }

  function put(lane: Lane, request: Request): Promise<Result> {
    if (closed) return Promise.reject(closed);
    // The first of a turn is as good as under way.
    if (queues[lane].length >= LANE_MAX[lane] + (lane === 'ingest' && underWay[lane] === 0 ? 1 : 0))
      return Promise.reject(new StoreError('busy', `the store's ${lane} lane is full`));
    return new Promise((resolve, reject) => {
      queues[lane].push({ request, resolve, reject });
      // What is written in the same turn, as the records of one call in one packet of the network, shares a commit.
      if (lane === 'ingest') queueMicrotask(() => void send(lane));
      else {
        void send('ingest'); // who writes and then asks finds it written
        void send(lane);
      }
    });
  }

  return {
    depth,
    ask: put,
    write: async (item) => (await put('ingest', { operation: 'write', argument: item })).value as WriteOutcome,
    drain() {
      closed ??= new StoreError('closed', 'the store is closing');
      return idle() ? Promise.resolve() : new Promise((resolve) => (drained = resolve));
    },
    fail(error) {
      closed = error;
      for (const lane of LANES) for (const { reject } of queues[lane].splice(0)) reject(error);
    },
  };
}
