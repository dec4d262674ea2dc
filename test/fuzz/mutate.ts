/** New inputs from old ones: bits, bytes, pieces, words and numbers changed, moved, doubled or taken from another. */
import type { Random } from '../simulator/random.ts';

/** Characters and bytes at which readers turn: ends, quotes, separators, signs, and the edges of encodings. */
const TURNS: readonly Buffer[] = [
  ...[
    '\0',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '"',
    '""',
    "'",
    '\\',
    '/',
    '//',
    '..',
    '../',
    '.',
    ',',
    ';',
    ':',
  ],
  ...[
    '=',
    '&',
    '?',
    '*',
    '#',
    '+',
    '-',
    '%',
    '%00',
    '%2e',
    '%0d%0a',
    '%',
    '%zz',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '|',
    '^',
  ],
  ...['$', '<', '>', '@', '~', '`', '!', '0', '-1', '1e9', 'NaN', 'null', '__proto__', 'constructor', 'toString'],
  ...['\u0085', '\u2028', '\u202e', '\ufeff', '\u0130', 'ß', 'é', '😀', '\x7f', '\x1b[31m', "' OR 1=1--", '{{x}}'],
].map((text) => Buffer.from(text));
const RAW: readonly Buffer[] = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
].map((bytes) => Buffer.from(bytes));
const NUMBERS = [
  '0',
  '1',
  '-1',
  '00',
  '9',
  '255',
  '256',
  '65535',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
].concat([
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '99999999999999999999',
  '0x10',
  '1.5',
  '1e309',
  '٣',
  '１',
]);
const EDGES = [0, 1, 2, 4, 8, 16, 31, 32, 64, 65, 127, 128, 255];

export interface Mutator {
  /** @param others What else is known: pieces of it are put in. */
  mutate(input: Buffer, others: readonly Buffer[]): Buffer;
}

export function createMutator(random: Random, words: readonly string[], max: number): Mutator {
  const own = words.map((word) => Buffer.from(word));
  const word = () => random.pick(random.next() < 0.5 && own.length > 0 ? own : random.next() < 0.1 ? RAW : TURNS);

  /** A place and a length in it; short pieces are the more likely. */
  const piece = (input: Buffer): readonly [from: number, to: number] => {
    const from = random.whole(0, input.length);
    const length = random.next() < 0.7 ? random.whole(1, 8) : random.whole(1, Math.max(1, input.length));
    return [from, Math.min(input.length, from + length)];
  };
  const put = (input: Buffer, from: number, to: number, middle: Buffer) =>
    Buffer.concat([input.subarray(0, from), middle, input.subarray(to)]);

  const changes: readonly ((input: Buffer, others: readonly Buffer[]) => Buffer)[] = [
    (input) => put(input, random.whole(0, input.length), input.length, Buffer.alloc(0)),
    (input) => put(input, ...piece(input), Buffer.alloc(0)),
    (input) => {
      const [from, to] = piece(input);
      return put(input, from, to, word());
    },
    (input) => {
      const at = random.whole(0, input.length);
      return put(input, at, at, word());
    },
    (input) => {
      const at = random.whole(0, input.length);
      return put(input, at, at, word());
    },
    (input) => {
      if (input.length === 0) return word();
      const changed = Buffer.from(input);
      const at = random.whole(0, input.length - 1);
      changed[at] = random.next() < 0.5 ? (input[at] ?? 0) ^ (1 << random.whole(0, 7)) : random.pick(EDGES);
      return changed;
    },
    (input) => {
      if (input.length === 0) return word();
      const changed = Buffer.from(input);
      changed[random.whole(0, input.length - 1)] = random.whole(0, 255);
      return changed;
    },
    // A number for a number.
    (input) => {
      const text = input.toString('latin1');
      const found = [...text.matchAll(/\d+/g)];
      if (found.length === 0) return put(input, ...piece(input), Buffer.from(random.pick(NUMBERS)));
      const { index, 0: digits } = random.pick(found);
      const number = random.next() < 0.5 ? random.pick(NUMBERS) : String(Number(digits) + random.whole(-2, 2));
      return put(input, index, index + digits.length, Buffer.from(number));
    },
    // A piece once more, there or elsewhere, or many times.
    (input) => {
      const [from, to] = piece(input);
      const at = random.whole(0, input.length);
      return put(input, at, at, input.subarray(from, to));
    },
    (input) => {
      const [from, to] = piece(input);
      const times = random.next() < 0.9 ? random.whole(2, 8) : random.whole(8, 400);
      return put(
        input,
        from,
        to,
        Buffer.concat(
          Array.from({ length: times }, () => input.subarray(from, to)),
          max,
        ),
      );
    },
    (input) => {
      const [from, to] = piece(input);
      return put(input, from, to, Buffer.from(input.subarray(from, to)).reverse());
    },
    (input) => {
      const [from, to] = piece(input);
      const text = input.toString('latin1', from, to);
      return put(input, from, to, Buffer.from(random.next() < 0.5 ? text.toUpperCase() : text.toLowerCase(), 'latin1'));
    },
    // Of two one.
    (input, others) => {
      const other = random.pick(others);
      return put(input, random.whole(0, input.length), input.length, other.subarray(random.whole(0, other.length)));
    },
    (input, others) => {
      const other = random.pick(others);
      const at = random.whole(0, input.length);
      return put(input, at, at, other.subarray(...piece(other)));
    },
  ];

  return {
    mutate(input, others) {
      let changed = input;
      const times = random.next() < 0.6 ? random.whole(1, 3) : random.whole(3, 10);
      for (let time = 0; time < times; time++) changed = random.pick(changes)(changed, others).subarray(0, max);
      return changed;
    },
  };
}
