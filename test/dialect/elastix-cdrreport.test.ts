/** Asterisk's records by the Elastix API: what its document can't say. */
import { describe, expect, test, vi } from 'vitest';
import { cdrRow } from '../../cgi/dialect/elastix/cdr-row.ts';
import { put, shut } from '../storage/helper.ts';
import { eventually } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { type ElastixBox, openElastix } from './elastix-box.ts';

const atEnd = atFileEnd();
let opened: Promise<ElastixBox & { readonly key: string }> | undefined;
/** One box for all questions that change nothing. */
function shared() {
  opened ??= openElastix({}, atEnd).then(async (box) => ({ ...box, key: await box.makeKey('admin') }));
  return opened;
}

describe('cdrreport', () => {
  const NOON = 1_619_082_110;
  /** Records in the guide's zone, each a call of its own, ten minutes apart. */
  async function withCalls() {
    const box = await openElastix();
    const { store } = box.daemon;
    const legs = [
      leg(NOON, {
        source: "O'Neil\u0007",
        destination: 's',
        callerId: '"O\'Neil \\u2028" <205>',
        userField: '<b>€</b>',
      }),
      leg(NOON + 600, {
        destination: '1_0',
        accountCode: 'Sales',
        disposition: 'CONGESTION',
        billsec: 0,
        answer: null,
      }),
      leg(NOON + 1_200, {
        destination: '120',
        disposition: 'BUSY',
        amaFlags: 'BILLING',
        callerId: '206',
        extra: [
          ['DID', '9024'],
          ['cnam', 'Anna'],
        ],
      }),
    ];
    for (const each of legs) {
      await put(store, each);
      await shut(store, each);
    }
    const key = await box.makeKey('admin');
    const rows = async (form: Record<string, string> | FormData, query = '') => {
      const { status, type, text } = await box.ask(key, `?cmd=cdrreport${query}`, form);
      expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
      return JSON.parse(text) as Record<string, string>[];
    };
    const starts = async (form: Record<string, string> | FormData, query = '') =>
      (await rows(form, query)).map(({ calldate }) => calldate?.slice(11, 16));
    return { ...box, key, rows, starts };
  }

  test('takes its parameters by GET, by POST, in the address, in a form of either kind', async () => {
    const { ask, key, starts } = await withCalls();
    expect(await starts({})).toEqual(['01:21', '01:11', '01:01']);
    expect(await starts({}, '&limit=1')).toEqual(['01:21']);
    expect(await starts({ limit: '2' }, '&limit=1')).toEqual(['01:21', '01:11']);
    const array = new FormData();
    array.append('field_name', 'dst');
    array.append('field_pattern', 's');
    expect(await starts(array)).toEqual(['01:01']);
    const { text } = await ask(key, '?cmd=cdrreport&status=busy');
    expect(JSON.parse(text)).toMatchObject([{ disposition: 'BUSY' }]);
    expect((await ask(`bearer ${key}`, '?cmd=cdrreport&limit=0')).text).toBe('[]');
  });

  test('fills its columns as the tables of an Elastix box are filled', async () => {
    const { rows, ask, key } = await withCalls();
    const [busy, congested, first] = await rows({});
    expect(Object.keys(busy ?? {}).join(' ')).toBe(
      'calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode uniqueid userfield recordingfile cnum cnam outbound_cnum outbound_cnam dst_cnam did',
    );
    expect(busy).toMatchObject({ amaflags: '2', cnum: '206', cnam: 'Anna', did: '9024', disposition: 'BUSY' });
    expect(congested).toMatchObject({ amaflags: '3', cnum: '205', cnam: '205', did: '', disposition: 'FAILED' });
    expect(first).toMatchObject({ src: "O'Neil\u0007", dst: 's', cnum: '205', userfield: '<b>€</b>' });
    const { text } = await ask(key, '?cmd=cdrreport');
    expect(text).toContain('"userfield":"<b>\\u20ac<\\/b>"');
    expect(text).toMatch(/^[\x20-\x7e]*$/);
  });

  test('ends its walk when the client goes away', async () => {
    const { daemon, makeKey } = await openElastix();
    const row = { ...leg(NOON), id: 1, group: '', sources: 1, recording: '' };
    let ended = false;
    vi.spyOn(daemon.store, 'legs').mockImplementation(async function* () {
      try {
        for (;;) yield { legs: Array.from({ length: 100 }, () => row), rows: 100, next: { key: 1, id: 1 } };
      } finally {
        ended = true;
      }
    });
    const gone = new AbortController();
    const headers = { Authorization: await makeKey('admin') };
    const answer = await fetch(`${daemon.url}/api/api.php?cmd=cdrreport`, { headers, signal: gone.signal });
    await answer.body?.getReader().read();
    expect(ended).toBe(false);
    gone.abort();
    await eventually(() => ended);
  });

  test('looks for a text as it is, and between dates with both ends', async () => {
    const { starts } = await withCalls();
    const dst = (field_pattern: string) => starts({ field_name: 'dst', field_pattern });
    expect(await dst('1_0')).toEqual(['01:11']);
    expect(await dst('%20%')).toEqual(['01:21']);
    expect(await dst('')).toHaveLength(3);
    expect(await starts({ field_name: 'accountcode', field_pattern: 'sALES' })).toEqual(['01:11']);
    expect(await starts({ field_name: 'src', field_pattern: "'" })).toEqual(['01:01']);
    expect(await starts({ status: 'FAILED' })).toEqual(['01:11']);
    expect(await starts({ status: 'ALL', recordings: 'without' })).toHaveLength(3);
    expect(await starts({ recordings: 'only' })).toEqual([]);
    expect(await starts({ start_date: '2021-04-22 01:11:50', end_date: '2021/4/22 1:21:50' })).toEqual([
      '01:21',
      '01:11',
    ]);
    expect(await starts({ start_date: '2021-04-22 01:11:51' })).toEqual(['01:21']);
    expect(await starts({ end_date: '2021-04-22T01:11' })).toEqual(['01:01']);
    expect(await starts({ end_date: '2021-04-22' })).toEqual([]);
  });

  test.each([
    ['custom', { custom: ' AND 1=0 UNION SELECT * FROM api_key' }],
    ['field_name', { field_name: 'userfield', field_pattern: '1' }],
    ['field_name', { field_name: "src LIKE '%' OR 1=1 --", field_pattern: '1' }],
    ['field_name', { field_pattern: '1' }],
    ['field_pattern', { field_name: 'src', field_pattern: '1%2' }],
    ['field_pattern', { field_name: 'src', field_pattern: 'x'.repeat(101) }],
    ['status', { status: "BUSY' OR '1'='1" }],
    ['limit', { limit: '10,20' }],
    ['limit', { limit: '1; DROP TABLE call' }],
    ['limit', { limit: '-1' }],
    ['recordings', { recordings: 'none' }],
    ['start_date', { start_date: "2021-04-22' OR '1'='1" }],
    ['start_date', { start_date: '2021-02-30' }],
    ['start_date', { start_date: '2021-04-23', end_date: '2021-04-22' }],
    ['end_date', { end_date: 'tomorrow' }],
  ])('refuses what is wrong with %s: %j', async (name, form) => {
    const { ask, key } = await shared();
    const { status, text } = await ask(key, '?cmd=cdrreport', form);
    expect(status).toBe(400);
    expect(text).toMatch(new RegExp(`^\\{"status": "${name} [^"]+", "code": 400\\}$`));
  });

  test('a quote in a text to look for is a quote', async () => {
    const { ask, key } = await shared();
    const { status, text } = await ask(key, '?cmd=cdrreport', { field_name: 'src', field_pattern: "' OR 1=1 --" });
    expect({ status, text }).toEqual({ status: 200, text: '[]' });
  });

  test('refuses a body that is no form, or too long', async () => {
    const { ask, key } = await shared();
    const headers = { 'Content-Type': 'application/json' };
    expect(await ask(key, '?cmd=cdrreport', undefined, { method: 'POST', body: '{}', headers })).toMatchObject({
      status: 400,
      text: '{"status": "the body must be application/x-www-form-urlencoded or multipart/form-data", "code": 400}',
    });
    const file = new FormData();
    file.append('custom', new Blob(['x']), 'x.php');
    expect((await ask(key, '?cmd=cdrreport', file)).text).toContain('has a file (custom)');
    expect((await ask(key, '?cmd=cdrreport', { x: 'x'.repeat(5_000_000) })).text).toMatch(/"code": 413\}$/);
  });
});

describe('a row', () => {
  const row = (change: Parameters<typeof leg>[1]) =>
    cdrRow({ ...leg(1_619_082_110, change), id: 1, group: '', sources: 1, recording: '' });

  test.each([
    ['"Anna" <205>', 'Anna', '205'],
    ['Anna <205>', 'Anna', '205'],
    ['"Anna <Sales>" <205>', 'Anna <Sales>', '205'],
    ['"" <205>', '', '205'],
    ['<205>', '', '205'],
    ['"<" <>', '<', ''],
    ['+49305551', '', '+49305551'],
    ['Anonymous', 'Anonymous', ''],
    ['"', '"', ''],
    ['>', '>', ''],
    ['', '', ''],
  ])('of the caller %s', (callerId, cnam, cnum) => {
    expect(row({ callerId })).toMatchObject({ clid: callerId, cnam, cnum });
  });

  test.each([
    ['DOCUMENTATION', '3'],
    ['Billing', '2'],
    ['OMIT', '1'],
    ['3', '3'],
    ['', '0'],
    ['toString', '0'],
  ])('with the flag %s', (amaFlags, amaflags) => {
    expect(row({ amaFlags })).toMatchObject({ amaflags });
  });

  test('of a recording that lies elsewhere shows the name that its record has', () => {
    expect(row({ recordingFile: '/var/spool/asterisk/monitor/2015/12/05/q-1.wav' })).toMatchObject({
      recordingfile: 'q-1.wav',
    });
  });
});
