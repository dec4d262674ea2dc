/**
 * V8 begins to take notes on the types that a function meets, for its compilers, once it has been called eight times. What a
 * daemon calls so often while it starts and never again keeps them, and the code made from them, for good. So it waits for
 * longer; what is called all day is past that in a moment.
 */
import { setFlagsFromString } from 'node:v8';

/** Calls before notes are taken; a loop counts by its rounds. */
const CALLS = 128;

/** Holds for all threads of the process, from now on: the earlier, the more is saved. */
export function learnLate(): void {
  const flag = flagOf(process.versions.node);
  if (flag) setFlagsFromString(`${flag}=${CALLS}`);
}

/** The flag has been renamed, and V8 complains of one that it doesn't know. null: of that version nobody has looked. */
export function flagOf(node: string): string | null {
  const major = Number.parseInt(node, 10);
  if (major === 20) return '--interrupt-budget-factor-for-feedback-allocation';
  return major === 22 || major === 24 ? '--invocation-count-for-feedback-allocation' : null;
}
