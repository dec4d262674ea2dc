/**
 * What `cdrd setup` adds to a file of Asterisk stands at its end between two lines of its own: nothing that was there is
 * touched, a second run finds what the first one wrote, and taking it out again needs nothing but the two lines (a package's
 * script does it with sed, where cdrd has gone already).
 */

export const BLOCK_BEGIN = '; >>> cdrd setup';
export const BLOCK_END = '; <<< cdrd setup';

const EXPLAINED = `${BLOCK_BEGIN}: written by it, and written anew by its next run: put what is yours outside of these lines`;

/** The text without what we added. */
export function withoutBlock(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith(BLOCK_BEGIN));
  if (first < 0) return text;
  const end = lines.findIndex((line, at) => at > first && line.startsWith(BLOCK_END));
  if (end < 0) return text; // somebody took its end away: it is theirs now
  // And so is one that a later one stands behind.
  const begin = lines.findLastIndex((line, at) => at < end && line.startsWith(BLOCK_BEGIN));
  return [...lines.slice(0, begin), ...lines.slice(end + 1)].join('\n');
}

/** The text with these lines in our block, in the place of an earlier one; none: without one. */
export function withBlock(text: string, lines: readonly string[]): string {
  const own = withoutBlock(text);
  if (lines.length === 0) return own;
  const block = [EXPLAINED, ...lines, BLOCK_END].join('\n');
  return `${own}${own === '' || own.endsWith('\n') ? '' : '\n'}${block}\n`;
}
