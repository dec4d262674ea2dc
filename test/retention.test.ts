/**
 * Retention over a real store, worker and folder: each rule takes the oldest, only what it must, and nothing that is kept;
 * what the dry run says is what a run does.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RetentionRule } from '../cgi/retention/port.ts';
import { createBus } from '../daemon/bus.ts';
import { createCallDeletions } from '../daemon/jobs.ts';
import { createLog } from '../daemon/log.ts';
import type { FileClient } from '../daemon/recordings/file-client.ts';
import type { MediumState } from '../daemon/recordings/medium-state.ts';
import { createRetention } from '../daemon/retention/retention.ts';
import { RULES } from '../daemon/retention/rules.ts';
import type { Schedule, Work } from '../daemon/schedule.ts';
import type { StoreClient } from '../storage/client.ts';
import { zone } from '../storage/model/local-time.ts';
import type { Walk } from '../storage/store.ts';
import { pcmWav } from './recordings/helper.ts';
import { openTrashRig } from './recordings/trash-rig.ts';
import { countOf, put, rowsOf, shut } from './storage/helper.ts';
import { eventually, startDaemon } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { FIRST_MEDIUM, leg } from './support/legs.ts';

const DAY = 86_400;
/** 2027-01-20 12:00 at the box, which stands at UTC−08:00. */
const NOW = Date.UTC(2027, 0, 20, 20) / 1000;
const BY = { who: 'admin', address: '192.0.2.7' };
const MARK = { ...BY, action: 'recordings.keep', detail: {} };

/** A recording of so many days ago, of 1,000,000 bytes as the index has it. */
function pathOf(daysAgo: number, party = '205'): string {
  const epoch = NOW - daysAgo * DAY;
  const wall = zone('Etc/GMT+8').text(epoch).replaceAll(/[-:]/g, '');
  const [day = '', time = ''] = wall.split(' ');
  return `${day}/${day}-${time}-${epoch}-Internal-${party}-204.wav`;
}

async function openRig(
  set: Partial<Record<RetentionRule, number>> = {},
  through?: Parameters<ReturnType<typeof openTrashRig>['start']>[0],
  isNew = false,
) {
  const rig = openTrashRig();
  rig.clock = NOW;
  const trash = rig.start(through);
  const watched: { state: MediumState; space: { total: number; free: number } | null } = {
    state: { state: 'mounted', why: '', writable: true, since: 0, medium: FIRST_MEDIUM },
    space: { total: 100e6, free: 50e6 },
  };
  const log = createLog({ level: 'warn', write: (line) => rig.log.push(line), terminal: false });
  const callDeletions = createCallDeletions({
    store: rig.store,
    bus: createBus(),
    log,
    zone: zone('Etc/GMT+8'),
    trash: { seconds: () => 7 * DAY, skip: () => false },
    now: () => NOW,
  });
  onTestFinished(() => callDeletions.close());
  const values: Record<string, number> = { ...Object.fromEntries(RULES.map((rule) => [rule, 0])), ...set };
  const stop = new AbortController();
  const clock = { at: NOW };
  // Most of the time the medium is the one of all days.
  if (!isNew) await rig.store.write({ kind: 'note', name: 'retention.media', value: { [FIRST_MEDIUM]: 24 } });
  /** As a process that starts. */
  async function restarted(store = rig.store) {
    const jobs = new Map<string, Work>();
    const schedule: Schedule = {
      at: async (name, _, work) => void jobs.set(name, work),
      run: async (name) => jobs.get(name)?.(stop.signal),
      jobs: () => [],
      close: async () => {},
    };
    const retention = await createRetention({
      store,
      schedule,
      callDeletions,
      recordingDeletions: trash,
      recordings: () => ({ state: () => watched.state, space: () => watched.space }),
      settings: { value: (name) => values[name] ?? 0 },
      clock: { now: () => clock.at, doubt: () => '' },
      zone: zone('Etc/GMT+8'),
      log,
    });
    return { retention, hourly: () => schedule.run('room') };
  }
  const { retention, hourly } = await restarted();
  /** Files as big as the index says of them, which is what counts. */
  async function record(...paths: readonly string[]) {
    await rig.record(...paths);
    const files = paths.map((path) => ({ path, size: 1_000_000, mtimeMs: 0, seconds: 1, state: 'ok' as const }));
    await rig.store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
    for (const path of paths) writeFileSync(join(rig.dir, path), Buffer.alloc(1_000_000));
  }
  /** What the dry run says of each rule that would do something. */
  const planned = async () =>
    (await retention.plan(100)).rules
      .filter(({ count }) => count > 0)
      .map(({ rule, count, bytes }) => [rule, count, bytes]);
  return {
    ...rig,
    trash,
    retention,
    record,
    recordSmall: rig.record,
    planned,
    values,
    watched,
    clock,
    stop,
    hourly,
    restarted,
  };
}

const AGES = [400, 40, 31, 29, 5, 1];
const PATHS = AGES.map((days) => pathOf(days));

describe('recordings', () => {
  test('over their age go for good, and of none that is kept; each stands in the audit log with its rule', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30 });
    await rig.record(...PATHS);
    await rig.store.write({ kind: 'keep', paths: PATHS.slice(1, 2), keep: true, audit: MARK });
    const { rules } = await rig.retention.plan(1);
    expect(rules.filter(({ count }) => count > 0)).toEqual([
      {
        rule: 'retention.recordings.days',
        value: 30,
        count: 2,
        bytes: 2_000_000,
        oldest: '2025-12-16 12:00:00',
        newest: '2026-12-20 12:00:00',
        paths: PATHS.slice(0, 1),
      },
    ]);
    expect(rig.files().placed).toHaveLength(6);
    await rig.retention.run();
    const stays = [1, 3, 4, 5].map((index) => PATHS[index]).sort();
    expect(rig.files()).toEqual({ placed: stays, trashed: [] });
    expect(await rig.listed()).toEqual(stays);
    const entries = (await rig.store.ask('auditEntries', { before: null, limit: 2 })).entries;
    const deletion = expect.any(Number);
    expect(entries.map(({ who, action, detail }) => [who, action, detail])).toEqual([
      ['cdrd', 'recordings.purged', { deletion, files: 2, bytes: 2_000_000, paths: `${PATHS[0]};${PATHS[2]}` }],
      ['cdrd', 'recordings.delete', { files: 2, purge: true, rule: 'retention.recordings.days' }],
    ]);
    expect(rig.retention.state().last).toEqual({ at: NOW, recordings: 2, bytes: 2_000_000, calls: 0 });
    expect(await rig.planned()).toEqual([]);
    // Nothing to do leaves no trace.
    await rig.retention.run();
    expect((await rig.store.ask('auditEntries', { before: null, limit: 9 })).entries).toHaveLength(3);
  });

  test('beyond the size go from the oldest on, no more than must, and the trash before them', async () => {
    const rig = await openRig({ 'retention.recordings.mb': 3 });
    await rig.record(...PATHS);
    await rig.trash.begin(PATHS.slice(5), false, BY);
    // Five of a MB and one in the trash: three too many, of which the trash is one.
    expect(await rig.retention.plan(0)).toMatchObject({
      trash: 1_000_000,
      medium: { total: 100e6, free: 50e6, recordings: 6_000_000, kept: 0, spared: '' },
    });
    expect(await rig.planned()).toEqual([['retention.recordings.mb', 2, 2_000_000]]);
    await rig.retention.run();
    expect(rig.files()).toEqual({ placed: PATHS.slice(2, 5).sort(), trashed: [] });
    expect(rig.retention.state().last).toMatchObject({ recordings: 2, bytes: 3_000_000 });
  });

  test('make room where too little is free: each hour, even on a full medium; old ones and calls wait for the night', async () => {
    const rig = await openRig({ 'retention.recordings.free': 5, 'retention.recordings.days': 30 });
    await rig.record(...PATHS);
    rig.watched.state = { ...rig.watched.state, writable: false, why: 'full' };
    rig.watched.space = { total: 7e6, free: 0.3e6 };
    await rig.hourly();
    expect(rig.files().placed).toEqual(PATHS.slice(1).sort());
    // Nobody asked for it: it is told loudly.
    expect(rig.log.filter((line) => line.includes('removed, for the medium has too little room'))).toEqual([
      expect.stringMatching(/^<4>.* recordings=1 bytes=1000000\n$/),
    ]);
    rig.watched.space = { total: 7e6, free: 1.3e6 };
    await rig.hourly();
    expect(rig.files().placed).toEqual(PATHS.slice(1).sort());
    await rig.retention.run();
    expect(rig.files().placed).toEqual(PATHS.slice(3).sort());
  });

  describe('are spared where no room can be made of them for long:', () => {
    const GB = 1e9;
    const spared = async (rig: Awaited<ReturnType<typeof openRig>>, why: RegExp | '') => {
      expect((await rig.retention.plan(0)).medium?.spared).toEqual(why && expect.stringMatching(why));
      await rig.hourly();
      await rig.hourly();
      expect(rig.files().placed).toHaveLength(PATHS.length);
      // Once, and not each hour.
      expect(rig.log.filter((line) => /no recording is removed/.test(line))).toHaveLength(why ? 1 : 0);
    };

    test('2 GB free are enough on the largest disk', async () => {
      const rig = await openRig({ 'retention.recordings.free': 5 });
      await rig.record(...PATHS);
      rig.watched.space = { total: 10_000 * GB, free: 2 * GB };
      await spared(rig, '');
    });

    test('on a share that others fill, however little is missing', async () => {
      const rig = await openRig({ 'retention.recordings.free': 5 });
      await rig.record(...PATHS);
      rig.watched.space = { total: 10_000 * GB, free: 2 * GB - 1 };
      await spared(rig, /other files/);
    });

    test('where all that may go is too little', async () => {
      const rig = await openRig({ 'retention.recordings.free': 20 });
      await rig.record(...PATHS);
      await rig.store.write({ kind: 'keep', paths: PATHS.slice(1), keep: true, audit: MARK });
      rig.watched.space = { total: 7e6, free: 0.3e6 };
      await spared(rig, /would not make the room/);
    });

    test('on a medium that nothing is recorded on any more', async () => {
      const rig = await openRig({ 'retention.recordings.free': 5 });
      await rig.record(...PATHS);
      rig.clock.at = NOW + 2 * DAY;
      rig.watched.space = { total: 7e6, free: 0.3e6 };
      await spared(rig, /two days/);
    });

    test('on a medium in its first 24 hours here, whatever its clock says; a restart counts on', async () => {
      const rig = await openRig({ 'retention.recordings.free': 5 }, undefined, true);
      await rig.record(...PATHS);
      rig.watched.space = { total: 7e6, free: 0.3e6 };
      await spared(rig, /new here/);
      for (let hour = 3; hour < 24; hour++) await rig.hourly();
      expect(rig.files().placed).toHaveLength(PATHS.length);
      const again = await rig.restarted();
      await again.hourly();
      expect(rig.files().placed).toEqual(PATHS.slice(1).sort());
    });

    test('beyond its size a medium loses them all the same: somebody has said so', async () => {
      const rig = await openRig({ 'retention.recordings.mb': 5 }, undefined, true);
      await rig.record(...PATHS);
      rig.watched.space = { total: 10_000 * GB, free: 0 };
      await rig.hourly();
      expect(rig.files().placed).toEqual(PATHS.slice(1).sort());
    });
  });

  test('the rules add up: what one has taken the next need not, and kept ones count for the size', async () => {
    const rig = await openRig({
      'retention.recordings.days': 300,
      'retention.recordings.mb': 4,
      'retention.recordings.free': 83,
    });
    rig.watched.space = { total: 12e6, free: 6e6 };
    await rig.record(...PATHS);
    await rig.store.write({ kind: 'keep', paths: PATHS.slice(1, 2), keep: true, audit: MARK });
    const plan = [
      ['retention.recordings.days', 1, 1_000_000],
      ['retention.recordings.mb', 1, 1_000_000],
      ['retention.recordings.free', 2, 2_000_000],
    ];
    expect(await rig.planned()).toEqual(plan);
    await rig.retention.run();
    expect(rig.files().placed).toEqual([PATHS[1], PATHS[5]].sort());
  });

  test('from before the clock was set have no age, and others come to it last', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30 });
    const undated = '19700101/19700101-000100-28860-Internal-205-204.wav';
    await rig.record(undated, ...PATHS.slice(2));
    await rig.retention.run();
    expect(rig.files().placed).toEqual([undated, ...PATHS.slice(3)].sort());
    rig.values['retention.recordings.mb'] = 3;
    await rig.retention.run();
    expect(rig.files().placed).toEqual([undated, ...PATHS.slice(4)].sort());
    rig.values['retention.recordings.mb'] = 1;
    await rig.store.write({ kind: 'keep', paths: PATHS.slice(5), keep: true, audit: MARK });
    await rig.retention.run();
    expect(rig.files().placed).toEqual(PATHS.slice(5));
  });

  test('by a clock that nobody knows nothing is old; room is made all the same', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30, 'retention.calls.days': 1 });
    rig.clock.at = 0;
    await rig.record(...PATHS);
    expect(await rig.planned()).toEqual([]);
    rig.values['retention.recordings.mb'] = 5;
    await rig.retention.run();
    expect(rig.files().placed).toEqual(PATHS.slice(1).sort());
  });

  test.each([
    ['absent', { state: 'absent', why: 'pulled out', writable: false, since: 0 }],
    ['slow', { state: 'slow', why: 'takes long', writable: true, since: 0, medium: FIRST_MEDIUM }],
    ['read-only', { state: 'mounted', why: 'read-only', writable: false, since: 0, medium: FIRST_MEDIUM }],
    ['another one', { state: 'mounted', why: '', writable: true, since: 0, medium: 7 }],
  ] as const)('a medium that is %s is left alone', async (_, state) => {
    const rig = await openRig({ 'retention.recordings.days': 30, 'retention.recordings.mb': 1 });
    await rig.record(...PATHS);
    rig.watched.state = state;
    expect(await rig.planned()).toEqual([]);
    await rig.retention.run();
    expect(rig.files().placed).toHaveLength(6);
  });

  test('a medium that goes away in the middle ends the run; what was begun goes on when it is back', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30 }, (client, store) => {
      let steps = 0;
      const ask = (step: { readonly kind: string }) => {
        if (step.kind === 'remove' && ++steps === 2) rig.medium.state = 'dead';
        return client.ask(step as never);
      };
      return [{ ...client, ask } as FileClient, store];
    });
    const many = Array.from({ length: 260 }, (_, index) => pathOf(40, String(1_000 + index)));
    await rig.recordSmall(...many);
    await expect(rig.retention.run()).rejects.toMatchObject({ code: 'storage_offline' });
    expect(rig.files().placed).toHaveLength(160);
    rig.medium.state = 'mounted';
    rig.trash.resume();
    await eventually(() => rig.trash.underWay() === 0);
    expect(rig.files().placed).toHaveLength(10);
    await rig.retention.run();
    expect(rig.files().placed).toEqual([]);
  });

  test('marked to be kept while their deletion is under way stay, and what was removed is what the audit log says', async () => {
    const many = Array.from({ length: 260 }, (_, index) => pathOf(40, String(1_000 + index)));
    const [first = '', second = '', third = ''] = [many[7], many[107], many[207]];
    const rig = await openRig({ 'retention.recordings.days': 30 }, (client, store) => {
      const mark = (path: string) => store.write({ kind: 'keep', paths: [path], keep: true, audit: MARK });
      const ask = async (step: { readonly kind: string; readonly paths?: readonly string[] }) => {
        const answer = await client.ask(step as never);
        if (step.kind === 'remove' && step.paths?.includes(many[0] ?? '')) await mark(third);
        return answer;
      };
      const write = async (item: Parameters<StoreClient['write']>[0]) => {
        if (item.kind === 'deletion') for (const path of [first, second]) await mark(path);
        return store.write(item);
      };
      return [{ ...client, ask } as FileClient, { ...store, write }];
    });
    await rig.recordSmall(...many);
    await rig.retention.run();
    const stay = [first, second, third].sort();
    expect(rig.files().placed).toEqual(stay);
    expect(await rig.listed()).toEqual(stay);
    const entries = (await rig.store.ask('auditEntries', { before: null, limit: 99 })).entries;
    const purged = entries
      .filter(({ action }) => action === 'recordings.purged')
      .flatMap(({ detail }) => String(detail['paths']).split(';'));
    expect(purged.sort()).toEqual(many.filter((path) => !stay.includes(path)).sort());
    expect(rig.retention.state().last).toMatchObject({ recordings: 257 });
    // Who asks for it by name gets it: the mark is against rules.
    await rig.trash.begin([first], true, BY);
    expect(rig.files().placed).toEqual(stay.filter((path) => path !== first));
  });

  test('stay for a week behind a store that took another’s place: what was marked since its backup is not known', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30, 'retention.recordings.mb': 1 });
    await rig.record(...PATHS);
    const replacement = { aside: 'x', from: 'y', because: 'damaged', who: 'cdrd', at: NOW - 7 * DAY + 1, last: null };
    await rig.store.write({ kind: 'note', name: 'store.replaced', value: replacement });
    const recovered = await rig.restarted();
    await recovered.hourly();
    await expect(recovered.retention.run()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/2027-01-20 12:00:01/),
    });
    expect(recovered.retention.state().restsUntil).toBe(NOW + 1);
    expect(rig.files().placed).toHaveLength(PATHS.length);
    rig.clock.at = NOW + 1;
    await recovered.retention.run();
    expect(recovered.retention.state().restsUntil).toBeNull();
    expect(rig.files().placed).toEqual(PATHS.slice(5));
  });

  test('are not added up where no rule asks how much they are', async () => {
    const asked: string[] = [];
    const rig = await openRig({ 'retention.recordings.free': 5, 'retention.recordings.days': 30 });
    await rig.record(...PATHS);
    const spied: StoreClient = {
      ...rig.store,
      work: (operation, ...rest) => {
        asked.push(operation);
        return rig.store.work(operation, ...rest);
      },
    };
    const { hourly } = await rig.restarted(spied);
    await hourly();
    expect(asked).toContain('trashed');
    expect(asked).not.toContain('sumRecordings');
  });

  test('a stop ends it between two deletions', async () => {
    const rig = await openRig({ 'retention.recordings.days': 30 });
    await rig.record(...PATHS);
    rig.stop.abort();
    await rig.retention.run();
    expect(rig.files().placed).toHaveLength(6);
  });
});

describe('calls', () => {
  /** Calls of so many days ago; each answered by the recording of that time. */
  async function calls(rig: Awaited<ReturnType<typeof openRig>>, ages: readonly number[]) {
    for (const [index, days] of ages.entries()) {
      const at = NOW - days * DAY;
      const path = pathOf(days);
      const id = `${at - 2}.${index}`;
      const each = leg(at - 2, {
        uniqueId: id,
        linkedId: id,
        recordingFile: `/media/usbStorage/monitor/${path.slice(0, -4)}`,
      });
      await put(rig.store, each);
      await shut(rig.store, each);
    }
  }
  const shown = async (rig: Awaited<ReturnType<typeof openRig>>) =>
    (await rowsOf(rig.store, 'call', [['start', 'start']])).map(({ start = '' }) => start.slice(0, 10));

  test('over their age go into the trash, are undone from there, and stay where their recording is kept', async () => {
    const rig = await openRig({ 'retention.calls.days': 30 });
    await rig.record(...PATHS);
    await calls(rig, AGES);
    await rig.store.write({ kind: 'keep', paths: PATHS.slice(1, 2), keep: true, audit: MARK });
    expect((await rig.retention.plan(9)).rules.find(({ rule }) => rule === 'retention.calls.days')).toEqual({
      rule: 'retention.calls.days',
      value: 30,
      count: 2,
      oldest: '2025-12-16 11:59:58',
      newest: '2026-12-20 11:59:58',
    });
    await rig.retention.run();
    expect(await shown(rig)).toEqual(['2026-12-11', '2026-12-22', '2027-01-15', '2027-01-19']);
    const [deletion] = await rig.store.ask('deletions', { kind: 'call', limit: 9 });
    expect(deletion).toMatchObject({ who: 'cdrd', state: 'deleted', count: 2, expiresAt: NOW + 7 * DAY });
    const what = { enddate: '2026-12-21 11:59:59', rule: 'retention.calls.days' };
    expect(deletion?.content).toMatchObject({ what });
    // Nothing is left over for the next night, and no empty deletion stands in the list.
    await rig.retention.run();
    expect(await rig.store.ask('deletions', { kind: 'call', limit: 9 })).toHaveLength(1);
    expect(rig.retention.state().last).toEqual({ at: NOW, recordings: 0, bytes: 0, calls: 2 });
  });

  test('beyond the number that stays go from the oldest on; those of one second stay or go together', async () => {
    const rig = await openRig({ 'retention.calls.count': 3 });
    await calls(rig, [...AGES, 5]);
    expect(await rig.planned()).toEqual([['retention.calls.count', 4, undefined]]);
    await rig.retention.run();
    expect(await shown(rig)).toEqual(['2027-01-15', '2027-01-15', '2027-01-19']);
    rig.values['retention.calls.count'] = 2;
    await rig.retention.run();
    expect(await shown(rig)).toHaveLength(3);
  });

  test('of two rules the second takes what the first has left', async () => {
    const rig = await openRig({ 'retention.calls.days': 300, 'retention.calls.count': 4 });
    await calls(rig, AGES);
    expect(await rig.planned()).toEqual([
      ['retention.calls.days', 1, undefined],
      ['retention.calls.count', 1, undefined],
    ]);
    await rig.retention.run();
    expect(await countOf(rig.store, 'call', { start: {} })).toBe(4);
  });
});

test('the whole daemon: old recordings and calls go by run=1, kept ones stay, and verify agrees', async () => {
  const folder = temporaryFolder();
  const days = (ago: number) => Math.floor(Date.now() / 1000) - ago * DAY;
  const nameOf = (epoch: number) => {
    const [day = '', time = ''] = zone('Etc/GMT+8').text(epoch).replaceAll(/[-:]/g, '').split(' ');
    return `${day}/${day}-${time}-${epoch}-Internal-205-204.wav`;
  };
  const [old, kept, fresh] = [days(40), days(35), days(1)].map(nameOf) as [string, string, string];
  for (const path of [old, kept, fresh]) {
    mkdirSync(dirname(join(folder, 'recordings', path)), { recursive: true });
    writeFileSync(join(folder, 'recordings', path), pcmWav(1));
  }
  const daemon = await startDaemon({}, { folder });
  const now = Math.floor(Date.now() / 1000);
  for (const each of [
    leg(days(40) - 2, { recordingFile: `${folder}/recordings/${old.slice(0, -4)}` }),
    leg(now - 60),
  ]) {
    await put(daemon.store, each);
    await shut(daemon.store, each);
  }
  const listed = async () => {
    const body = await daemon.json('/cgi/webserve/20053?&startdate=2020-01-01 00:00');
    return (body['json_array_recordings'] as { path: string }[]).map(({ path }) => path);
  };
  await eventually(async () => (await listed()).length === 3);
  await daemon.json(`/cgi/webserve/30025?&keep=1&wavefiles=${encodeURIComponent(kept)}`);
  await daemon.json(
    '/cgi/webserve/30017?&retention.recordings.days=30&retention.calls.days=30&retention.recordings.free=0',
  );
  type Rules = { rule: string; count: number; paths?: string[] }[];
  const plan = (await daemon.json('/cgi/webserve/30026?'))['json_array_rules'] as Rules;
  expect(plan.filter(({ count }) => count > 0)).toMatchObject([
    { rule: 'retention.recordings.days', count: 1, paths: [old] },
    { rule: 'retention.calls.days', count: 1 },
  ]);
  // Other rules can be thought of; nothing of it is kept or done.
  const thought = await daemon.json('/cgi/webserve/30026?&retention.recordings.days=0&retention.calls.count=1');
  const values = (thought['json_array_rules'] as { rule: string; value: number; count: number }[]).map(
    ({ rule, value, count }) => [rule, value, count > 0],
  );
  expect(values).toEqual([
    ['retention.recordings.days', 0, false],
    ['retention.recordings.mb', 0, false],
    ['retention.recordings.free', 0, false],
    ['retention.calls.days', 30, true],
    ['retention.calls.count', 1, expect.anything()],
  ]);
  for (const [query, parameter] of [
    ['retention.recordings.free=51', 'retention.recordings.free'],
    ['run=1&retention.calls.days=1', 'retention.calls.days'],
  ]) {
    const refused = await daemon.get(`/cgi/webserve/30026?&${query}`);
    expect([refused.status, ((await refused.json()) as { error: { parameter: string } }).error.parameter]).toEqual([
      400,
      parameter,
    ]);
  }
  const after = await daemon.json('/cgi/webserve/30026?&run=1');
  expect(after['last']).toMatchObject({ recordings: 1, calls: 1 });
  expect(await listed()).toEqual([fresh, kept]);
  expect(existsSync(join(folder, 'recordings', old))).toBe(false);
  expect(await countOf(daemon.store, 'call', { start: {} })).toBe(1);
  expect(await verified(daemon.store)).toEqual({ groups: 2, wrong: [] });
});

/** As `cdrd verify` goes through the calls, those in the trash too. */
async function verified(store: StoreClient) {
  const all = { groups: 0, wrong: [] as string[] };
  for (let walk: Walk = { at: 0, id: 0 }; walk; ) {
    const step: { groups: number; wrong: string[]; next: Walk } = await store.ask('verifyStep', walk);
    all.groups += step.groups;
    all.wrong.push(...step.wrong);
    walk = step.next;
  }
  return all;
}
