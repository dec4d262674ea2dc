/** A store below its reserve, as integrators see it: what is still taken, what is refused and how, and where it stands. */
import { expect, test } from 'vitest';
import { put } from './storage/helper.ts';
import { startDaemon } from './support/daemon.ts';
import { leg } from './support/legs.ts';

/** More than any disk has. */
const RESERVE = { CDRD_STATE_RESERVE_MB: '10000000' };

test('below the reserve people go on working, and nothing is taken in', async () => {
  const daemon = await startDaemon(RESERVE); // which has set passwords and logged in on it
  await expect(put(daemon.store, leg(1_795_477_760))).rejects.toMatchObject({ code: 'disk_full' });

  const health = await daemon.get('/healthz');
  expect([health.status, await health.json()]).toEqual([
    503,
    expect.objectContaining({
      status: 'not storing',
      store: {
        state: 'full',
        why: 'less than 10000000 MB are free on the disk',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        free_bytes: expect.any(Number),
        reserve_bytes: 10_000_000_000_000,
      },
    }),
  ]);
  const figures = await (await daemon.get('/metrics')).text();
  expect(figures).toContain('cdrd_store_state{state="ok"} 0\ncdrd_store_state{state="full"} 1\n');
  expect(figures).toMatch(/^cdrd_store_free_bytes \d+$/m);
  expect(figures).toMatch(/^cdrd_store_refused_total [1-9]\d*$/m);
  expect(figures).toMatch(/^cdrd_records_held 0$/m);
  expect(daemon.log.filter((line) => line.includes('the disk of the store refuses'))).toHaveLength(1);

  const answer = async (path: string) => {
    const { status } = await daemon.get(`/cgi/webserve/${path}`);
    return [path, status];
  };
  for (const path of [
    '9006?', // reads
    '9005?',
    '30017?recording.internal=no', // small, or makes room
    '30008?UserName=clerk&role=monitor&Password=0cc175b9c0f1b6a831c399e269772661',
    '30011?name=crm&role=monitor',
    '9004?',
  ])
    expect(await answer(path)).toEqual([path, 200]);
  const refused = await daemon.get('/cgi/webserve/30014?number=100&name=A');
  expect([refused.status, await refused.json()]).toEqual([
    507,
    { error: { code: 'disk_full', message: 'the disk of the call records is full' } },
  ]);
});
