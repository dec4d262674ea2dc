/**
 * The daemon as it ships is killed in the middle of a deletion and in the middle of a download: the next start finishes the
 * deletion, files and index agree, and no client took half an archive for a whole one.
 */
import { existsSync, mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pcmWav } from '../recordings/helper.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Box, folders, logIn, startBox, until } from './box.ts';

const FILES = 3_000;
const DAY = '20210329';
const CGI = '/cgi/webserve';

function open() {
  const place = folders(join(temporaryFolder(), 'box'));
  const boxes: Box[] = [];
  onTestFinished(async () => {
    for (const box of boxes) box.signal('SIGKILL');
    await Promise.all(boxes.map(({ ended }) => ended));
  });
  mkdirSync(join(place.recordings, DAY));
  const start = async () => {
    const box = startBox(place, 0);
    boxes.push(box);
    const url = await box.ready;
    const get = await logIn(url, place, 'admin');
    await until(
      'the medium',
      async () => ((await get('/healthz'))['recordings'] as { state: string }).state === 'mounted',
      10,
    );
    return { box, url, get };
  };
  const placed = () => readdirSync(join(place.recordings, DAY)).sort();
  const trashed = () => {
    const trash = join(place.recordings, '.trash');
    return existsSync(trash)
      ? readdirSync(trash, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.wav'))
          .map((name) => name.split('/').at(-1) ?? '')
          .sort()
      : [];
  };
  return { place, start, placed, trashed };
}

test('a deletion is finished by the next start', async () => {
  const { place, start, placed, trashed } = open();
  const names = Array.from({ length: FILES }, (_, n) => `${DAY}-000000-${1_617_000_000 + n}-Internal-202-204.wav`);
  const old = new Date('2021-03-29T08:00:00Z');
  for (const name of names) {
    writeFileSync(join(place.recordings, DAY, name), pcmWav(0.01));
    utimesSync(join(place.recordings, DAY, name), old, old);
  }
  const { box, get } = await start();
  const listed = async (ask: typeof get) => {
    const answer = await ask(`${CGI}/20053?startdate=2021-03-01 00:00`);
    return (answer['json_array_recordings'] as { path: string }[]).map(({ path }) => path.split('/')[1]).sort();
  };
  await until('all recordings', async () => (await listed(get)).length === FILES, 30);
  const keep = names.slice(0, 7);
  const paths = names.slice(7).map((name) => `${DAY}/${name}`);
  const body = new URLSearchParams({ wavefiles: paths.join(';') });
  const cut = get(`${CGI}/20054`, { method: 'POST', body }).then(
    (answer) => JSON.stringify(answer).slice(0, 300),
    (error: Error) => (error.message.includes('answers') ? error.message : 'cut'),
  );
  await Promise.race([cut, until('some of it', () => trashed().length > FILES / 10, 20)]);
  box.signal('SIGKILL');
  expect(await cut).toBe('cut');
  await box.ended;
  const moved = trashed().length;
  expect(moved).toBeLessThan(paths.length);
  expect(placed().length + moved).toBe(FILES);

  const { get: ask, url: second } = await start();
  await until('the rest', () => trashed().length === paths.length, 30);
  expect(placed()).toEqual(keep);
  const waiting = async () => /^cdrd_recording_deletions 0$/m.test(await (await fetch(`${second}/metrics`)).text());
  await until('its end', waiting, 10);
  expect(await listed(ask)).toEqual(keep);
}, 90_000);

test.each(['tar', 'zip'])(
  'a %s under way is cut, and its client sees that',
  async (format) => {
    const { place, start } = open();
    const path = `${DAY}/${DAY}-000000-1617000000-Internal-202-204.wav`;
    writeFileSync(join(place.recordings, path), '');
    truncateSync(join(place.recordings, path), 300 * 1024 * 1024); // sparse
    const { box, url, get } = await start();
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    let received = 0;
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      if (head === '') head = chunk.toString('latin1');
      received += chunk.length;
      if (received > 20_000_000 && !socket.isPaused()) {
        box.signal('SIGKILL');
        socket.pause();
        setTimeout(() => socket.resume(), 200);
      }
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      `GET ${CGI}/20036?wavefiles=${path}&format=${format} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${get.token}\r\n\r\n`,
    );
    await closed;
    const announced = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(announced).toBeGreaterThan(300 * 1024 * 1024);
    expect(received).toBeLessThan(announced);
    await box.ended;
  },
  60_000,
);
