/**
 * The inputs that are kept: `corpus/NAME.txt`, one a line as a JSON text whose characters are bytes, so that it can be read,
 * reviewed and compared. Lines that begin with `#` say where those below come from.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const pathOf = (name: string) => new URL(`corpus/${name}.txt`, import.meta.url).pathname;

/** @throws for a line that is no input. */
export function readCorpus(name: string): Buffer[] {
  if (!existsSync(pathOf(name))) return [];
  const lines = readFileSync(pathOf(name), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Buffer.from(JSON.parse(line), 'latin1'));
}

/** A line of it. */
export function lineOf(input: Buffer): string {
  return JSON.stringify(input.toString('latin1')).replaceAll(
    /[\x7f-\xff]/g,
    (byte) => `\\u00${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

export function addToCorpus(name: string, why: string, inputs: readonly Buffer[]): void {
  const known = new Set(readCorpus(name).map(lineOf));
  const fresh = inputs.map(lineOf).filter((line) => !known.has(line));
  if (fresh.length > 0) appendFileSync(pathOf(name), `# ${why}\n${fresh.join('\n')}\n`);
}
