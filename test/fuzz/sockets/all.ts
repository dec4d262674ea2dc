/**
 * The second part of `make fuzz`: changed inputs over the sockets of a built daemon that has an office in it and a scripted
 * Asterisk behind it. It may refuse, but neither die nor hang, fail inside, grow, keep descriptors or stop its service.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeOffice, startBox } from '../../security/box.ts';
import { build, ROOT } from '../../security/build.ts';
import { seededRandom } from '../../simulator/random.ts';
import { lineOf, readCorpus } from '../corpus.ts';
import { createMutator } from '../mutate.ts';
import type { Tally } from '../tally.ts';
import { amiTcp, webSocket } from './ami.ts';
import { type Attacked, attack, type SocketTarget } from './attacked.ts';
import { control } from './control.ts';
import { httpParameters, httpRaw } from './http.ts';

export const SOCKET_TARGETS: readonly SocketTarget[] = [httpRaw, httpParameters, amiTcp, webSocket, control];

/** Inputs under way at a time: below the daemon's own bounds on connections. */
const TOGETHER = 16;
/** Bytes of an input. */
const MAX = 3_000;
/** Inputs between two looks whether it still does its service. */
const LOOK = 1_000;
/** Findings after which a target is given up. */
const FINDINGS_MAX = 8;
/** Part of the inputs after which its memory is what it is: everything has been done once. */
const WARM = 0.4;
/** Megabytes that private memory may grow by from there on (the heap breathes), and that it may ever have been. */
const GROWTH_MB = 24;
const PEAK_MB = 320;
/** Descriptors that may be open beside those of the beginning, a minute after the last connection. */
const DESCRIPTORS = 8;

export async function fuzzSockets(
  targets: readonly SocketTarget[],
  seed: number,
  inputs: number,
  tally: Tally,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-fuzz-'));
  const bundle = await build(ROOT, join(folder, 'dist'));
  const office = await makeOffice(bundle);
  const box = await startBox(bundle, { office, row: 0 });
  try {
    const attacked = attack(box);
    await attacked.judgeService();
    const shares = targets.reduce((sum, { share }) => sum + share, 0);
    const counts = targets.map(({ share }) => Math.ceil((inputs * share) / shares));
    const before = attacked.figures();
    // In rounds, so that what one does to the daemon meets all the others.
    const runs = targets.map((target) => running(target, seed, attacked, tally));
    const ROUNDS = 10;
    let warm = before;
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [index, run] of runs.entries()) await run.go(Math.ceil(((counts[index] ?? 0) * round) / ROUNDS));
      if (round === Math.ceil(ROUNDS * WARM)) warm = attacked.figures();
    }
    for (const [index, run] of runs.entries()) run.end(counts[index] ?? 0);
    await attacked.judgeService();
    await settled(() => attacked.figures().descriptors <= before.descriptors + DESCRIPTORS);
    const after = attacked.figures();
    const mb = (value: number) => value.toFixed(0);
    tally.check(
      'memory',
      after.anonMb <= warm.anonMb + GROWTH_MB && after.peakMb <= PEAK_MB,
      `private ${mb(before.anonMb)} MB at first, ${mb(warm.anonMb)} warm, ${mb(after.anonMb)} at the end; ${mb(after.peakMb)} resident at most`,
    );
    tally.check(
      'descriptors',
      after.descriptors <= before.descriptors + DESCRIPTORS,
      `${before.descriptors} at first, ${after.descriptors} at the end`,
    );
    const failures = attacked.failures();
    tally.check(
      'log',
      failures.length === 0,
      failures.length === 0 ? 'nothing failed inside' : failures.slice(0, 20).join('\n'),
    );
    const code = await box.stop();
    tally.check('end', code === 0, `it stops as asked, exit ${code}`);
  } finally {
    await box.close();
    for (const each of [folder, office]) rmSync(each, { recursive: true, force: true });
  }
}

async function settled(holds: () => boolean): Promise<void> {
  for (let looks = 0; looks < 60 && !holds(); looks++) await new Promise((rest) => setTimeout(rest, 1_000));
}

interface Running {
  /** Goes on until so many inputs are done. */
  go(count: number): Promise<void>;
  end(wanted: number): void;
}

function running(target: SocketTarget, seed: number, attacked: Attacked, tally: Tally): Running {
  const corpus = readCorpus(target.corpus ?? target.name);
  const random = seededRandom(seed);
  const { mutate } = createMutator(random, target.words, MAX);
  const kinds = new Set<string>();
  let done = 0;
  let ms = 0;
  let slowest = 0;
  let slowestInput: Buffer = Buffer.alloc(0);

  async function one(input: Buffer): Promise<void> {
    const from = performance.now();
    try {
      await target.run(input, attacked);
    } catch (error) {
      const message = (error as Error).message;
      const kind = message.split(':', 1)[0] ?? '';
      if (!kinds.has(kind)) tally.found(target.name, input, message);
      kinds.add(kind);
    }
    const took = performance.now() - from;
    if (took > slowest) [slowest, slowestInput] = [took, input];
  }

  return {
    async go(count) {
      const from = performance.now();
      while (done < count && kinds.size < FINDINGS_MAX) {
        const until = Math.min(count, done + LOOK);
        const worker = async () => {
          while (done < until) {
            const input = corpus[done] ?? mutate(random.pick(corpus), corpus);
            done++;
            await one(input);
          }
        };
        await Promise.all(Array.from({ length: TOGETHER }, worker));
        await attacked.judgeService().catch((error: Error) => {
          kinds.add('service');
          tally.found(target.name, Buffer.alloc(0), `within ${LOOK} inputs up to ${done}: ${error.message}`);
        });
      }
      ms += performance.now() - from;
    },
    end(wanted) {
      const figures = `${done} inputs in ${(ms / 1000).toFixed(0)} s, slowest ${(slowest / 1000).toFixed(1)} s (${lineOf(slowestInput).slice(0, 120)})`;
      tally.check(target.name, kinds.size === 0 && done >= wanted, figures);
    },
  };
}
