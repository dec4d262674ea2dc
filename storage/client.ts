/**
 * The store as the main thread sees it. It never runs SQL itself: with a worn flash a commit takes 150 ms, and on this
 * thread it would stall every request and every event for as long.
 */
import { Worker } from 'node:worker_threads';
import type { DiskStatus } from './disk.ts';
import { StoreError, storeError } from './errors.ts';
import type { FileWork } from './file-work.ts';
import type {
  CallFilter,
  Candidates,
  Count,
  Cursor,
  Dimension,
  Field,
  Format,
  Hits,
  Page,
  RecordingFilter,
  TotalsStep,
  TruthFilter,
  TruthTally,
} from './filter.ts';
import { HitList, slicesOf } from './hits.ts';
import { createLanes, type Lane, type Lanes, type Transport } from './lanes.ts';
import { letGo } from './let-go.ts';
import { createLongListings } from './long-listings.ts';
import { byIndex } from './model/number-search.ts';
import type { Operation, Operations, Step, StepDone, StoreOptions, Write, Written } from './store.ts';
import type { Answer } from './worker.ts';

/** Aim of one step of a listing, ms; none may hold the store for over 20 ms. */
const STEP_AIM_MS = 10;
/** Rows looked at in a step: it starts in the middle and follows the measured time. */
const SCAN = { first: 500, min: 50, max: 5_000 };
/** The same of a step that only counts: of no row more is made, so none costs much more than another. */
const COUNTED_MAX = 20_000;
/** Aim of a page's size, bytes: larger ones cost memory for every client, smaller ones a message each. */
const PAGE_BYTES = 262_144;

/** Of the worker's heap: its garbage lives for one step. Without the bound a full export added 4 MB more. */
const YOUNG_MB = 2;

/** Listings at a time that hold what the search index found for them, some 3 MB each; a further one looks at every call. */
const HIT_LISTS_MAX = 4;

/** What a listing can be asked for: its page and count operations and its filter. */
export interface Listings {
  call: CallFilter;
  recording: RecordingFilter;
  truth: TruthFilter;
}

export interface Listing<Filter> {
  readonly filter: Filter;
  readonly fields: readonly Field[];
  /** How rows are written; absent: JSON. */
  readonly format?: Format;
  readonly order: 'asc' | 'desc';
  /** Where an earlier answer ended. */
  readonly after?: Cursor | null;
  /** Rows to pass over first. */
  readonly offset?: number;
  /** Rows wanted; absent: all. */
  readonly limit?: number;
}

export interface StoreClient {
  /** Writes durably: settles after the commit. Items given during a commit share the next one, in order. */
  write(item: Write): Promise<Written>;
  /** A step of long work that writes: it gives way to questions and to records, and settles after its own commit. */
  step(step: Step): Promise<StepDone>;
  ask<O extends Exclude<Operation, 'write' | 'step'>>(
    operation: O,
    ...argument: Parameters<Operations[O]>
  ): Promise<ReturnType<Operations[O]>>;
  /** The same for one step of long work: it gives way to questions and to records. */
  work<O extends Exclude<Operation, 'write' | 'step'>>(
    operation: O,
    ...argument: Parameters<Operations[O]>
  ): Promise<ReturnType<Operations[O]>>;
  /**
   * The pages of a listing, one a step; a step that found nothing gives an empty one. The store works on the next while
   * the caller has one, and on no more: who asks for none has it stop there. A page is good until the next is asked for.
   * Rejects with `busy` in the place of the first rows when too many listings of several pages are being read.
   */
  pages<Kind extends keyof Listings>(kind: Kind, listing: Listing<Listings[Kind]>): AsyncGenerator<Page>;
  /** Counts likewise: the sum of all steps is how many match. */
  count<Kind extends keyof Listings>(kind: Kind, filter: Listings[Kind]): AsyncGenerator<Count>;
  /** Sums over calls likewise: the sum of all steps is the total. */
  totals(filter: CallFilter, by: readonly Dimension[]): AsyncGenerator<TotalsStep>;
  /** Counts findings of the truth report by code, likewise. */
  tally(filter: TruthFilter): AsyncGenerator<TruthTally>;
  /** Called after each durable commit with its milliseconds, fsync included. */
  onCommit(listener: (ms: number) => void): void;
  /** What the store's disk lets it do, as its last answer told. */
  readonly disk: DiskStatus;
  /** Called when an answer told that something of it has changed, before the asker hears of that answer. */
  onDisk(listener: (disk: DiskStatus) => void): void;
  /** Requests waiting or under way. */
  depth(lane: Lane): number;
  /** Finishes what was asked and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens the store in a worker thread.
 * @param onDeath Called when the worker ends by itself, or meets damage in the file (`corrupt`), maybe again and again:
 *   without a store the process can't go on.
 * @throws {StoreError} when the file can't be opened.
 */
export async function openStoreWorker(
  options: StoreOptions,
  worker: URL,
  onDeath: (error: StoreError) => void,
): Promise<StoreClient> {
  const thread = new Worker(worker, {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  /** Its end is no surprise: it hasn't told yet that the file is open, or was asked to close it. */
  let expected = true;
  let death = new StoreError('closed', 'the store has ended');

  const post = (message: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject });
      thread.postMessage({ id: lastId, ...message });
    });
  thread.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  thread.on('error', (error) => {
    death = storeError(error, 'in the store worker');
  });
  const ended = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      for (const { reject } of waiting.values()) reject(death);
      waiting.clear();
      lanes.fail(death);
      if (!expected) onDeath(death);
      resolve();
    });
  });

  let commit: (ms: number) => void = () => {};
  let disk: DiskStatus | undefined;
  let hear: (disk: DiskStatus) => void = () => {};
  const transport: Transport = async (request) => {
    const answer = await post(request);
    if (answer.disk) {
      disk = answer.disk;
      hear(disk);
    }
    const corrupt = corruptionIn(answer);
    if (corrupt) onDeath(corrupt);
    if (answer.error) throw new StoreError(answer.error.code, answer.error.message);
    if (request.operation === 'write' || request.operation === 'step') commit(answer.commitMs);
    return answer;
  };
  const lanes = createLanes(transport);

  // The worker opens the file first: whether that went well is what its first answer tells.
  const opened = await post({ operation: 'open' });
  if (opened.error) {
    await ended;
    throw new StoreError(opened.error.code, opened.error.message);
  }
  disk = opened.disk;
  expected = false;
  return clientOf(lanes, {
    disk: () => disk as DiskStatus, // an opened store has told it
    onDisk: (listener) => {
      hear = listener;
    },
    onCommit: (listener) => {
      commit = listener;
    },
    async close() {
      await lanes.drain();
      expected = true;
      void post({ operation: 'close' }).catch(() => {});
      await ended;
    },
  });
}

/** Damage that SQLite has met, in the answer itself or in one of the writes that share it. */
function corruptionIn({ error, value }: Answer): StoreError | null {
  const faults = [
    error,
    ...(Array.isArray(value) ? value.map((each: { failed?: typeof error } | null) => each?.failed) : []),
  ];
  const found = faults.find((fault) => fault?.code === 'corrupt');
  return found ? new StoreError(found.code, found.message) : null;
}

/**
 * Work on the store's file while it isn't open, in a worker of its own: the database's code never comes into this thread.
 * It may take minutes. @throws {StoreError}
 */
export async function workOnFile<O extends keyof FileWork>(
  worker: URL,
  operation: O,
  argument: Parameters<FileWork[O]>[0],
): Promise<ReturnType<FileWork[O]>> {
  const thread = new Worker(worker);
  try {
    return await new Promise((resolve, reject) => {
      thread.once('message', ({ value, error }: Answer) => {
        if (error) reject(new StoreError(error.code, error.message));
        else resolve(value as ReturnType<FileWork[O]>);
      });
      thread.once('error', (error) => reject(storeError(error, operation)));
      thread.once('exit', () => reject(new StoreError('internal', `${operation} ended without an answer`)));
      thread.postMessage({ id: 1, operation, argument });
    });
  } finally {
    await thread.terminate();
  }
}

/** What a client has of the store itself, beside its lanes. */
export interface ClientParts extends Pick<StoreClient, 'onCommit' | 'onDisk' | 'close'> {
  disk(): DiskStatus;
}

/** A client over any lanes. */
export function clientOf(lanes: Lanes, { onCommit, onDisk, disk, close }: ClientParts): StoreClient {
  let hitLists = 0;
  const longListings = createLongListings();
  return {
    onCommit,
    onDisk,
    get disk() {
      return disk();
    },
    close,
    depth: lanes.depth,
    async write(item) {
      const outcome = await lanes.write(item);
      if ('failed' in outcome) throw new StoreError(outcome.failed.code, outcome.failed.message);
      return outcome.done;
    },
    step: async (step) => (await lanes.ask('bulk', { operation: 'step', argument: step })).value as StepDone,
    ask: async (operation, ...[argument]) => (await lanes.ask('interactive', { operation, argument })).value as never,
    work: async (operation, ...[argument]) => (await lanes.ask('bulk', { operation, argument })).value as never,
    pages: (kind, listing) =>
      longListings.bound(
        searched(
          kind,
          listing.filter,
          (ids) => foundPages(lanes, ids, listing as Listing<CallFilter>),
          () => scannedPages(lanes, kind, listing),
        ),
        listing.limit ?? Number.POSITIVE_INFINITY,
      ),
    count: (kind, filter) => looked<Count>(kind, `${kind}Count`, filter),
    tally: (filter) => steps<TruthTally>(lanes, 'truthTally', null, () => ({ filter })),
    totals: (filter, by) => looked<TotalsStep>('call', 'callTotals', filter, { by }),
  };

  /** By what the search index finds, where it serves and not too many hold such a list already. */
  async function* searched<Step>(
    kind: keyof Listings,
    filter: object,
    found: (ids: string) => AsyncGenerator<Step>,
    scanned: () => AsyncGenerator<Step>,
  ): AsyncGenerator<Step> {
    if (!servesSearch(kind, filter) || hitLists >= HIT_LISTS_MAX) return yield* scanned();
    hitLists += 1;
    try {
      const ids = await candidatesOf(lanes, filter);
      if (ids !== null) return yield* found(ids);
    } finally {
      hitLists -= 1;
    }
    yield* scanned();
  }

  /** Steps that look at a filter's rows in any order. */
  function looked<Step extends { readonly next: Cursor | null }>(
    kind: keyof Listings,
    operation: Operation,
    filter: object,
    more: object = {},
  ): AsyncGenerator<Step> {
    return searched(
      kind,
      filter,
      (ids) => slices<Step>(lanes, ids, operation, filter, more),
      () => steps<Step>(lanes, operation, null, () => ({ filter, ...more })),
    );
  }
}

function servesSearch(kind: keyof Listings, filter: object): boolean {
  const { src, dst, since } = filter as CallFilter;
  return kind === 'call' && byIndex(src, dst, since);
}

/** What the search index says may match, ids joined by commas; null where the calls are looked at in order. */
async function candidatesOf(lanes: Lanes, filter: object): Promise<string | null> {
  const found: string[] = [];
  let known = 0;
  let after: number | null = 0;
  while (after !== null) {
    const lane = known === 0 ? 'interactive' : 'bulk';
    const answer = await lanes.ask(lane, { operation: 'callCandidates', argument: { filter, after, known } });
    const step = answer.value as Candidates | null;
    if (!step) return null;
    if (step.count > 0) found.push(step.ids);
    known += step.count;
    after = step.last;
  }
  return found.join(',');
}

/**
 * Pages one after another: while one is written the next is made, and no more than that. A page's memory is freed when
 * the one behind it is asked for.
 * @param next Asks for the page behind the last one; null: there is none.
 */
async function* oneAhead(next: (last: Page | null) => Promise<Page> | null): AsyncGenerator<Page> {
  let ahead = next(null);
  try {
    while (ahead) {
      const page: Page = await ahead;
      ahead = next(page);
      ahead?.catch(() => {}); // told when it is asked for
      yield page;
      letGo(page.bytes);
    }
  } finally {
    ahead?.then(({ bytes }) => letGo(bytes)).catch(() => {});
  }
}

/** Pages along an index. */
function scannedPages(
  lanes: Lanes,
  kind: keyof Listings,
  {
    filter,
    fields,
    format = 'json',
    order,
    after = null,
    offset = 0,
    limit = Number.POSITIVE_INFINITY,
  }: Listing<object>,
): AsyncGenerator<Page> {
  const pace = createPace();
  let skip = offset;
  let left = limit;
  // The first comes before whatever is long already, the others give way to everybody.
  const ask = async (lane: 'interactive' | 'bulk', cursor: Cursor | null): Promise<Page> => {
    const passed = skip > 0; // what is passed over needs no fields
    const { scan } = pace;
    const shown = passed ? { fields: [], format: 'json' as const } : { fields, format };
    const argument = { filter, ...shown, order, limit: Math.min(passed ? skip : left, scan), scan, after: cursor };
    const { value, ms } = await lanes.ask(lane, { operation: `${kind}Page`, argument });
    const page = value as Page;
    pace.took(ms, page.bytes.length);
    if (!passed) {
      left -= page.rows;
      return page;
    }
    skip -= page.rows;
    letGo(page.bytes);
    return { bytes: new Uint8Array(), rows: 0, next: page.next };
  };
  return oneAhead((last) => {
    if (!last) return ask('interactive', after);
    return last.next && left > 0 ? ask('bulk', last.next) : null;
  });
}

/** Pages of what the search index found: first which of it matches, then the rows wanted. */
async function* foundPages(
  lanes: Lanes,
  ids: string,
  {
    filter,
    fields,
    format = 'json',
    order,
    after = null,
    offset = 0,
    limit = Number.POSITIVE_INFINITY,
  }: Listing<CallFilter>,
): AsyncGenerator<Page> {
  const list = new HitList();
  const nothing = { bytes: new Uint8Array(), rows: 0, next: null };
  for await (const hits of slices<Hits>(lanes, ids, 'callHits', filter)) {
    list.add(hits.text);
    yield nothing;
  }
  const total = list.size;
  const hits = list.ordered(order, after).slice(offset);
  const pace = createPace();
  let left = limit;
  let at = 0;
  const ask = async (): Promise<Page> => {
    const part = hits.slice(at, at + Math.min(left, pace.scan));
    at += part.length;
    const request = { filter, fields, format, order, after: null, limit: part.length, scan: part.length };
    const argument = { ...request, ids: part.map(({ id }) => id).join(',') };
    const { value, ms } = await lanes.ask('bulk', { operation: 'callPage', argument });
    const page = value as Page;
    left -= page.rows;
    pace.took(ms, page.bytes.length);
    return { ...page, next: at < hits.length ? (part.at(-1) ?? null) : null, total };
  };
  yield* oneAhead((last) => (!last || (left > 0 && at < hits.length) ? ask() : null));
}

/** Steps through candidates. */
async function* slices<Step>(
  lanes: Lanes,
  ids: string,
  operation: Operation,
  filter: object,
  more: object = {},
): AsyncGenerator<Step> {
  const pace = createPace();
  for (const left = slicesOf(ids); !left.done; ) {
    const argument = { filter, ...more, after: null, scan: pace.scan, ids: left.next(pace.scan) };
    const { value, ms } = await lanes.ask('bulk', { operation, argument });
    pace.took(ms);
    yield value as Step;
  }
}

/** How many rows the next step looks at, by how long the last one took and how much it gave. */
function createPace(max = SCAN.max) {
  let scan = SCAN.first;
  return {
    get scan() {
      return scan;
    },
    took(ms: number, bytes = 0) {
      const factor = Math.min(4, STEP_AIM_MS / Math.max(ms, 0.1), PAGE_BYTES / Math.max(bytes, 1));
      scan = Math.round(Math.max(SCAN.min, Math.min(max, scan * factor)));
    },
  };
}

/** Walks along an index in steps: the first comes before whatever is long already, the others give way to everybody. */
async function* steps<Step extends { readonly next: Cursor | null }>(
  lanes: Lanes,
  operation: Operation,
  from: Cursor | null,
  request: (scan: number) => object,
): AsyncGenerator<Step> {
  const pace = createPace(operation.endsWith('Count') ? COUNTED_MAX : SCAN.max);
  let after = from;
  let lane: 'interactive' | 'bulk' = 'interactive';
  do {
    const { value, ms } = await lanes.ask(lane, {
      operation,
      argument: { ...request(pace.scan), scan: pace.scan, after },
    });
    const step = value as Step;
    yield step;
    after = step.next;
    pace.took(ms);
    lane = 'bulk';
  } while (after);
}
