/**
 * Whether a part of a number is found by the index of trigrams or by looking at every call, and by which trigrams. Both
 * give the same: what the index names is checked against the whole filter afterwards. Only the time is guessed at.
 */
import type { Candidates, CandidatesRequest } from '../filter.ts';
import { gramsOf } from '../model/number-search.ts';
import type { Database } from './database.ts';
import { callsWithin } from './listing.ts';

/** So few calls within a filter's dates are looked at one by one: two steps. */
const FEW = 2_000;
/** Candidates taken at most, 400 KB of text: with more, looking at every call isn't much dearer. */
const CANDIDATES_MAX = 50_000;
/** Those of one step: reading and writing them down takes some 10 ms. */
const STEP = 15_000;
/** Entries of the index read for one filter, as far as can be guessed: 0.1 µs each, so that a step keeps its bound. */
const POSTINGS_MAX = 120_000;
/** Beside a rarer trigram of the same pattern, one with more entries costs more to read than it saves. */
const DENSE = 30_000;
/** Entries read to guess how many a trigram has. */
const PROBE = 200;

/** The next calls that may match; null: look at every one within the filter's dates. One bounded step. */
export function callCandidates(database: Database, { filter, after, known }: CandidatesRequest): Candidates | null {
  const sides = [filter.src, filter.dst, filter.number].map(gramsOf).filter((side) => side !== null);
  if (sides.length === 0) return null;
  const within = callsWithin(database, filter, CANDIDATES_MAX);
  if (within <= FEW) return null;
  const last = Number(database.first('SELECT max(id) AS id FROM call')?.['id']);
  const read = sides.map((side) => readable(database, side, last)).filter((side) => side.postings <= POSTINGS_MAX);
  read.sort((a, b) => a.postings - b.postings);
  const [first, second] = read;
  if (!first) return null;
  const both = second !== undefined && first.postings + second.postings <= POSTINGS_MAX;
  const limit = Math.min(STEP, within - known);
  const row = database.first(
    `SELECT group_concat(id) AS ids, count(*) AS rows, max(id) AS last FROM
      (SELECT rowid AS id FROM call_number WHERE call_number MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?)`,
    [both ? `(${first.match}) AND (${second.match})` : first.match, after, limit],
  );
  const count = Number(row?.['rows']);
  if (known + count >= within) return null;
  return { ids: String(row?.['ids'] ?? ''), count, last: count < limit ? null : Number(row?.['last']) };
}

/** What to ask for one side's patterns, each by its rarer trigrams, and how many entries that reads. */
function readable(database: Database, side: readonly (readonly string[])[], last: number) {
  const branches = side.map((grams) => {
    const known = grams.map((gram) => ({ gram, postings: guess(database, gram, last) }));
    const rarest = Math.min(...known.map(({ postings }) => postings));
    return known.filter(({ postings }) => postings <= Math.max(rarest, DENSE));
  });
  return {
    match: branches.map((grams) => `(${grams.map(({ gram }) => quoted(gram)).join(' AND ')})`).join(' OR '),
    postings: branches.flat().reduce((sum, { postings }) => sum + postings, 0),
  };
}

/** By how dense its first entries stand. Wrong where the numbers have changed since: then only the time is. */
function guess(database: Database, gram: string, last: number): number {
  const row = database.first(
    `SELECT count(*) AS rows, min(id) AS first, max(id) AS last FROM
      (SELECT rowid AS id FROM call_number WHERE call_number MATCH ? ORDER BY rowid LIMIT ?)`,
    [quoted(gram), PROBE],
  );
  const rows = Number(row?.['rows']);
  if (rows < PROBE) return rows;
  const first = Number(row?.['first']);
  return Math.round((rows / (Number(row?.['last']) - first + 1)) * (last - first + 1));
}

const quoted = (gram: string) => `"${gram.replaceAll('"', '""')}"`;
