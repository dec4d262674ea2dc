/**
 * The first part of `make fuzz`: every target in child processes, as many as there are cores. A child whose counter stands
 * still has met an input that never ends, or nearly so; one that dies has met one that brings the process down.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Order, Report } from './child.ts';
import { addToCorpus, lineOf } from './corpus.ts';
import type { Tally } from './tally.ts';
import type { Target } from './target.ts';

/** Milliseconds for which one input may be the last one seen: a busy machine stalls too, but not for so long. */
const HANG_MS = 60_000;
/** Megabytes of a child's heap: an input that makes more of it is a finding. */
const HEAP_MB = 512;
/** Bytes that a heap may grow by while a target runs, its garbage left out: compiled code and the interesting inputs. */
const GROWTH_MAX = 24 * 1024 * 1024;
const FRAMES_SHOWN = 6;

export interface PureOptions {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Over all targets. */
  readonly inputs: number;
  /** Writes what reached something new into the corpora. */
  readonly keep: boolean;
}

export async function fuzzPure({ targets, seed, inputs, keep }: PureOptions, tally: Tally): Promise<void> {
  const shares = targets.reduce((sum, { share = 100 }) => sum + share, 0);
  const orders = targets.map(
    ({ name, share = 100 }): Order => ({ target: name, seed, inputs: Math.ceil((inputs * share) / shares) }),
  );
  // The longest first.
  orders.sort((a, b) => a.inputs - b.inputs);
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-fuzz-'));
  let done = 0;
  try {
    await Promise.all(
      Array.from({ length: availableParallelism() }, async (_, index) => {
        for (let order = orders.pop(); order; order = orders.pop()) {
          const inputs = await run(order, join(folder, `last-${index}`));
          done += inputs;
        }
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  tally.check(`${done} inputs over ${targets.length} readers`, done >= inputs, `${inputs} were wanted`);

  async function run(order: Order, last: string): Promise<number> {
    const child = fork(new URL('child.ts', import.meta.url), [last], {
      execArgv: ['--import', 'tsx', '--expose-gc', `--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: folder }, // for it is killed
    });
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk).slice(-4_000);
    });
    const report = await reportOf(child, order, last);
    child.kill('SIGKILL');
    if (typeof report === 'string') {
      const input = lastOf(last);
      tally.check(order.target, false, `${report} at ${lineOf(input)}\n${errors}`);
      return 0;
    }
    const { target, findings, interesting, blocks, slowestMs, ms, grown } = report;
    for (const { input, error } of findings)
      tally.found(target, Buffer.from(input, 'latin1'), error.split('\n').slice(0, FRAMES_SHOWN).join('\n'));
    const figures = [
      `${report.inputs} inputs in ${(ms / 1000).toFixed(0)} s`,
      `slowest ${slowestMs.toFixed(0)} ms`,
      `heap ${grown >= 0 ? '+' : ''}${(grown / 2 ** 20).toFixed(1)} MB`,
      `${blocks} blocks, ${interesting.length} inputs that reached new ones`,
    ];
    tally.check(target, findings.length === 0 && grown < GROWTH_MAX, figures.join(', '));
    if (keep)
      addToCorpus(
        target,
        `reached new blocks, seed ${seed}`,
        interesting.map((each) => Buffer.from(each, 'latin1')),
      );
    return report.inputs;
  }
}

/** What it reports; a text: what became of it instead. */
function reportOf(child: ChildProcess, order: Order, last: string): Promise<Report | string> {
  return new Promise((resolve) => {
    let seen = '';
    let since = performance.now();
    const watch = setInterval(() => {
      const now = bytesOf(last).toString('latin1');
      if (now !== seen) [seen, since] = [now, performance.now()];
      else if (performance.now() - since > HANG_MS) settle(`no end within ${HANG_MS / 1000} s`);
    }, 1_000);
    const settle = (what: Report | string) => {
      clearInterval(watch);
      resolve(what);
    };
    child.once('message', (report: Report) => settle(report));
    child.once('exit', (code, signal) => settle(`the process ended (${signal ?? code})`));
    child.once('error', (error) => settle(error.message));
    child.send(order);
  });
}

function bytesOf(last: string): Buffer {
  try {
    return readFileSync(last);
  } catch {
    return Buffer.alloc(0); // it has tried none yet
  }
}

function lastOf(last: string): Buffer {
  const bytes = bytesOf(last);
  return bytes.length < 4 ? bytes : bytes.subarray(4, 4 + bytes.readUInt32LE());
}
