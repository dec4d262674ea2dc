/** Ranges and conditions of RFC 9110 for one file of 1,000 bytes, as a table. */
import { describe, expect, test } from 'vitest';
import { likely, select, validatorsOf } from '../../daemon/http/conditional.ts';

const MTIME = Date.UTC(2021, 2, 29, 8, 10, 4);
const HOUR = 3_600_000;
const own = validatorsOf({ size: 1_000, mtimeMs: MTIME }, MTIME + HOUR);
const young = validatorsOf({ size: 1_000, mtimeMs: MTIME }, MTIME + 1_000);
const BEFORE = 'Mon, 29 Mar 2021 08:10:03 GMT';
const AT = 'Mon, 29 Mar 2021 08:10:04 GMT';
const AFTER = 'Mon, 29 Mar 2021 08:10:05 GMT';

const ask = (headers: Record<string, string>, { method = 'GET', size = 1_000, validators = own } = {}) => {
  const { status, from, to } = select(method, headers, size, validators);
  return status === 200 || status === 206 ? `${status} ${from}-${to}` : String(status);
};

describe('a range', () => {
  test.each([
    ['bytes=0-499', '206 0-499'],
    ['bytes=500-999', '206 500-999'],
    ['bytes=0-', '206 0-999'], // Chromium's first
    ['bytes=999-', '206 999-999'],
    ['bytes=-1', '206 999-999'],
    ['bytes=-500', '206 500-999'],
    ['bytes=-5000', '206 0-999'],
    ['bytes=900-5000', '206 900-999'],
    ['BYTES = 1 - 2 ', '206 1-2'],
    ['bytes=1000-', '416'],
    ['bytes=5000-6000', '416'],
    ['bytes=-0', '416'],
    ['bytes=0-0,2-3', '200 0-999'], // several: the whole file
    ['bytes=0-499, -1', '200 0-999'],
    ['bytes=500-499', '200 0-999'], // no valid range: as if none had been asked
    ['bytes=-', '200 0-999'],
    ['bytes=a-b', '200 0-999'],
    ['bytes=0', '200 0-999'],
    ['lines=0-1', '200 0-999'],
    ['bytes=99999999999999999999-', '200 0-999'],
    ['', '200 0-999'],
  ])('%j gives %s', (range, expected) => expect(ask({ range })).toBe(expected));

  test('means nothing for HEAD, and has no byte of an empty file', () => {
    expect(ask({ range: 'bytes=0-1' }, { method: 'HEAD' })).toBe('200 0-999');
    expect(ask({ range: 'bytes=0-' }, { size: 0 })).toBe('416');
    expect(ask({ range: 'bytes=-1' }, { size: 0 })).toBe('416');
    expect(ask({}, { size: 0 })).toBe('200 0--1');
  });
});

describe('a condition', () => {
  test.each<[Record<string, string>, string]>([
    [{ 'if-none-match': own.etag }, '304'],
    [{ 'if-none-match': `"x", W/${own.etag}` }, '304'],
    [{ 'if-none-match': '*' }, '304'],
    [{ 'if-none-match': '"x"' }, '200 0-999'],
    [{ 'if-none-match': '"x"', 'if-modified-since': AFTER }, '200 0-999'], // the tag alone counts
    [{ 'if-modified-since': AT }, '304'],
    [{ 'if-modified-since': AFTER }, '304'],
    [{ 'if-modified-since': BEFORE }, '200 0-999'],
    [{ 'if-modified-since': 'yesterday' }, '200 0-999'],
    [{ 'if-match': own.etag, range: 'bytes=1-2' }, '206 1-2'],
    [{ 'if-match': '"x"' }, '412'],
    [{ 'if-match': `W/${own.etag}` }, '412'],
    [{ 'if-match': '*' }, '200 0-999'],
    [{ 'if-unmodified-since': BEFORE }, '412'],
    [{ 'if-unmodified-since': AT }, '200 0-999'],
    [{ 'if-range': own.etag, range: 'bytes=1-2' }, '206 1-2'],
    [{ 'if-range': `W/${own.etag}`, range: 'bytes=1-2' }, '200 0-999'],
    [{ 'if-range': '"x"', range: 'bytes=1-2' }, '200 0-999'],
    [{ 'if-range': AT, range: 'bytes=1-2' }, '206 1-2'],
    [{ 'if-range': AFTER, range: 'bytes=1-2' }, '200 0-999'],
    [{ 'if-range': 'yesterday', range: 'bytes=1-2' }, '200 0-999'],
    [{ 'if-range': '"x"', range: 'bytes=5000-' }, '200 0-999'],
  ])('%j gives %s', (headers, expected) => expect(ask(headers)).toBe(expected));

  test('a file that may still change within a step of its time has a weak tag, which no part is tied to', () => {
    expect(young.etag).toBe(`W/${own.etag}`);
    const options = { validators: young };
    expect(ask({ 'if-none-match': young.etag }, options)).toBe('304');
    expect(ask({ 'if-range': young.etag, range: 'bytes=1-2' }, options)).toBe('200 0-999');
    expect(ask({ 'if-range': AT, range: 'bytes=1-2' }, options)).toBe('200 0-999');
    expect(ask({ 'if-match': young.etag }, options)).toBe('412');
  });

  test('a tag tells size and time apart', () => {
    const tags = [
      [1, 1],
      [1, 2],
      [2, 1],
      [36, 1],
      [1, 36],
    ].map(([size = 0, mtimeMs = 0]) => validatorsOf({ size, mtimeMs }, MTIME).etag);
    expect(new Set(tags).size).toBe(tags.length);
  });
});

describe('what is read before the size is known', () => {
  const END = Number.MAX_SAFE_INTEGER;
  test.each([
    ['GET', {}, { from: 0, length: END }],
    ['GET', { range: 'bytes=0-' }, { from: 0, length: END }],
    ['GET', { range: 'bytes=500-' }, { from: 500, length: END - 500 }],
    ['GET', { range: 'bytes=500-999', 'if-range': '"x"' }, { from: 500, length: 500 }],
    ['GET', { range: 'bytes=0-1,5-6' }, { from: 0, length: END }],
    // Where nothing may be sent, or only the size tells what.
    ['GET', { range: 'bytes=-500' }, null],
    ['GET', { 'if-none-match': '"x"' }, null],
    ['GET', { 'if-modified-since': AT }, null],
    ['GET', { 'if-match': '"x"' }, null],
    ['GET', { 'if-unmodified-since': AT }, null],
    ['HEAD', {}, null],
  ])('%s %o', (method, headers, wanted) => expect(likely({ method, headers })).toEqual(wanted));
});
