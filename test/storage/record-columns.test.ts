/** A listing of calls tells the channel, the caller ID and the clock of the record that each call is shown by. */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { put, rowsOf, shut } from './helper.ts';

const AT = 1_620_000_000;
const COLUMNS = ['start', 'offset', 'dst', 'channel', 'dstchannel', 'callerid'] as const;

async function listed(...legs: readonly Leg[]) {
  const store = openStoreHere(storeOptions(temporaryFolder(onTestFinished)));
  onTestFinished(() => store.close());
  for (const each of legs) await put(store, each);
  for (const each of new Map(legs.map((one) => [one.linkedId, one])).values()) await shut(store, each);
  return rowsOf(
    store,
    'call',
    COLUMNS.map((name) => [name, name]),
  );
}

test('of a call of one record', async () => {
  expect(await listed(leg(AT, { callerId: '"Eva <&>" <205>', start: { epoch: AT, offset: 19_800 } }))).toEqual([
    {
      start: '2021-05-03 05:30:00',
      offset: '19800',
      dst: '204',
      channel: 'SIP/205-00000000',
      dstchannel: 'SIP/204-00000001',
      callerid: '"Eva <&>" <205>',
    },
  ]);
});

test('of a ring group that of who answered', async () => {
  const group = { destination: '920', dialled: '920', linkedId: `${AT}.0` };
  const rang = { ...group, answer: null, billsec: 0, disposition: 'NO ANSWER', sequence: 1 } as const;
  const rows = await listed(
    leg(AT, { ...rang, destinationChannel: 'SIP/203-00000001' }),
    leg(AT, { ...group, destinationChannel: 'SIP/204-00000002' }),
  );
  expect(rows).toMatchObject([{ dst: '920(204)', channel: 'SIP/205-00000000', dstchannel: 'SIP/204-00000002' }]);
});
