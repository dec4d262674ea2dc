/** Patterns of telephone numbers: their meaning in words, in SQL and by the known numbers, and the number plan's ranges. */
import sqlite from 'node-sqlite3-wasm';
import { channelPatternFault } from '../../../cgi/settings/channel-pattern.ts';
import {
  comparesWhole,
  matchesNumber,
  type NumberPattern,
  PatternError,
  parseNumberPattern,
  splitShown,
} from '../../../storage/model/number-pattern.ts';
import { inRange, NumberPlanError, numberPlan, parseNumberRanges } from '../../../storage/model/number-plan.ts';
import { exactNumber, numberSearch } from '../../../storage/model/number-search.ts';
import { parseChannel, TrunkRuleError, trunkRules } from '../../../storage/model/trunk.ts';
import { whereCalls } from '../../../storage/sql/where.ts';
import { choicesOf, holds, orRefused, same, type Target, utf8 } from '../target.ts';

/** As the grammar says, by another engine: one number against one pattern. */
function means(pattern: NumberPattern, number: string): boolean {
  switch (pattern.kind) {
    case 'literal':
      return number === pattern.value;
    case 'range':
      return (
        /^[0-9]+$/.test(number) &&
        number.length === pattern.digits &&
        BigInt(number) >= BigInt(pattern.low) &&
        BigInt(number) <= BigInt(pattern.high)
      );
    case 'wildcard': {
      // What of the number each beginning of the pattern can stand for: no backtracking, which would take for ever.
      const chars = [...number];
      let ends = [true, ...chars.map(() => false)];
      for (const sign of pattern.pattern) {
        const before = ends;
        if (sign === '*') {
          const first = before.indexOf(true);
          ends = before.map((_, at) => first >= 0 && at >= first);
        } else
          ends = before.map((_, at) => at > 0 && before[at - 1] === true && (sign === '?' || chars[at - 1] === sign));
      }
      return ends[chars.length] === true;
    }
  }
}

/** Numbers to try a filter on: those of the input, and some that its own patterns bring in. */
function numbersFor(patterns: readonly NumberPattern[], shown: string): string[] {
  const own = patterns.slice(0, 4).flatMap((pattern) => {
    if (pattern.kind === 'literal') return [pattern.value];
    if (pattern.kind === 'range') return [pattern.low, pattern.high, `${pattern.low}0`];
    return [pattern.pattern.replaceAll('*', ''), pattern.pattern.replaceAll('*', 'ab').replaceAll('?', 'c')];
  });
  return [shown, ...own, `620(${own[0] ?? ''})`];
}

const WORDS = [
  '*',
  '?',
  '#',
  '*97',
  '*31#',
  '200-299',
  '299-200',
  '620(102)',
  '(',
  ')',
  ',',
  ' ',
  '+',
  '-',
  '[',
  ']',
  '[^',
  '0',
  'a-b',
  '*12*',
  '**97',
];

/** A filter, and behind a line feed a shown number. */
const patterns: Target = {
  name: 'patterns',
  max: 400,
  words: WORDS,
  run(input) {
    const [filter = '', shown = ''] = utf8(input).split('\n', 2);
    const read = orRefused(() => parseNumberPattern(filter), PatternError);
    if (!read) return;
    holds(read.length > 0 || filter === '', 'a filter of something is something', filter);
    for (const pattern of read)
      if (pattern.kind === 'range') holds(pattern.low <= pattern.high, 'no range upside down', pattern);
    for (const number of numbersFor(read, shown)) {
      const parts = splitShown(number);
      const wanted =
        read.length === 0 ||
        read.some((pattern) => (comparesWhole(pattern) ? [number] : parts).some((part) => means(pattern, part)));
      same(matchesNumber(read, number), wanted, `${filter} on ${JSON.stringify(number)}`);
      if (!wanted || read.length === 0) continue;
      // What the known numbers are asked must find at least what matches.
      const search = numberSearch('dst', read);
      const found = search?.patterns.some((pattern) => [...parts, number].some((part) => means(pattern, part)));
      if (search) holds(found === true, 'the numbers find what matches', { filter, number });
      const exact = exactNumber(read);
      if (exact !== null) holds(parts.includes(exact), 'the one number', { filter, number });
    }
  },
};

let sql: InstanceType<typeof sqlite.Database> | null = null;

/** The same filter as SQLite understands it. */
const patternsSql: Target = {
  name: 'patterns-sql',
  max: 400,
  share: 40,
  words: WORDS,
  run(input) {
    const [filter = '', shown = ''] = utf8(input).split('\n', 2);
    const read = orRefused(() => parseNumberPattern(filter), PatternError);
    if (!read || read.length === 0 || read.length > 40) return;
    sql ??= new sqlite.Database(':memory:');
    const { conditions, binds } = whereCalls({ start: {}, src: read });
    const condition = conditions.at(-1) ?? '';
    for (const number of numbersFor(read, shown)) {
      // Of a source SQL looks at the whole text: it never has the shape 620(102).
      if (splitShown(number).length > 1 || number.includes('\0')) continue;
      const row = sql.get(`SELECT ${condition} AS found FROM (SELECT ? AS src)`, [...binds, number] as string[]) as {
        found: number;
      };
      same(Boolean(row.found), matchesNumber(read, number), `SQL: ${filter} on ${JSON.stringify(number)}`);
    }
  },
};

/** Ranges of the number plan, a channel's name and a pattern for channels, a line each. */
const plan: Target = {
  name: 'plan',
  max: 600,
  words: [
    '100-616',
    '620',
    ',',
    ' - ',
    '^DAHDI/(\\d+)-',
    '^GSM/(\\d+)',
    '(?:',
    '|',
    '+',
    '*',
    '{2,3}',
    '[0-9]',
    '\\d',
    '\\',
    '$',
    '.*',
    '(.*)',
  ].concat([
    'SIP/96-00000007',
    'DAHDI/2-1',
    'DAHDI/i1/5551234-1',
    'Local/200@x-0000;1',
    '<ZOMBIE>',
    'AsyncGoto/',
    'PJSIP/',
    'IAX2/',
  ]),
  run(input) {
    const [text = '', channel = '', pattern = ''] = utf8(input).split('\n', 3);
    const ranges = orRefused(() => parseNumberRanges(text), NumberPlanError);
    for (const range of ranges ?? []) {
      holds(range.low <= range.high && range.low.length === range.high.length, 'no range upside down', range);
      holds(inRange(range.low, range) && inRange(range.high, range), 'ends are in it', range);
    }
    const rest = { ivr: '620-639', conference: '', queue: '', ringgroup: '', paging: '' };
    const known = numberPlan({ ...rest, extension: ranges ? text : '' });
    parseChannel(channel);
    const fault = channelPatternFault(pattern);
    holds(fault === null || fault.length < 400, 'what is wrong with a pattern is short', fault);
    const refused = { rules: null };
    const rules =
      fault !== null
        ? refused.rules
        : orRefused(() => trunkRules({ names: null, fxo: [pattern], gsm: [], plan: known }), TrunkRuleError);
    if (fault === null) holds(rules !== null, 'a pattern that settings take serves', pattern);
    // Names that strangers choose: a careless pattern would take for ever on them.
    for (const name of [channel, ...hostileNames(pattern, choicesOf(input).whole(0, 127))]) {
      const { name: trunk, port } = rules?.trunkOf(name) ?? { name: '', port: 0 };
      holds(Number.isSafeInteger(port) && port >= 0 && port < 10_000, 'a port', { trunk, port });
    }
  },
};

function hostileNames(pattern: string, cut: number): string[] {
  const letters = pattern.replaceAll(/[\^$()|*+?{}[\]\\]/g, '') || 'a';
  return [letters[0] ?? 'a', letters.at(-1) ?? 'a', letters].map((unit) => `${unit.repeat(128).slice(0, cut)}!`);
}

export const numberTargets: readonly Target[] = [patterns, patternsSql, plan];
