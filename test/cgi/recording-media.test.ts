/** Recordings on several media: what the list says of those that are away, and what is answered when they are asked for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faultReply } from '../../cgi/dispatch.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import type { MediumNow, RecordingFiles } from '../../cgi/recording/port.ts';
import { FIRST_MEDIUM } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const OTHER = 2;
const DAY = '20210507';
const file = (hour: number) => {
  const epoch = at(`2021-05-07 0${hour}:00:00`);
  const path = `${DAY}/${DAY}-0${hour}0000-${epoch}-Internal-205-204.wav`;
  return { path, size: 1_000, mtimeMs: epoch * 1_000, seconds: 1, state: 'ok' as const };
};
const [HERE, BOTH, AWAY] = [file(1), file(2), file(3)];

let now: MediumNow;
let present: readonly string[];
const begun: string[] = [];
const recordingFiles = {
  look: async (paths: readonly string[]) =>
    paths.map((path) => (present.includes(path) ? { size: 1_000, mtimeMs: 0, read: async function* () {} } : null)),
} as unknown as RecordingFiles;
const box = openBox({
  atEnd: afterAll,
  ports: {
    medium: { state: () => now, space: () => (now.medium === undefined ? null : { free: 5, total: 9 }) },
    recordingFiles,
    recordingDeletions: {
      begin: async (paths: readonly string[]) => void begun.push(...paths),
    } as never,
  },
});

beforeAll(async () => {
  for (const mark of ['first', 'other']) await box.store.write({ kind: 'mediumSeen', mark });
  await box.store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: [HERE, BOTH] });
  await box.store.write({ kind: 'recordings', medium: OTHER, files: [BOTH, AWAY] });
});
beforeEach(() => {
  now = { state: 'mounted', why: '', writable: true, since: at('2021-05-07 09:00:00') * 1_000, medium: FIRST_MEDIUM };
  present = [HERE.path, BOTH.path];
  begun.length = 0;
});

const absent = () => {
  now = { state: 'absent', why: 'nothing is mounted', writable: false, since: 0 };
};
const online = async () =>
  (await box.list(20053, 'order=asc')).rows.map(({ path, online }) => [String(path).slice(9, 24), online]);

describe('20053', () => {
  test('says of those on a medium that is away that they are not online, and of the others nothing', async () => {
    expect(await online()).toEqual([
      ['20210507-010000', undefined],
      ['20210507-020000', undefined],
      ['20210507-020000', false],
      ['20210507-030000', false],
    ]);
    const { text } = await box.send(20053, 'order=asc&limit=1');
    expect(text).toContain(`"path":"${HERE.path}"}],`);
    const last = await box.send(20053, 'limit=1');
    expect(last.text).toContain(`"path":"${AWAY.path}","online":false}],`);
  });

  test('keeps all of them while none is in place, and still while one is slow', async () => {
    now = { ...now, state: 'slow' };
    expect((await online()).map(([, value]) => value)).toEqual([undefined, undefined, false, false]);
    absent();
    expect((await online()).map(([, value]) => value)).toEqual([false, false, false, false]);
  });
});

describe('one that lies on another medium is', () => {
  const offline = {
    code: 'storage_offline',
    message: expect.stringMatching(`^${AWAY.path} lies on another .* \\(2\\)`),
  };

  test('refused by 20036, unless the missing are skipped', async () => {
    const { status, body } = await box.ask(20036, `wavefiles=${HERE.path};${AWAY.path}`);
    expect([status, body['error']]).toEqual([503, offline]);
    expect((await box.ask(20036, `wavefiles=${DAY}/never.wav`)).status).toBe(404);
    const skipping = box.ask(20036, `wavefiles=${HERE.path};${AWAY.path}&skipmissing=1`);
    await expect(skipping).rejects.toThrow('archive'); // which is what it then gives
  });

  test('refused by 20054, and nothing is deleted, nor lost from the list', async () => {
    const { status, body } = await box.ask(20054, `wavefiles=${HERE.path};${AWAY.path}`);
    expect([status, body['error']]).toEqual([503, offline]);
    expect(begun).toEqual([]);
    expect(await online()).toHaveLength(4);
  });

  test('refused by /recordings', async () => {
    const token = box.services.sessions.begin({ user: 'admin', role: 'admin' }).token;
    const ask = (path: string) =>
      playRecording({ path, query: '', token, address: '' }, box.services).catch(faultReply);
    expect(await ask(AWAY.path)).toMatchObject({ status: 503, body: { error: offline } });
    expect(await ask(`${DAY}/never.wav`)).toMatchObject({ status: 404 });
    expect(await ask(BOTH.path)).toMatchObject({ kind: 'file' });
  });

  test('not spoken of where the one in place had it and lost it', async () => {
    present = [];
    expect((await box.ask(20036, `wavefiles=${HERE.path}`)).status).toBe(404);
  });
});

describe('30024', () => {
  test('lists the media with what lies on them, and the one in place with its room', async () => {
    const { body } = await box.ask(30024, '', 'monitor');
    expect(body['medium']).toEqual({
      state: 'mounted',
      why: '',
      writable: true,
      since: '2021-05-07 09:00:00',
      id: FIRST_MEDIUM,
      free: 5,
      total: 9,
    });
    const times = { first: expect.stringMatching(/^20\d\d-/), last: expect.stringMatching(/^20\d\d-/) };
    const both = { ...times, recordings: 2, bytes: 2_000 };
    expect(body['json_array_media']).toEqual([
      { id: FIRST_MEDIUM, present: true, state: 'mounted', ...both, free: 5, total: 9, mark: 'first' },
      { id: OTHER, present: false, state: 'absent', ...both, free: null, total: null, mark: 'other' },
    ]);
  });

  test('lists them all as absent while none is in place', async () => {
    absent();
    const { body } = await box.ask(30024);
    expect(body['medium']).toMatchObject({ state: 'absent', why: 'nothing is mounted', id: null });
    const states = (body['json_array_media'] as { state: string }[]).map(({ state }) => state);
    expect(states).toEqual(['absent', 'absent']);
  });

  test('is for those who may read recordings', async () => {
    expect((await box.ask(30024, '', null)).status).toBe(401);
  });
});
