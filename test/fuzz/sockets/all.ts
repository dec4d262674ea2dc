/**
 * The second part of `make fuzz`: changed inputs over the sockets of a built daemon that has an office in it and a scripted
 * Asterisk behind it. It may refuse, but neither die nor hang, fail inside, grow, keep descriptors or stop its service.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
/** In so many rounds, so that what one target does to the daemon meets all the others. */
const ROUNDS = 10;
/**
 * Megabytes that private memory may grow by from the end of the first round on, garbage left out, and that may ever have been
 * resident. Between two collections it swings by 40: of 50,000 inputs a leak is seen from 300 bytes an input on.
 */
const GROWTH_MB = 12;
/** Milliseconds within which every thread has collected its garbage. */
const COLLECTED_MS = 5_000;
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
  const hook = join(folder, 'collect.cjs');
  copyFileSync(new URL('collect.cjs', import.meta.url), hook);
  const box = await startBox(bundle, { office, row: 0, flags: ['--require', hook] });
  /** Private memory in megabytes, of what is held. */
  async function held(): Promise<number> {
    writeFileSync(join(folder, 'collect'), '');
    await new Promise((rest) => setTimeout(rest, COLLECTED_MS));
    return attacked.figures().anonMb;
  }
  const attacked = attack(box);
  try {
    await attacked.judgeService();
    const shares = targets.reduce((sum, { share }) => sum + share, 0);
    const counts = targets.map(({ share }) => Math.ceil((inputs * share) / shares));
    const before = attacked.figures();
    const runs = targets.map((target) => running(target, seed, attacked, tally));
    const rounds: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [index, run] of runs.entries()) await run.go(Math.ceil(((counts[index] ?? 0) * round) / ROUNDS));
      rounds.push(round === 1 || round === ROUNDS ? await held() : attacked.figures().anonMb);
    }
    for (const [index, run] of runs.entries()) run.end(counts[index] ?? 0);
    await attacked.judgeService();
    await settled(() => attacked.figures().descriptors <= before.descriptors + DESCRIPTORS);
    const after = attacked.figures();
    const last = await held();
    const grown = last - (rounds[0] ?? 0);
    const mb = (value: number) => value.toFixed(0);
    tally.check(
      'memory',
      grown <= GROWTH_MB && after.peakMb <= PEAK_MB,
      `private ${mb(before.anonMb)} MB at first, ${rounds.map(mb).join(', ')} after the rounds, ${mb(last)} at the end, garbage left out of the first round's and the last two; ${mb(after.peakMb)} resident at most`,
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
    // It ends itself by SIGKILL where its stop takes too long: its last lines say why.
    const lines = code === 0 ? '' : `\n${(await box.log()).split('\n').slice(-6).join('\n')}`;
    tally.check('end', code === 0, `it stops as asked, exit ${code}${lines}`);
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
