/**
 * The short form of `make fuzz`: every input that was ever kept, and some hundred changed ones, on each reader. And the
 * fuzzer itself: what it is there for, it finds.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { lineOf, readCorpus } from './corpus.ts';
import { watchCoverage } from './coverage.ts';
import { fuzz } from './fuzz.ts';
import { Broken, removeFolders, type Target } from './target.ts';
import { TARGETS } from './targets/all.ts';

/** Changed inputs a target, of a hundred shares. */
const CHANGED = 100;

afterAll(removeFolders);

// First of all: where the corpora have been, nothing is new any more.
test('keeps what reaches code that nothing reached before', async () => {
  const target = TARGETS.find(({ name }) => name === 'filter');
  if (!target) throw new Error('there is no such target');
  const options = { seed: 1, inputs: 1_000, corpus: [Buffer.from('a')] };
  const { interesting, blocks } = await fuzz(target, { ...options, coverage: watchCoverage });
  expect(interesting.length).toBeGreaterThan(3);
  expect(blocks).toBeGreaterThan(10);
});

describe.each(TARGETS)('$name', (target) => {
  const corpus = readCorpus(target.name);

  test('its corpus, and what comes near it', { timeout: 60_000 }, async () => {
    expect(corpus.length).toBeGreaterThan(0);
    const inputs = corpus.length + Math.ceil((CHANGED * (target.share ?? 100)) / 100);
    const { findings } = await fuzz(target, { seed: 1, inputs, corpus });
    expect(findings.map(({ input, error }) => `${lineOf(input)} ${error}`)).toEqual([]);
  });
});

describe('the fuzzer', () => {
  const planted = (run: Target['run'], words: readonly string[] = []): Target => ({ name: 'planted', words, run });

  test('finds what a target throws, and makes it as small as it goes', async () => {
    const target = planted(
      (input) => {
        if (input.includes('(') && input.includes('*')) throw new Broken('a star after a parenthesis');
      },
      ['(', '*'],
    );
    const { findings } = await fuzz(target, { seed: 1, inputs: 2_000, corpus: [Buffer.from('abcdefgh')] });
    expect(findings.map(({ input }) => [...input.toString()].sort().join(''))).toEqual(['(*']);
  });

  test('finds what takes too long', { timeout: 120_000 }, async () => {
    const target = planted((input) => {
      const from = process.cpuUsage();
      const spent = ({ user, system } = process.cpuUsage(from)) => user + system;
      while (input.includes('!') && spent() < 300_000); // of all threads together
    });
    const { findings } = await fuzz(target, {
      seed: 1,
      inputs: 2,
      corpus: ['!', '?'].map((text) => Buffer.from(text)),
      slowMs: 20,
    });
    expect(findings.map(({ input, error }) => `${input} ${error}`)).toEqual(['! takes over 20 ms']);
  });

  test('the same seed gives the same inputs, another one others', async () => {
    const inputsOf = async (seed: number) => {
      const seen: string[] = [];
      const target = planted((input) => void seen.push(lineOf(input)));
      await fuzz(target, { seed, inputs: 300, corpus: [Buffer.from('number 200-299')] });
      return seen;
    };
    expect(await inputsOf(1)).toEqual(await inputsOf(1));
    expect(await inputsOf(1)).not.toEqual(await inputsOf(2));
  });
});
