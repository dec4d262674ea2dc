/**
 * Deletions of recordings over a real store, worker and folder: what is said, where the files are and what is listed agree
 * at the end, whatever point a process dies at, and whatever a sweep sees in between.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FileClient } from '../../daemon/recordings/file-client.ts';
import { DELETION_FILES } from '../../daemon/recordings/limits.ts';
import type { StoreClient } from '../../storage/client.ts';
import { FIRST_MEDIUM, leg } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { pause } from './helper.ts';
import { BY, openTrashRig, type TrashRig } from './trash-rig.ts';

const A = '20210329/20210329-001004-1617005404-CallBack-44-202-820(102).wav';
const B = '20210329/20210329-000719-1617005239-CallBack-44-202-820(601).wav';
const C = '20210330/20210330-000719-1617091639-Internal-202-204.wav';
const ALL = [A, B, C].sort();
const DAYS = 86_400;

async function stateOf(rig: TrashRig, token: string) {
  return (await rig.store.ask('deletion', token))?.state;
}

/** Until nothing is under way; fails after 5 s. */
async function idle(trash: { underWay(): number }) {
  for (let n = 0; trash.underWay() > 0; n++) {
    if (n > 500) throw new Error('a deletion does not end');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Until all that waits in the queue has been tried: what is asked for last is done last. */
async function tried(trash: ReturnType<TrashRig['start']>) {
  await trash.begin(['20210329/none.wav'], true, BY);
}

async function actions(rig: TrashRig) {
  return (await rig.store.ask('auditEntries', { before: null, limit: 99 })).entries.map(({ action }) => action);
}

test('moves files into the trash and brings them back; rows keep their identity', async () => {
  const rig = openTrashRig();
  const trash = rig.start();
  await rig.record(...ALL);
  const before = await rig.store.ask('recordingPage', everything());
  const done = await trash.begin([A, C, '20210329/none.wav'], false, BY);
  expect(done.deletion).toMatchObject({ state: 'deleted', count: 2, bytes: 18 + A.length + C.length });
  expect(done.missing).toEqual(['20210329/none.wav']);
  expect(done.undo).toBe(done.deletion.token);
  expect(rig.files()).toEqual({ placed: [B], trashed: [A, C].sort() });
  expect(await rig.listed()).toEqual([B]);
  await rig.sweep();
  await rig.sweep();
  expect(await rig.listed()).toEqual([B]);

  expect(await trash.undo('x', BY)).toBeNull();
  expect(await trash.undo(done.undo, BY)).toMatchObject({ state: 'restored', count: 2 });
  expect(rig.files()).toEqual({ placed: ALL, trashed: [] });
  expect(await rig.listed()).toEqual(ALL);
  await rig.sweep();
  expect(await rig.store.ask('recordingPage', everything())).toEqual(before);
  expect(await trash.undo(done.undo, BY)).toMatchObject({ state: 'restored' }); // said twice, done once
});

const everything = () => ({
  filter: { wall: {} },
  fields: [
    ['path', 'path'],
    ['time', 'time'],
    ['src', 'src'],
    ['duration', 'duration'],
  ] as const,
  order: 'asc' as const,
  after: null,
  scan: 500,
  limit: 500,
});

test('a call shows no recording while that is in the trash, and is announced when it goes and when it comes back', async () => {
  const rig = openTrashRig();
  const trash = rig.start();
  const start = 1_617_091_637;
  const tied = '20210330/20210330-000719-1617091639-Internal-205-204.wav';
  const { open } = await rig.store.write({ kind: 'leg', leg: leg(start), source: 'ami' });
  for (const { key } of open) await rig.store.write({ kind: 'close', group: key });
  await rig.record(tied);
  const shown = async () => {
    const fields = [
      ['recording', 'recording'],
      ['changed', 'changed'],
    ] as const;
    const page = await rig.store.ask('callPage', { ...everything(), filter: { start: {} }, fields });
    return JSON.parse(textOf(page)) as { recording: string; changed: string };
  };
  const before = await shown();
  if (before.recording !== tied) throw new Error('the recording is not tied to its call');
  const { undo } = await trash.begin([tied], false, BY);
  const gone = await shown();
  expect(gone.recording).toBe('');
  expect(rig.calls).toEqual([Number(gone.changed)]);
  expect(Number(gone.changed)).toBeGreaterThan(Number(before.changed));
  await trash.undo(undo, BY);
  const back = await shown();
  expect(back.recording).toBe(tied);
  expect(Number(back.changed)).toBeGreaterThan(Number(gone.changed));
  await trash.begin([tied], true, BY);
  expect((await shown()).recording).toBe('');
});

test('a purge leaves nothing, neither files nor an undo', async () => {
  const rig = openTrashRig();
  const trash = rig.start();
  await rig.record(...ALL);
  const done = await trash.begin([A, B], true, BY);
  expect(done).toMatchObject({ undo: '', deletion: { state: 'erased', count: 2 } });
  expect(rig.files()).toEqual({ placed: [C], trashed: [] });
  expect(await rig.listed()).toEqual([C]);
  await expect(trash.undo(done.deletion.token, BY)).rejects.toMatchObject({ code: 'conflict' });
});

test('the setting trash.skip makes every deletion a purge', async () => {
  const rig = openTrashRig();
  const trash = rig.start();
  await rig.record(...ALL);
  rig.trash.skip = true;
  expect(await trash.begin([A], false, BY)).toMatchObject({ undo: '', deletion: { state: 'erased', count: 1 } });
  expect(rig.files()).toEqual({ placed: [B, C], trashed: [] });
});

test('every deletion and every file of it stands in the audit log', async () => {
  const rig = openTrashRig();
  const trash = rig.start();
  await rig.record(...ALL);
  const { undo, deletion } = await trash.begin([A, B], false, BY);
  await trash.undo(undo, BY);
  const entries = (await rig.store.ask('auditEntries', { before: null, limit: 10 })).entries;
  const bytes = 18 + A.length + B.length;
  expect(entries.map(({ action, who, address, detail }) => [action, who, address, detail]).reverse()).toEqual([
    ['recordings.delete', BY.who, BY.address, { files: 2, purge: false }],
    ['recordings.deleted', BY.who, BY.address, { deletion: deletion.id, files: 2, bytes, paths: `${A};${B}` }],
    ['recordings.restored', BY.who, BY.address, { deletion: deletion.id, files: 2, bytes }],
  ]);
});

describe('trash', () => {
  test('is erased when its time is over, and not before', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const { undo } = await trash.begin([A], false, BY);
    expect(await trash.expire(rig.clock + 7 * DAYS - 60)).toBe(0);
    expect(await trash.expire(rig.clock + 7 * DAYS + 1)).toBe(1);
    await idle(trash);
    expect(await stateOf(rig, undo)).toBe('erased');
    expect(rig.files()).toEqual({ placed: [B, C], trashed: [] });
    expect(await rig.listed()).toEqual([B, C]);
    await expect(trash.undo(undo, BY)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('lies as long as the setting trash.days says', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    rig.trash.days = 1;
    await trash.begin([A], false, BY);
    expect(await trash.expire(rig.clock + DAYS + 5)).toBe(1);
  });

  test.each([
    ['has not been set', () => 600],
    ['is years ahead', (now: number) => now + 20_000 * DAYS],
  ])(
    'does not expire by a clock that %s, neither then nor when it is right: its time begins there',
    async (_, wrong) => {
      const rig = openTrashRig();
      const trash = rig.start();
      await rig.record(...ALL);
      const now = rig.clock;
      rig.clock = wrong(now);
      const { undo } = await trash.begin([A], false, BY);
      for (const at of [0, 600 + 8 * DAYS, now, now + 7 * DAYS - 1]) expect(await trash.expire(at)).toBe(0);
      expect(rig.files()).toEqual({ placed: [B, C], trashed: [A] });
      expect(await rig.store.ask('deletion', undo)).toMatchObject({ state: 'deleted', expiresAt: now + 7 * DAYS });
      expect(await trash.expire(now + 7 * DAYS)).toBe(1);
      await idle(trash);
      expect(rig.files()).toEqual({ placed: [B, C], trashed: [] });
    },
  );

  test('goes oldest first when room is needed, and no more of it than is needed', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const first = await trash.begin([A], false, BY);
    const second = await trash.begin([B], false, BY);
    const third = await trash.begin([C], false, BY);
    const freed = await trash.free(first.deletion.bytes + 1);
    expect(freed).toBe(first.deletion.bytes + second.deletion.bytes);
    expect(rig.files()).toEqual({ placed: [], trashed: [C] });
    expect(await stateOf(rig, third.undo)).toBe('deleted');
    expect(await trash.free(1_000_000)).toBe(third.deletion.bytes);
    expect(await trash.free(1)).toBe(0);
  });

  test('of nobody that is known is removed when it is old; everything else stays', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(A);
    const { undo } = await trash.begin([A], false, BY);
    const put = (name: string, days: number) => {
      mkdirSync(join(rig.dir, '.trash', name), { recursive: true });
      writeFileSync(join(rig.dir, '.trash', name, 'x.wav'), '');
      utimesSync(join(rig.dir, '.trash', name), rig.clock, rig.clock - days * DAYS);
    };
    put('5-0123abcd', 8);
    put('6-0123abcd', 6);
    put('my own', 80);
    await trash.expire(rig.clock);
    await idle(trash);
    expect(rig.files().trashed).toEqual([A, 'x.wav', 'x.wav']);
    expect(await trash.undo(undo, BY)).toMatchObject({ state: 'restored' });
  });
});

describe('what is in the way', () => {
  test('of what somebody took out of the trash by hand an undo does not say that it is back', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const { undo } = await trash.begin([A, C], false, BY);
    const [folder = ''] = readdirSync(join(rig.dir, '.trash'));
    rmSync(join(rig.dir, '.trash', folder, A));
    expect(await trash.undo(undo, BY)).toMatchObject({ state: 'restored', count: 2, progress: { done: 1 } });
    expect(await rig.listed()).toEqual([B, C].sort());
    expect(await trash.undo(undo, BY)).toMatchObject({ progress: { done: 1 } });
  });

  test('an absent medium is told at once, and nothing is begun', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(A);
    rig.medium.state = 'absent';
    await expect(trash.begin([A], false, BY)).rejects.toMatchObject({ code: 'storage_offline' });
    expect(await rig.store.ask('deletions', { kind: 'recording', limit: 9 })).toEqual([]);
  });

  test('a medium that goes away in the middle: the deletion waits, and goes on when it is back', async () => {
    const rig = openTrashRig();
    const paths = Array.from({ length: DELETION_FILES * 3 }, (_, n) => `20210329/${String(n).padStart(4, '0')}.wav`);
    let steps = 0;
    const trash = rig.start((client, store) => [
      {
        ...client,
        ask(step: never) {
          if ((step as { kind: string }).kind === 'trash' && ++steps === 2) rig.medium.state = 'dead';
          return client.ask(step);
        },
      } as FileClient,
      store,
    ]);
    await rig.record(...paths);
    const done = await trash.begin(paths, false, BY);
    expect(done.deletion).toMatchObject({ state: 'deleting', count: DELETION_FILES });
    expect(done.undo).not.toBe('');
    await expect(trash.undo(done.undo, BY)).rejects.toMatchObject({ code: 'conflict' });
    rig.medium.state = 'mounted';
    trash.resume();
    await idle(trash);
    expect(await rig.store.ask('deletion', done.undo)).toMatchObject({ state: 'deleted', count: paths.length });
    expect(rig.files()).toEqual({ placed: [], trashed: paths });
    expect(rig.log).toEqual([]);
  });

  test('another medium in its place: nothing of it is touched, and the right one is gone on with', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const { undo } = await trash.begin([A], false, BY);
    renameSync(join(rig.dir, '.trash'), join(rig.dir, '../trash-of-the-first'));
    await expect(trash.undo(undo, BY)).rejects.toMatchObject({ code: 'conflict' });
    expect(await stateOf(rig, undo)).toBe('deleted');
    expect(await trash.free(1)).toBe(0);
    renameSync(join(rig.dir, '../trash-of-the-first'), join(rig.dir, '.trash'));
    expect(await trash.undo(undo, BY)).toMatchObject({ state: 'restored' });
    expect(rig.files()).toEqual({ placed: ALL, trashed: [] });
  });

  test('another medium in its place: a purge that waits removes nothing there, not even a file of the same name', async () => {
    const rig = openTrashRig();
    const paths = Array.from({ length: DELETION_FILES * 2 }, (_, n) => `20210329/${String(n).padStart(4, '0')}.wav`);
    const trash = rig.start((client, store) => [
      {
        ...client,
        async ask(step: never) {
          const answer = await client.ask(step);
          if ((step as { kind: string }).kind === 'remove') rig.medium.id = FIRST_MEDIUM + 1;
          return answer;
        },
      } as FileClient,
      store,
    ]);
    await rig.record(...paths);
    const { deletion } = await trash.begin(paths, true, BY);
    expect(deletion).toMatchObject({ state: 'deleting', count: DELETION_FILES });
    trash.resume();
    await pause(200); // long enough for it to be tried again
    expect(rig.files().placed).toEqual(paths.slice(DELETION_FILES));
    rig.medium.id = FIRST_MEDIUM;
    trash.resume();
    await idle(trash);
    expect(rig.files().placed).toEqual([]);
  });

  test('another medium in its place in the middle of an undo: what is not there is not taken for lost', async () => {
    const rig = openTrashRig();
    const paths = Array.from({ length: DELETION_FILES * 2 }, (_, n) => `20210329/${String(n).padStart(4, '0')}.wav`);
    const [inPlace, away] = [join(rig.dir, '.trash'), join(rig.dir, '../trash-of-the-first')];
    let swaps = 1;
    const trash = rig.start((client, store) => [
      {
        ...client,
        async ask(step: never) {
          const answer = await client.ask(step);
          if ((step as { kind: string }).kind === 'restore' && swaps-- > 0) {
            rig.medium.id = FIRST_MEDIUM + 1;
            renameSync(inPlace, away);
          }
          return answer;
        },
      } as FileClient,
      store,
    ]);
    await rig.record(...paths);
    const { undo } = await trash.begin(paths, false, BY);
    expect(await trash.undo(undo, BY)).toMatchObject({ state: 'restoring' });
    renameSync(away, inPlace);
    rig.medium.id = FIRST_MEDIUM;
    trash.resume();
    await idle(trash);
    expect(rig.files()).toEqual({ placed: paths, trashed: [] });
    expect(await rig.listed()).toHaveLength(paths.length);
  });

  test('another medium in its place: trash whose time is over waits for its own, and then goes', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const { undo } = await trash.begin([A], false, BY);
    renameSync(join(rig.dir, '.trash'), join(rig.dir, '../trash-of-the-first'));
    rig.medium.id = FIRST_MEDIUM + 1;
    await trash.expire(rig.clock + 8 * DAYS);
    await tried(trash);
    expect(await stateOf(rig, undo)).toBe('erasing');
    expect(await actions(rig)).not.toContain('recordings.erased');
    renameSync(join(rig.dir, '../trash-of-the-first'), join(rig.dir, '.trash'));
    rig.medium.id = FIRST_MEDIUM;
    trash.resume();
    await idle(trash);
    expect(await stateOf(rig, undo)).toBe('erased');
    expect(rig.files().trashed).toEqual([]);
    expect((await actions(rig)).filter((action) => action === 'recordings.erased')).toHaveLength(1);
  });

  test('what never comes back is given up a week behind its time, by the clock that is believed, and audited', async () => {
    const rig = openTrashRig();
    const { deletion } = await rig.store.write({
      kind: 'deletion',
      deletion: { kind: 'recording', ...BY, medium: FIRST_MEDIUM, expiresAt: 0, content: [A] },
      audit: { ...BY, action: 'recordings.delete', detail: {} },
    });
    if (!deletion) throw new Error('no deletion has begun');
    rig.medium.id = FIRST_MEDIUM + 1;
    const trash = rig.start();
    const begun = rig.clock;
    rig.clock += 400 * DAYS; // nobody believes that
    trash.resume();
    await tried(trash);
    await trash.expire(begun + 6 * DAYS);
    await tried(trash);
    expect(await stateOf(rig, deletion.token)).toBe('deleting');
    await trash.expire(begun + 7 * DAYS + 60);
    await idle(trash);
    expect(await stateOf(rig, deletion.token)).toBe('erased');
    const [last] = (await rig.store.ask('auditEntries', { before: null, limit: 1 })).entries;
    expect(last).toMatchObject({
      who: 'cdrd',
      action: 'recordings.given_up',
      detail: { deletion: deletion.id, state: 'deleting', files: 0, bytes: 0 },
    });
  });

  test('a medium that comes back just when one begins: it is done once, and who asked is told what it did', async () => {
    const rig = openTrashRig();
    let begun = () => {};
    const written = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let removes = 0;
    const trash = rig.start((client, store) => [
      {
        ...client,
        ask(step: never) {
          if ((step as { kind: string }).kind === 'remove') removes += 1;
          return client.ask(step);
        },
      } as FileClient,
      {
        ...store,
        // The row is there, and whoever began it hasn't heard of that.
        async write(item: Parameters<StoreClient['write']>[0]) {
          const result = await store.write(item);
          if (item.kind !== 'deletion') return result;
          begun();
          await pause(100); // long enough for what is under way to be asked for
          return result;
        },
      },
    ]);
    await rig.record(...ALL);
    const asked = trash.begin([A, '20210329/none.wav'], true, BY);
    await written;
    trash.resume();
    expect(await asked).toMatchObject({ deletion: { state: 'erased', count: 1 }, missing: ['20210329/none.wav'] });
    await idle(trash);
    expect(removes).toBe(1);
  });

  test('two who undo it at once, and a box that erases it: one does it, and none waits for what will not come', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...ALL);
    const { undo } = await trash.begin([A], false, BY);
    const outcomes = await Promise.allSettled([
      trash.undo(undo, BY),
      trash.undo(undo, BY),
      trash.expire(rig.clock + 8 * DAYS),
    ]);
    await idle(trash);
    const state = await stateOf(rig, undo);
    expect(['restored', 'erased']).toContain(state);
    expect(rig.files()).toEqual({ placed: state === 'restored' ? ALL : [B, C], trashed: [] });
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
    expect(rig.log).toEqual([]);
  });

  test('a trash that cannot be made is told, and everything stays', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(A);
    writeFileSync(join(rig.dir, '.trash'), 'a file');
    await expect(trash.begin([A], false, BY)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/trash/),
    });
    expect(await rig.listed()).toEqual([A]);
    expect(trash.underWay()).toBe(0);
    expect(await trash.begin([A], true, BY)).toMatchObject({ deletion: { state: 'erased', count: 1 } });
  });

  test('a file put back by hand is listed again, though its row is in the trash', async () => {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(A);
    const { undo } = await trash.begin([A], false, BY);
    writeFileSync(join(rig.dir, A), 'put back');
    await rig.sweep();
    expect(await rig.listed()).toEqual([]); // a look from just before the move would say the same
    await rig.store.write({
      kind: 'trash',
      step: { id: 1, from: 'deleted', state: 'deleted', progress: { at: rig.clock - 61 } },
    });
    await rig.sweep();
    expect(await rig.listed()).toEqual([A]);
    expect(await trash.undo(undo, BY)).toMatchObject({ state: 'restored' });
    expect(rig.files().placed).toHaveLength(2); // neither was written over
  });
});

/** Dies at its n-th deed, before it or just after it: whatever it asks then is never done, and never answered. */
function dyingAt(n: number, when: 'before' | 'after') {
  let deeds = 0;
  let dead = () => {};
  const died = new Promise<'died'>((resolve) => {
    dead = () => resolve('died');
  });
  const never = new Promise<never>(() => {});
  const deed = async <T>(work: () => Promise<T>): Promise<T> => {
    deeds += 1;
    if (deeds > n || (deeds === n && when === 'before')) {
      dead();
      return never;
    }
    const result = await work();
    if (deeds < n) return result;
    dead();
    return never;
  };
  return {
    died,
    deeds: () => deeds,
    through: (client: FileClient, store: StoreClient) =>
      [
        { ...client, ask: ((step: never) => deed(() => client.ask(step))) as FileClient['ask'] },
        { ...store, write: (item: Parameters<StoreClient['write']>[0]) => deed(() => store.write(item)) },
      ] as const,
  };
}

describe('a kill', () => {
  const paths = Array.from({ length: DELETION_FILES + 3 }, (_, n) => `20210329/${String(n).padStart(4, '0')}.wav`);

  async function prepared(act: 'delete' | 'purge' | 'undo' | 'expire') {
    const rig = openTrashRig();
    const trash = rig.start();
    await rig.record(...paths);
    const done = act === 'undo' || act === 'expire' ? await trash.begin(paths, false, BY) : null;
    const play = (mine: ReturnType<TrashRig['start']>) => {
      if (act === 'undo') return mine.undo(done?.undo ?? '', BY);
      if (act === 'expire') return mine.expire(rig.clock + 8 * DAYS).then(() => idle(mine));
      return mine.begin(paths, act === 'purge', BY);
    };
    return { rig, play };
  }

  test.each(['delete', 'purge', 'undo', 'expire'] as const)(
    'at any point of %s is repaired by the next start, with a sweep before and after it',
    async (act) => {
      // A play to the end tells how many deeds there are.
      const rehearsal = await prepared(act);
      const counted = dyingAt(Number.POSITIVE_INFINITY, 'before');
      await rehearsal.play(rehearsal.rig.start(counted.through));
      const deeds = counted.deeds();
      expect(deeds).toBeGreaterThan(2);

      for (let n = 1; n <= deeds; n++) {
        for (const when of ['before', 'after'] as const) {
          const { rig, play } = await prepared(act);
          const dying = dyingAt(n, when);
          await Promise.race([dying.died, play(rig.start(dying.through)).catch(() => {})]);
          await rig.sweep();
          await rig.sweep();
          const trash = rig.start();
          trash.resume();
          await new Promise((resolve) => setTimeout(resolve, 20));
          await idle(trash);
          await rig.sweep();
          await rig.sweep();

          const { placed, trashed } = rig.files();
          const place = `${act}, ${when} deed ${n}`;
          expect(await rig.listed(), place).toEqual(placed);
          const [last] = await rig.store.ask('deletions', { kind: 'recording', limit: 1 });
          expect(['deleted', 'restored', 'erased', undefined], place).toContain(last?.state);
          const everything = { placed: paths, trashed: [] };
          const nothing = { placed: [], trashed: [] };
          const expected = {
            delete: last ? { placed: [], trashed: paths } : everything,
            purge: last ? nothing : everything,
            undo: last?.state === 'restored' ? everything : { placed: [], trashed: paths },
            expire: last?.state === 'erased' ? nothing : { placed: [], trashed: paths },
          }[act];
          expect({ placed, trashed }, place).toEqual(expected);
          if (act === 'delete' && last) expect(last.count, place).toBe(paths.length);
          expect(rig.log, place).toEqual([]);
          await trash.close();
        }
      }
    },
    120_000,
  );
});

test('a file that the medium will not let go of stays listed, and is named', async (context) => {
  const rig = openTrashRig();
  const trash = rig.start();
  const day = join(rig.dir, '20210329');
  mkdirSync(day);
  // Root may do everything but move a file to another filesystem; all others must be allowed to write.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'cdrd-test', day]).status !== 0)
      return context.skip('mounting tmpfs is not allowed here');
    onTestFinished(() => void spawnSync('umount', [day]));
  }
  await rig.record(A, C);
  if (!isRoot) chmodSync(day, 0o555);
  const done = await trash.begin([A, C], false, BY);
  if (!isRoot) chmodSync(day, 0o755);
  expect(done).toMatchObject({ refused: [{ path: A, code: isRoot ? 'EXDEV' : 'EACCES' }], deletion: { count: 1 } });
  expect(rig.files()).toEqual({ placed: [A], trashed: [C] });
  expect(await rig.listed()).toEqual([A]);
});
