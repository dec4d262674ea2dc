/** Whose a called extension is: of a user and his reseller, who both have it, the user's, however their extensions are written. */
import { expect, test } from 'vitest';
import { morHash } from '../../cgi/dialect/mor/hash.ts';
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
