/**
 * What must not stand in a support archive, by its very text: all that `state.dir/secret` holds, Asterisk's secret, and what
 * the settings of alarms would give away. For masking alone.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of a file of secrets that are read: keys and certificates have some thousand. */
const MOST = 1_000_000;

/** @param stateDir `state.dir`. @param more Of the configuration and the settings; '' = none. */
export async function secretsOf(stateDir: string, more: readonly string[]): Promise<string[]> {
  const dir = join(stateDir, 'secret');
  const names = await readdir(dir).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'latin1').catch(() => '')));
  return [...texts.flatMap((text) => wordsOf(text.slice(0, MOST))), ...more.filter((text) => text !== '')];
}

/** Of JSON every text under the name of a secret, else every word that isn't plainly a word of ours. */
function wordsOf(text: string): string[] {
  const named = [...text.matchAll(/"(?:secret|key|password)":\s*"((?:[^"\\]|\\.)*)"/gi)].map(
    ([, secret = '']) => secret,
  );
  const words = text.split(/[\s",:{}[\]]+/).filter((word) => word.length >= 8 && !/^[A-Za-z-]+$/.test(word));
  // `USER PASSWORD`, a line each.
  const passwords = text.split('\n').map((line) => /^\S+ (\S+)$/.exec(line)?.[1] ?? '');
  return [...named, ...words, ...passwords];
}

/** Of an address all that isn't its scheme and host: some hold a token in their path. */
export function hiddenPartOf(url: string): string {
  return /^https?:\/\/[^/?#]*(.*)$/s.exec(url)?.[1]?.replace(/^\/$/, '') ?? url;
}
