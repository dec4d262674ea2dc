/** What changes in a file, as `diff -u` shows it. Made for configuration files: some thousand lines, and few that differ. */

const CONTEXT = 3;

interface Step {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Lines of a unified diff; none where the texts are equal. @param before null: there was no file. */
export function unifiedDiff(path: string, before: string | null, after: string): string[] {
  if (before === after) return [];
  const steps = compare(linesOf(before ?? ''), linesOf(after));
  return [`--- ${before === null ? '/dev/null' : path}`, `+++ ${path}`, ...hunks(steps)];
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** What both begin and end with is skipped; of the middle the longest common part stays. */
function compare(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(before.length, after.length) - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const same = (lines: readonly string[]): Step[] => lines.map((text) => ({ sign: ' ', text }));
  return [
    ...same(before.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Step[] {
  const width = after.length + 1;
  // Lengths of the longest common part behind each pair of places.
  const common = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      steps.push({ sign: ' ', text: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ sign: '-', text: old });
      i += 1;
    } else {
      steps.push({ sign: '+', text: fresh ?? '' });
      j += 1;
    }
  }
  return steps;
}

function hunks(steps: readonly Step[]): string[] {
  const lines: string[] = [];
  const isNear = (at: number) =>
    steps.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' ');
  let [old, fresh] = [1, 1];
  for (let at = 0; at < steps.length; ) {
    let end = at;
    while (end < steps.length && isNear(end)) end += 1;
    const hunk = steps.slice(at, end);
    const olds = hunk.filter(({ sign }) => sign !== '+').length;
    const freshes = hunk.filter(({ sign }) => sign !== '-').length;
    if (hunk.length > 0) {
      lines.push(`@@ -${olds ? old : old - 1},${olds} +${freshes ? fresh : fresh - 1},${freshes} @@`);
      lines.push(...hunk.map(({ sign, text }) => sign + text));
    }
    old += olds;
    fresh += freshes;
    at = end;
    if (hunk.length === 0) {
      at += 1;
      old += 1;
      fresh += 1;
    }
  }
  return lines;
}
