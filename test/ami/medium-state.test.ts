/** `CdrdMediumState`: who is told of the medium, live and from the store, and what it looks like. */
import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually, startDaemon } from '../support/daemon.ts';
import { amiPort, logInClient, setUser } from './client.ts';

test('users with extras are told of each change, live and in a replay; others never', async () => {
  const daemon = await startDaemon();
  const dir = `${daemon.folder}/recordings`;
  const { bus } = daemon;
  const state = async () => ((await daemon.json('/healthz'))['recordings'] as { state: string }).state;
  await eventually(async () => (await state()) === 'mounted');
  await setUser(daemon, 'crm', { read: 'system,cdr', extras: true });
  await setUser(daemon, 'plain', { read: 'system,cdr' });
  await setUser(daemon, 'deaf', { read: 'cdr', extras: true });
  const clients = await Promise.all(['crm', 'plain', 'deaf'].map((name) => logInClient(amiPort(daemon), name)));
  const [crm, plain, deaf] = clients;
  if (!crm || !plain || !deaf) throw new Error('not all came in');

  renameSync(dir, `${dir}-away`);
  await crm.until('its end', () => crm.events('CdrdMediumState').length === 1);
  renameSync(`${dir}-away`, dir);
  await crm.until('its return', () => crm.events('CdrdMediumState').length === 2);
  const [gone, back] = crm.events('CdrdMediumState').map(({ raw }) => raw.toString());
  const first = Number(crm.events('CdrdMediumState')[0]?.get('EventSequence'));
  expect(gone).toMatch(
    /^Event: CdrdMediumState\r\nPrivilege: system,all\r\nState: absent\r\nWritable: No\r\nWhy: [^\r]*does not exist[^\r]*\r\nDevice: \r\nMedium: \r\nEventSequence: \d+\r\n\r\n$/,
  );
  expect(back).toMatch(
    /State: mounted\r\nWritable: Yes\r\nWhy: \r\nDevice: \d+:\d+\r\nMedium: 1\r\nEventSequence: \d+\r\n\r\n$/,
  );
  expect(bus.listenerCount('mediumChange')).toBe(1);

  // What they are told behind it shows that they were told of nothing before.
  for (const client of [plain, deaf]) {
    await client.ask('Ping');
    expect(client.events('CdrdMediumState')).toEqual([]);
  }
  const replayed = async (name: string) => {
    const client = await logInClient(amiPort(daemon), name, { events: 'off' });
    await client.ask('CdrdReplay', { Since: String(first - 1) });
    const end = await client.find(({ first: [, event] }) => event === 'CdrdReplayComplete');
    return [client.events('CdrdMediumState').map(({ raw }) => raw.toString()), end.get('ListItems')];
  };
  expect(await replayed('crm')).toEqual([[gone, back], '2']);
  expect(await replayed('plain')).toEqual([[], '0']);
});

test('a medium that is well at the start is no news', async () => {
  const daemon = await startDaemon();
  await eventually(async () => ((await daemon.json('/healthz'))['recordings'] as { medium: unknown }).medium === 1);
  await daemon.store.write({ kind: 'audit', audit: { who: 'test', address: '', action: 'x', detail: {} } });
  expect((await daemon.store.ask('outbox', 0)).events).toEqual([]);
});
