/** Pauses of recordings: what is open after a restart, and what a call's end closes. */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';

const NOON = 1_619_082_110;
const audit = { who: 'ami:crm', address: '', action: 'recording.paused', detail: {} };

test('pauses that are open outlive the daemon, and end when they are resumed or their call is over', async () => {
  const folder = temporaryFolder();
  let store = openStoreHere(storeOptions(folder));
  onTestFinished(() => store.close());
  const pause = (linkedId: string, channel: string, paused: boolean, direction: 'both' | 'read' = 'both') =>
    store.write({ kind: 'pause', pause: { linkedId, channel, direction, paused }, audit });
  expect(await store.ask('openPauses')).toEqual([]);
  const record = leg(NOON);
  const linkedId = record.linkedId ?? record.uniqueId;
  await pause(linkedId, 'SIP/204-1', true);
  await pause(linkedId, 'SIP/204-1', true, 'read');
  await pause('2.0', 'SIP/205-1', true);
  await pause('2.0', 'SIP/205-1', false);
  await store.close();
  store = openStoreHere(storeOptions(folder));
  expect(await store.ask('openPauses')).toEqual([{ linkedId, channel: 'SIP/204-1' }]);
  await store.write({ kind: 'leg', leg: record, source: 'ami' });
  await store.write({ kind: 'close', group: linkedId });
  expect(await store.ask('openPauses')).toEqual([]);
});
