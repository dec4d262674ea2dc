/** What of clients' actions the audit log is told: what was done and to what, and no value that may be a secret. */
import { expect, test } from 'vitest';
import { auditOf } from '../../daemon/ami/audited.ts';
import { openAmiUsers } from '../../daemon/ami/users.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';
import { temporaryFolder } from '../support/folder.ts';

async function lineOf(...lines: string[]) {
  const users = await openAmiUsers(temporaryFolder());
  await users.set({ name: 'crm', secret: 's', read: [], write: ['call', 'Getvar'], permit: [], extras: false });
  const user = users.get('crm');
  if (!user) throw new Error('there is no such user');
  return auditOf(user, '192.0.2.1', parsePacket(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)));
}

test('an action that changes something is told, with what it was done to and why', async () => {
  expect(
    await lineOf('Action: originate', 'Channel: SIP/205', 'Exten: 0900', 'Context: out', 'Variable: PIN=1234'),
  ).toEqual({
    who: 'ami:crm',
    address: '192.0.2.1',
    action: 'ami.originate',
    reason: '',
    detail: { channel: 'SIP/205', exten: '0900', context: 'out', variable: 'PIN' },
  });
  expect(
    await lineOf('Action: QueuePause', 'Interface: SIP/1', 'Paused: 1', `Reason: ${'x'.repeat(300)}`),
  ).toMatchObject({
    reason: 'x'.repeat(200),
    detail: { interface: 'SIP/1', paused: '1' },
  });
  expect(await lineOf('Action: NeverHeardOf')).toMatchObject({ action: 'ami.neverheardof' });
});

test('no value of a key or a command is', async () => {
  const lines = [
    await lineOf('Action: DBPut', 'Family: cdrd', 'Key: pin', 'Val: geheim'),
    await lineOf('Action: Command', 'Command: database put cdrd/pin geheim'),
    await lineOf('Action: Setvar', 'Channel: SIP/1', 'Variable: PIN', 'Value: geheim'),
    await lineOf('Action: UpdateConfig', 'DstFilename: sip.conf', 'Value-000000: geheim'),
  ];
  expect(lines.map((line) => line?.detail)).toEqual([
    { family: 'cdrd', key: 'pin' },
    { command: 'database put' },
    { channel: 'SIP/1', variable: 'PIN' },
    { dstfilename: 'sip.conf' },
  ]);
});

test('a look is not told, unless its name was granted, by which it may do anything', async () => {
  expect(await lineOf('Action: Status')).toBe(null);
  expect(await lineOf('Action: Getvar', 'Variable: SHELL(x)')).toMatchObject({ action: 'ami.getvar' });
  expect(await lineOf('Action: GetConfig', 'Filename: manager.conf')).toMatchObject({
    detail: { filename: 'manager.conf' },
  });
});
