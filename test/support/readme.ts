/** Parts of README.md that are made from the code: each stands between two markers. */
import { readFileSync, writeFileSync } from 'node:fs';

const README = new URL('../../README.md', import.meta.url);

/** The command that puts every such part into README.md. */
export const WRITE_COMMAND = 'make reference';

/** The text between `<!-- NAME -->` and `<!-- /NAME -->`. @throws where README.md has none. */
export function inReadme(name: string): string {
  return split(name)[1];
}

export function writeIntoReadme(name: string, text: string): void {
  const [before, , after] = split(name);
  writeFileSync(README, before + text + after);
}

function split(name: string): [before: string, between: string, after: string] {
  const text = readFileSync(README, 'utf8');
  const begin = text.indexOf(`<!-- ${name} -->`);
  const end = text.indexOf(`<!-- /${name} -->`, begin);
  if (begin < 0 || end < 0) throw new Error(`README.md lacks <!-- ${name} --> … <!-- /${name} -->`);
  const from = text.indexOf('\n', begin) + 1;
  return [text.slice(0, from), text.slice(from, end), text.slice(end)];
}

/** A Markdown table. Cells may hold `|`. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return `${line(head)}|${'---|'.repeat(head.length)}\n${rows.map(line).join('')}`;
}

/** Text that Markdown would take for marks of its own. */
export function markdown(text: string): string {
  return text.replace(/[\\<*_]/g, '\\$&');
}
