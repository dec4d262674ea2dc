/** Another place for the recordings, chosen while the daemon runs: it holds at once for Asterisk, for the index and for files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createPlaces } from '../daemon/recordings/places.ts';
import { pcmWav } from './recordings/helper.ts';
import { eventually, startDaemon, type TestDaemon } from './support/daemon.ts';
import { lettingIn, startFakeAmi } from './support/fake-ami.ts';
import { type AtEnd, temporaryFolder } from './support/folder.ts';

const NAME = '20210329/20210329-120000-1617048000-Internal-205-204.wav';

function put(dir: string, path: string, seconds: number): void {
  mkdirSync(`${dir}/${path.split('/')[0]}`, { recursive: true });
  writeFileSync(`${dir}/${path}`, pcmWav(seconds));
}

interface Place {
  readonly name: string;
  readonly chosen: boolean;
  readonly state: string;
  readonly why: string;
  readonly free: number | null;
}
const places = async (daemon: TestDaemon) =>
  (await daemon.json('/cgi/webserve/30024?'))['json_array_places'] as readonly Place[];
/** How long the recording is that one hears; null: none. */
const heard = async (daemon: TestDaemon) => {
  const answer = await daemon.get(`/recordings/${NAME}`);
  await answer.arrayBuffer();
  return answer.status === 200 ? (Number(answer.headers.get('content-length')) - 44) / 16_000 : null;
};

test('recordings of the chosen place are found and played, and Asterisk records there', async () => {
  const folder = temporaryFolder();
  const [usb, nas] = [`${folder}/usb`, `${folder}/nas`];
  put(usb, NAME, 3);
  put(nas, NAME, 7);
  const pbx = await startFakeAmi({ asked: lettingIn() }, onTestFinished as AtEnd);
  const daemon = await startDaemon(
    {
      CDRD_RECORDINGS_PLACES: `USB=${usb},NAS=${nas},Gone=${folder}/gone`,
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(pbx.port),
      CDRD_ASTERISK_SECRET: 's',
    },
    { unset: ['CDRD_RECORDINGS_DIR'] },
  );
  await eventually(async () => (await heard(daemon)) === 3);
  const [first, second, third] = await places(daemon);
  expect(first).toMatchObject({ name: 'USB', chosen: true, state: 'mounted', free: expect.any(Number) });
  expect(second).toMatchObject({ name: 'NAS', chosen: false, state: 'mounted', free: expect.any(Number) });
  expect(third).toMatchObject({ name: 'Gone', state: 'absent', why: expect.stringContaining('does not exist') });

  const change = (place: string) => daemon.json(`/cgi/webserve/30017?recording.place=${place}`);
  const dirs = () => pbx.requests.filter((each) => each.get('Key') === 'dir').map((each) => each.get('Val'));
  expect(await change('NAS')).toMatchObject({ result: 'success', pending: [] });
  expect(dirs().at(-1)).toBe(nas);
  await eventually(async () => (await heard(daemon)) === 7);
  expect((await places(daemon)).map(({ chosen }) => chosen)).toEqual([false, true, false]);

  // To one that is away, and back again.
  await change('Gone');
  await eventually(async () => (await heard(daemon)) === null);
  expect((await daemon.get(`/recordings/${NAME}`)).status).toBe(503);
  await change('USB');
  await eventually(async () => (await heard(daemon)) === 3);
});

test('where a medium is demanded nothing is recorded to a place before it is proven', async () => {
  const folder = temporaryFolder();
  const pbx = await startFakeAmi({ asked: lettingIn() }, onTestFinished as AtEnd);
  mkdirSync(`${folder}/flash`);
  mkdirSync(`${folder}/stick`);
  mkdirSync(`${folder}/medium`);
  // A medium of its own, as far as the mount table goes.
  execFileSync('mount', ['--bind', `${folder}/medium`, `${folder}/stick`]);
  onTestFinished(() => void execFileSync('umount', [`${folder}/stick`]));
  const daemon = await startDaemon(
    {
      CDRD_RECORDINGS_PLACES: `Stick=${folder}/stick,Flash=${folder}/flash`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes',
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(pbx.port),
      CDRD_ASTERISK_SECRET: 's',
    },
    { unset: ['CDRD_RECORDINGS_DIR'] },
  );
  const puts = () =>
    pbx.requests
      .filter((each) => each.get('Action') === 'DBPut')
      .map((each) => `${each.get('Key')}=${each.get('Val')}`);
  await eventually(() => puts().at(-1) === 'enable=1');
  const before = puts().length;
  await daemon.json('/cgi/webserve/30017?recording.place=Flash');
  await eventually(() => puts().includes(`dir=${folder}/flash`));
  const told = puts().slice(before);
  expect(told[0]).toBe('enable=0');
  expect(told).not.toContain('enable=1');
});

test('a place that hangs is told as such in time, and keeps nobody from the others', async () => {
  const folder = temporaryFolder();
  const hangs = new URL('./support/hanging-worker.mjs', import.meta.url);
  const looks = createPlaces({
    config: {
      recordings: {
        dir: `${folder}/own`,
        places: { A: `${folder}/own`, B: '/x' },
        requireMount: 'no',
        sweepSeconds: 1,
      },
    },
    worker: hangs,
    recordings: {
      state: () => ({ state: 'mounted', why: '', writable: true, since: 0 }),
      space: () => ({ free: 1, total: 2 }),
    },
    chosen: () => `${folder}/own`,
    mono: () => performance.now(),
    deadlineMs: 200,
  });
  onTestFinished(() => looks.close());
  expect(await looks.list()).toEqual([
    { name: 'A', dir: `${folder}/own`, chosen: true, state: 'mounted', why: '', writable: true, free: 1, total: 2 },
    {
      name: 'B',
      dir: '/x',
      chosen: false,
      state: 'dead',
      why: 'the medium did not answer within 0.2 s',
      writable: false,
      free: null,
      total: null,
    },
  ]);
});
