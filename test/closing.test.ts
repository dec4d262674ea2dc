/** A call that was open when the daemon stopped. In a file of its own, for the ten seconds that such a one waits are one here. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { openStoreHere } from '../storage/here.ts';
import { startSimulator } from './simulator/simulator.ts';
import { eventually, startDaemon } from './support/daemon.ts';
import { storeOptions } from './support/legs.ts';

vi.mock('../daemon/limits.ts', async (original) => {
  const real = await original<typeof import('../daemon/limits.ts')>();
  return { ...real, callLimits: { ...real.callLimits, awayQuietMs: 1_000 } };
});

test('a call whose closing a stop interrupts is closed by the next start', async () => {
  const pbx = await startSimulator({ username: 'cdrd', secret: 's3cret', zone: 'Etc/GMT+8' });
  onTestFinished(() => pbx.close());
  const first = await startDaemon({
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 's3cret',
  });
  await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
  const stored = new Promise((resolve) => first.bus.once('leg', resolve));
  void pbx.placeCall('failed');
  await stored;
  await first.close();
  const between = openStoreHere(storeOptions(`${first.folder}/state`));
  expect(await between.ask('openGroups')).toHaveLength(1);
  await between.close();
  const second = await startDaemon({}, { folder: first.folder });
  const rows = async () =>
    ((await second.json('/cgi/webserve/9006?')) as { json_array_astcdrs: unknown[] }).json_array_astcdrs;
  await eventually(async () => (await rows()).length === 1);
});
