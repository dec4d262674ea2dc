/**
 * `make fuzz`: a million inputs over everything that reads bytes of others, and fifty thousand over the sockets of a running
 * daemon. SEED=N makes a run again, INPUTS= and SOCKETS= change how many, ONLY=NAME,NAME takes some targets, KEEP=1 writes
 * what reached new code into the corpora. What it finds is printed as a line of the corpus that it belongs into.
 */
import { fuzzPure } from './pure.ts';
import { fuzzSockets, SOCKET_TARGETS } from './sockets/all.ts';
import { createTally } from './tally.ts';
import { TARGETS } from './targets/all.ts';

const { env } = process;
const number = (name: string, fallback: number) => Number(env[name] ?? fallback);
const seed = number('SEED', Math.floor(Math.random() * 2 ** 31));
const only = env['ONLY']?.split(',');
const wanted = ({ name }: { readonly name: string }) => only === undefined || only.includes(name);

const tally = createTally((line) => console.log(line));
console.log(`SEED=${seed}`);
const targets = TARGETS.filter(wanted);
if (targets.length > 0)
  await fuzzPure({ targets, seed, inputs: number('INPUTS', 1_000_000), keep: env['KEEP'] === '1' }, tally);
const sockets = SOCKET_TARGETS.filter(wanted);
if (sockets.length > 0) await fuzzSockets(sockets, seed, number('SOCKETS', 50_000), tally);
process.exit(tally.end() ? 0 : 1);
