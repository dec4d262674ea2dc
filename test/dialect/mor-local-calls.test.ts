/** What local_calls_get makes of calls: whose a called extension is, and that many of them keep nobody else from being served. */
import { expect, test } from 'vitest';
import type { DialectRequest } from '../../cgi/dialect/dialect.ts';
import { morHash } from '../../cgi/dialect/mor/hash.ts';
import { localCallsGet } from '../../cgi/dialect/mor/local-calls.ts';
import type { Services } from '../../cgi/verb.ts';
import { zone } from '../../storage/model/local-time.ts';
import { noteSecret } from '../support/log-copy-files.ts';
import { all, openMor, textsOf } from './mor-box.ts';

const SECRET = 'a secret of these programs';

test('terminator_user is the user, not his reseller', async () => {
  noteSecret(SECRET);
  const box = await openMor(undefined, ['7=both:202-209', '5=shop:202,204,206', '8=single:209']);
  await box.daemon.get(`/cgi/webserve/30057?dialect=mor&secret=${encodeURIComponent(SECRET)}`);
  const at = Math.floor(Date.now() / 1000);
  for (const destination of ['204', '209', '205', '300'])
    await box.put({ at, source: '203', destination, callType: 'Internal' });
  const form = { u: 'admin', s_user: '0', hash: morHash(['0'], SECRET) };
  const calls = all((await box.ask(null, '/billing/api/local_calls_get', form)).xml(), 'call').map(textsOf);
  expect(calls.map((call) => [call['terminator_device'], call['terminator_user']])).toEqual([
    ['204', 'shop'],
    ['209', 'single'],
    ['205', 'both'],
    ['300', ''],
  ]);
});

test('a page of the store is written some calls at a time, and others have their turn between', async () => {
  const row = { start: '2021-05-03 16:00:00', offset: '0', src: '202', dst: '203', callerid: '', channel: '' };
  const page = Buffer.from(Array.from({ length: 1_000 }, () => JSON.stringify(row)).join());
  const services = {
    settings: { value: (name: string) => (name === 'mor.users' ? ['5=shop:202'] : '') },
    dialectSecrets: { has: () => true, check: () => true },
    accounts: { find: async () => null },
    zone: zone('UTC'),
    now: () => 1_620_000_000,
    store: {
      async *pages() {
        yield { bytes: page };
      },
    },
  } as unknown as Services;
  const request = { method: 'POST', query: 'u=shop&s_user=5', body: async () => null, recognised() {} };
  const reply = await localCallsGet.answer(request as unknown as DialectRequest, services);
  const pieces: number[] = [];
  let turns = 0;
  let goesOn = true;
  const turn = () => {
    turns += 1;
    if (goesOn) setImmediate(turn);
  };
  setImmediate(turn);
  for await (const piece of 'text' in reply ? (reply.text as AsyncIterable<string>) : [])
    pieces.push(piece.split('<call>').length - 1);
  goesOn = false;
  expect(Math.max(...pieces)).toBeLessThanOrEqual(100);
  expect(pieces.reduce((sum, count) => sum + count)).toBe(1_000);
  expect(turns).toBeGreaterThanOrEqual(9);
});
