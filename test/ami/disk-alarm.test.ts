/** `CdrdDiskAlarm`: who is told that a disk is nearly full, and what it looks like. */
import { expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { amiPort, logInClient, setUser } from './client.ts';

test('users with extras are told when a disk is nearly full and when it has room again; others never', async () => {
  const daemon = await startDaemon();
  await setUser(daemon, 'crm', { read: 'system', extras: true });
  await setUser(daemon, 'plain', { read: 'system' });
  const [crm, plain] = await Promise.all(['crm', 'plain'].map((name) => logInClient(amiPort(daemon), name)));
  if (!crm || !plain) throw new Error('not all came in');
  daemon.bus.emit('fullness', { disk: 'recordings', used: 0.914, alarm: true });
  daemon.bus.emit('fullness', { disk: 'recordings', used: null, alarm: false });
  await crm.until('both', () => crm.events('CdrdDiskAlarm').length === 2);
  expect(crm.events('CdrdDiskAlarm').map(({ raw }) => raw.toString())).toEqual([
    'Event: CdrdDiskAlarm\r\nPrivilege: system,all\r\nDisk: recordings\r\nState: Nearly full\r\nUsed: 91\r\n\r\n',
    'Event: CdrdDiskAlarm\r\nPrivilege: system,all\r\nDisk: recordings\r\nState: Ok\r\nUsed: \r\n\r\n',
  ]);
  await plain.ask('Ping');
  expect(plain.events('CdrdDiskAlarm')).toEqual([]);
});
