/** The thread that owns the database file: a message in, one bounded operation, a message out, in order of arrival. */
import { parentPort } from 'node:worker_threads';
import { compactAtRest } from './compaction.ts';
import type { DiskStatus } from './disk.ts';
import { type StoreErrorCode, storeError } from './errors.ts';
import { type FileWork, fileWork } from './file-work.ts';
import { type Operation, openStore, type Store, type StoreOptions } from './store.ts';

export interface Question {
  readonly id: number;
  readonly operation: Operation | keyof FileWork | 'open' | 'pulse' | 'close';
  readonly argument?: unknown;
}

export interface Answer {
  readonly id: number;
  readonly value: unknown;
  /** Milliseconds that the operation took. */
  readonly ms: number;
  /** Of a write: milliseconds that its commit took, fsync included. */
  readonly commitMs: number;
  /** What the store's disk lets it do, when something of that has changed. */
  readonly disk?: DiskStatus;
  readonly error?: { readonly code: StoreErrorCode; readonly message: string };
}

const port = parentPort;
if (!port) throw new Error('runs as a worker only');
compactAtRest();
let store: Store | null = null;
let told: DiskStatus | undefined;

function perform({ operation, argument }: Question): unknown {
  if (operation === 'open') {
    store = openStore(argument as StoreOptions);
    return store.wasOlder;
  }
  if (operation === 'close') {
    store?.close();
    return null;
  }
  if (operation === 'pulse') return null; // that it came to this is the answer
  if (Object.hasOwn(fileWork, operation) && !store)
    return (fileWork[operation as keyof FileWork] as (argument: unknown) => unknown)(argument);
  if (!store) throw new Error('the store is not open');
  return (store.operations[operation as Operation] as (argument: unknown) => unknown)(argument);
}

/** A page's memory goes with it instead of being copied. */
function memoryOf(value: unknown): ArrayBuffer[] {
  const bytes = value !== null && typeof value === 'object' && 'bytes' in value ? value.bytes : null;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}

port.on('message', (question: Question) => {
  const begin = performance.now();
  let value: unknown = null;
  let error: Answer['error'];
  try {
    value = perform(question);
  } catch (thrown) {
    const { code, message } = storeError(thrown, question.operation);
    error = { code, message };
  }
  const disk = store?.disk();
  const answer: Answer = {
    id: question.id,
    value,
    ms: performance.now() - begin,
    commitMs: store?.lastCommitMs() ?? 0,
    ...(disk && disk !== told && { disk }),
    ...(error && { error }),
  };
  told = disk;
  port.postMessage(answer, memoryOf(value));
  if (question.operation === 'close' || (question.operation === 'open' && error)) port.close();
});
