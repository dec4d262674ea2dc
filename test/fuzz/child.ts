/**
 * A process of its own that fuzzes one target after another, as its parent says. Each input is written down before it is
 * tried: of a process that died, or had to be ended because it never came back, the parent reads what it was.
 */
import { openSync, writeSync } from 'node:fs';
import { readCorpus } from './corpus.ts';
import { watchCoverage } from './coverage.ts';
import { type Finding, fuzz } from './fuzz.ts';
import { TARGETS } from './targets/all.ts';

/** What the parent asks. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
}

/** What it is told; inputs are texts whose characters are bytes. */
export interface Report {
  readonly target: string;
  readonly inputs: number;
  readonly findings: readonly { readonly input: string; readonly error: string }[];
  readonly interesting: readonly string[];
  readonly blocks: number;
  readonly slowestMs: number;
  readonly ms: number;
  /** Bytes that the heap has grown by, garbage left out. */
  readonly grown: number;
}

/** Where the last input stands: its length in four bytes, then the input. */
const last = openSync(process.argv[2] ?? '', 'w');

function note(input: Buffer): void {
  const record = Buffer.alloc(4 + input.length);
  record.writeUInt32LE(input.length);
  input.copy(record, 4);
  writeSync(last, record, 0, record.length, 0);
}

function heap(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  collect?.();
  return process.memoryUsage().heapUsed;
}

const text = (input: Buffer) => input.toString('latin1');

process.on('message', async ({ target: name, seed, inputs }: Order) => {
  const target = TARGETS.find((each) => each.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  // Memory is compared from where the guided part ends: everything has been used once by then.
  let before = 0;
  const unguided = () => {
    before = heap();
  };
  // Blocks are counted of functions alone that were first called behind its beginning: so nothing is tried before.
  const outcome = await fuzz(target, {
    seed,
    inputs,
    corpus: readCorpus(name),
    coverage: watchCoverage,
    unguided,
    before: note,
  });
  const grown = before === 0 ? 0 : heap() - before;
  const findings = outcome.findings.map(({ input, error }: Finding) => ({ input: text(input), error }));
  const report: Report = { ...outcome, target: name, findings, interesting: outcome.interesting.map(text), grown };
  process.send?.(report);
});
