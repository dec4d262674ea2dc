/**
 * The store as the main thread sees it. It never runs SQL itself: with a worn flash a commit takes 150 ms, and on this
 * thread it would stall every request and every event for as long.
 */
import { Worker } from 'node:worker_threads';
import type { DiskStatus } from './disk.ts';
import { StoreError, storeError } from './errors.ts';
import type { FileWork } from './file-work.ts';
import { createLanes, type Lane, type Lanes, type Transport } from './lanes.ts';
import type { Operation, Operations, Step, StepDone, StoreOptions } from './store.ts';
import { type StoreThread, startStoreThread } from './store-thread.ts';
import { createWalks, type Walks } from './walks.ts';
import type { Answer } from './worker.ts';
import type { Write, Written } from './write.ts';

export interface StoreClient extends Walks {
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
  /** Called after each durable commit with its milliseconds, fsync included. */
  onCommit(listener: (ms: number) => void): void;
  /** What the store's disk lets it do, as its last answer told. */
  readonly disk: DiskStatus;
  /** Called when an answer told that something of it has changed, before the asker hears of that answer. */
  onDisk(listener: (disk: DiskStatus) => void): void;
  /** Requests waiting or under way. */
  depth(lane: Lane): number;
  /**
   * Settles when the store has come to it, past all lanes: behind what it is at, and nothing else, however much waits. One
   * that hangs never does.
   */
  pulse(): Promise<void>;
  /** Finishes what was asked and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens the store in a worker thread. One that was of an earlier schema is gone on with in a fresh thread: memory that an
 * update has taken goes with its own alone.
 * @param worker The bundled worker, or its thread where that was begun before.
 * @param onDeath Called when the worker ends by itself, or meets damage in the file (`corrupt`), maybe again and again:
 *   without a store the process can't go on.
 * @throws {StoreError} when the file can't be opened.
 */
export async function openStoreWorker(
  options: StoreOptions,
  worker: URL | StoreThread,
  onDeath: (error: StoreError) => void,
): Promise<StoreClient> {
  const thread = worker instanceof URL ? startStoreThread(worker) : worker;
  const { client, wasOlder } = await openOn(thread, options, onDeath);
  if (!wasOlder) return client;
  await client.close();
  return (await openOn(startStoreThread(thread.entry), options, onDeath)).client;
}

/** @throws {StoreError} */
async function openOn(
  { worker: thread, ended: threadEnded }: StoreThread,
  options: StoreOptions,
  onDeath: (error: StoreError) => void,
): Promise<{ readonly client: StoreClient; readonly wasOlder: boolean }> {
  thread.ref();
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
  const ended = threadEnded.then((fault) => {
    if (fault) death = storeError(fault, 'in the store worker');
    for (const { reject } of waiting.values()) reject(death);
    waiting.clear();
    lanes.fail(death);
    if (!expected) onDeath(death);
  });

  let commit: (ms: number) => void = () => {};
  let disk: DiskStatus | undefined;
  let hear: (disk: DiskStatus) => void = () => {};
  /** Any answer may be the one that tells it. */
  function noteDisk(answer: Answer): void {
    if (!answer.disk) return;
    disk = answer.disk;
    hear(disk);
  }
  const transport: Transport = async (request) => {
    const answer = await post(request);
    noteDisk(answer);
    const corrupt = corruptionIn(answer);
    if (corrupt) onDeath(corrupt);
    if (answer.error) throw new StoreError(answer.error.code, answer.error.message);
    if (request.operation === 'write' || request.operation === 'step') commit(answer.commitMs);
    return answer;
  };
  const lanes = createLanes(transport);

  // The worker opens the file first: whether that went well is what its first answer tells.
  const opened = await post({ operation: 'open', argument: options });
  if (opened.error) {
    await ended;
    throw new StoreError(opened.error.code, opened.error.message);
  }
  disk = opened.disk;
  expected = false;
  const client = clientOf(lanes, {
    disk: () => disk as DiskStatus, // an opened store has told it
    onDisk: (listener) => {
      hear = listener;
    },
    onCommit: (listener) => {
      commit = listener;
    },
    async pulse() {
      noteDisk(await post({ operation: 'pulse' }));
    },
    async close() {
      await lanes.drain();
      expected = true;
      void post({ operation: 'close' }).catch(() => {});
      await ended;
    },
  });
  return { client, wasOlder: opened.value === true };
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
export interface ClientParts extends Pick<StoreClient, 'onCommit' | 'onDisk' | 'pulse' | 'close'> {
  disk(): DiskStatus;
}

/** A client over any lanes. */
export function clientOf(lanes: Lanes, { onCommit, onDisk, disk, pulse, close }: ClientParts): StoreClient {
  return {
    onCommit,
    onDisk,
    get disk() {
      return disk();
    },
    pulse,
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
    ...createWalks(lanes),
  };
}
