/**
 * Which stretches of a recording were paused: each side's sound can be, what goes on again is told of no longer, what is
 * open outlives a restart, and a call's end closes it.
 */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { changePause, endPauses, type PauseChange, pausesOf } from '../../storage/sql/pause.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';

function scene() {
  const file = `${temporaryFolder(onTestFinished)}/cdrd.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations);
  const change = (direction: PauseChange['direction'], paused: boolean, now: number, channel = 'SIP/1') =>
    changePause(database, { linkedId: 'L', channel, direction, paused }, now);
  return {
    pause: (direction: PauseChange['direction'], now: number, channel?: string) =>
      change(direction, true, now, channel),
    resume: (direction: PauseChange['direction'], now: number, channel?: string) =>
      change(direction, false, now, channel),
    end: (now: number) => endPauses(database, 'L', now),
    stretches: () => pausesOf(database, 'L', 0, 1_000).map(({ direction, from, to }) => `${direction} ${from}-${to}`),
  };
}

test('pausing twice is one pause; resuming what is not paused is nothing', () => {
  const { pause, resume, stretches } = scene();
  resume('both', 5);
  pause('both', 10);
  pause('both', 11);
  pause('read', 12);
  resume('both', 20);
  expect(stretches()).toEqual(['both 10-20']);
});

test('both resumes each side, and both of a pause leaves the other side when one is resumed', () => {
  const { pause, resume, stretches } = scene();
  pause('read', 10);
  pause('write', 12);
  resume('both', 20);
  pause('both', 30);
  resume('read', 40);
  pause('both', 50);
  resume('both', 60);
  expect(stretches()).toEqual(['read 10-20', 'write 12-20', 'both 30-40', 'write 40-50', 'both 50-60']);
});

test('another channel’s pause goes on, until its call is over', () => {
  const { pause, resume, end, stretches } = scene();
  pause('both', 10, 'SIP/1');
  pause('both', 10, 'SIP/2');
  resume('both', 20, 'SIP/1');
  expect(stretches()).toEqual(['both 10-20', 'both 10-null']);
  end(30);
  expect(stretches()).toEqual(['both 10-20', 'both 10-30']);
});

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
