/** While a commit hangs in its fsync, whoever needs no store is answered: the main thread never waits for the disk. */
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { figure, logIn } from './box.ts';
import { begin, call, openScene, ready, wait } from './scene.ts';

test('a held fsync holds its record back, and nobody else', { timeout: 90_000 }, async () => {
  const scene = await openScene(temporaryFolder(), null);
  onTestFinished(() => scene.close());
  const { url } = await startedOn(scene);
  const get = await logIn(url, scene.place, 'admin');
  const stored = () => figure(url, 'cdrd_records_total{result="stored"}');
  const syncs = () => scene.disk.read().operations.filter(({ kind }) => kind === 'fsync').length;

  scene.disk.plan('hold\n');
  const before = syncs(); // whatever comes after these is held
  call(scene);
  await wait(scene, 'the commit reaches its fsync', () => syncs() > before);
  const listing = get('/cgi/webserve/9006?'); // needs the store, so it waits for the commit
  let listed: unknown = null;
  void listing.then((answer) => {
    listed = answer;
  });
  const status = async (path: string) => (await fetch(url + path)).status;
  expect(await status('/healthz')).toBe(200);
  expect(await status('/cgi/webserve/8404?&UserName=admin&Password=wrong')).toBe(400);
  expect(await status('/cgi/webserve/9006?')).toBe(401);
  expect(await stored()).toBe(0);
  expect(listed).toBeNull();

  scene.disk.plan('');
  await wait(scene, 'the released commit', async () => (await stored()) === 1);
  expect((await listing)['json_array_astcdrs']).toEqual([]); // stored, and open for two seconds yet
});

async function startedOn(scene: Parameters<typeof begin>[0]) {
  const life = begin(scene, 'failing');
  await ready(scene);
  return life;
}
