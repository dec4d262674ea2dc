/**
 * Runs one target on inputs without end: those of its corpus, then changed ones of what it has found interesting, which is
 * what reached a block of the code that nothing reached before. The same seed gives the same inputs.
 */
import { performance } from 'node:perf_hooks';
import { seededRandom } from '../simulator/random.ts';
import type { Coverage } from './coverage.ts';
import { createMutator } from './mutate.ts';
import type { Target } from './target.ts';

/** Inputs between two looks at the coverage, and which part of all is guided by it: counting makes the code three times slower. */
const BATCH = 200;
const GUIDED = 0.1;
/** Bytes of an input where the target doesn't say. */
const MAX = 2_000;
/** Milliseconds that one input may take: the slowest honest one takes 20. One over it is tried again: load is no finding. */
const SLOW_MS = 300;
const SLOW_TRIES = 3;
/** Different findings after which a target is given up, and tries to make one smaller. */
const FINDINGS_MAX = 5;
const SMALLER_TRIES = 2_000;
/** Interesting inputs that are held. */
const POOL_MAX = 4_000;

export interface Finding {
  readonly input: Buffer;
  /** What was thrown. */
  readonly error: string;
}

export interface Outcome {
  readonly inputs: number;
  readonly findings: readonly Finding[];
  /** Those that reached something new, the corpus's own left out. */
  readonly interesting: readonly Buffer[];
  /** Blocks of the code that were reached; 0: nobody looked. */
  readonly blocks: number;
  /** Milliseconds of the slowest input, and of all. */
  readonly slowestMs: number;
  readonly ms: number;
}

export interface FuzzOptions {
  readonly seed: number;
  /** How many, the corpus's own included. */
  readonly inputs: number;
  readonly corpus: readonly Buffer[];
  /** Begins to watch. Absent: every input is as good as the others. */
  readonly coverage?: () => Coverage;
  /** Called where the guided part ends: from there on nothing is kept. */
  readonly unguided?: () => void;
  /** Called before each input: whoever watches sees which one never ended. */
  readonly before?: (input: Buffer) => void;
  /** Milliseconds that one input may take; without it what holds for all targets. */
  readonly slowMs?: number;
}

export async function fuzz(target: Target, options: FuzzOptions): Promise<Outcome> {
  const { seed, inputs, corpus, coverage, unguided, before, slowMs = SLOW_MS } = options;
  const random = seededRandom(seed);
  const { mutate } = createMutator(random, target.words, target.max ?? MAX);
  const findings = new Map<string, Finding>();
  const interesting: Buffer[] = [];
  const pool: Buffer[] = corpus.length > 0 ? [...corpus] : [Buffer.alloc(0)];
  const begun = performance.now();
  let slowestMs = 0;
  let blocks = 0;

  /** What is wrong with it; null: nothing. */
  async function fault(input: Buffer): Promise<string | null> {
    before?.(input);
    const from = performance.now();
    try {
      const running = target.run(Buffer.from(input)); // a copy: what it does to its bytes is its own affair
      if (running) await running;
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const ms = performance.now() - from;
    if (ms > slowMs) return null; // settled by `slow`
    slowestMs = Math.max(slowestMs, ms);
    return null;
  }

  /** Whether it really takes so long: the quickest of some tries counts, by the time of the processor. */
  async function slow(input: Buffer): Promise<boolean> {
    let least = Number.POSITIVE_INFINITY;
    for (let time = 0; time < SLOW_TRIES; time++) {
      const from = process.cpuUsage();
      await target.run(Buffer.from(input));
      const { user, system } = process.cpuUsage(from);
      least = Math.min(least, (user + system) / 1000);
    }
    slowestMs = Math.max(slowestMs, least);
    return least > slowMs;
  }

  async function one(input: Buffer): Promise<void> {
    const from = performance.now();
    const error = await fault(input);
    if (error !== null) return note(input, error, async (smaller) => kindOf(await fault(smaller)) === kindOf(error));
    if (performance.now() - from > slowMs && (await slow(input))) await note(input, `takes over ${slowMs} ms`, slow);
  }

  async function note(input: Buffer, error: string, again: (input: Buffer) => Promise<boolean>): Promise<void> {
    if (findings.has(kindOf(error) ?? '')) return;
    findings.set(kindOf(error) ?? '', { input, error });
    const smaller = await smallest(input, again);
    findings.set(kindOf(error) ?? '', { input: smaller, error: (await fault(smaller)) ?? error });
  }

  const next = () => mutate(random.pick(pool), pool);

  let done = 0;
  let guide = coverage?.();
  for (const input of corpus) {
    await one(input);
    done++;
  }
  guide?.look();
  while (done < inputs && findings.size < FINDINGS_MAX) {
    const batch = Array.from({ length: Math.min(BATCH, inputs - done) }, next);
    for (const input of batch) await one(input);
    done += batch.length;
    const fresh = guide?.look() ?? [];
    if (!guide) continue;
    for (const input of fresh.length === 0 ? [] : await reaching(new Set(fresh), batch, guide)) {
      interesting.push(input);
      if (pool.length < POOL_MAX) pool.push(input);
      else pool[random.whole(corpus.length, POOL_MAX - 1)] = input;
    }
    blocks = guide.blocks;
    if (done < inputs * GUIDED) continue;
    guide.close();
    guide = undefined;
    unguided?.();
  }
  guide?.close();
  return {
    inputs: done,
    findings: [...findings.values()],
    interesting,
    blocks,
    slowestMs,
    ms: performance.now() - begun,
  };

  /** Of a batch those that reach something of it, the first one of each: found by running halves of it once more. */
  async function reaching(wanted: Set<string>, batch: readonly Buffer[], coverage: Coverage): Promise<Buffer[]> {
    const found: Buffer[] = [];
    const search = async (part: readonly Buffer[]): Promise<void> => {
      for (const input of part) await fault(input);
      const reached = coverage.reached(wanted);
      const [first] = part;
      if (!first || reached.length === 0) return;
      if (part.length > 1) {
        const half = Math.ceil(part.length / 2);
        await search(part.slice(0, half));
        if (wanted.size > 0) await search(part.slice(half));
        return;
      }
      found.push(first);
      for (const block of reached) wanted.delete(block);
    };
    await search(batch);
    return found;
  }

  /** Pieces are left out as long as the same goes wrong. */
  async function smallest(input: Buffer, again: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
    let best = input;
    let tries = 0;
    for (let length = Math.ceil(best.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
      for (let from = 0; from < best.length && tries < SMALLER_TRIES; ) {
        const smaller = Buffer.concat([best.subarray(0, from), best.subarray(from + length)]);
        tries++;
        if (await again(smaller)) best = smaller;
        else from += length;
      }
    }
    return best;
  }
}

/** Two findings are one where they were thrown at the same place, whatever values the message has. */
function kindOf(error: string | null): string | null {
  if (error === null) return null;
  const [message = '', ...frames] = error.split('\n');
  const place = frames.find((frame) => /^ +at /.test(frame) && !/test\/fuzz\/target\.ts/.test(frame)) ?? '';
  return `${message.split(':', 2).join(':').replaceAll(/\d+/g, '0').slice(0, 80)} ${place.trim()}`;
}
