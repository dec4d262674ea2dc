/** Wrong passwords are remembered across restarts and kills, without wearing the flash. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openThrottle } from '../daemon/throttle-file.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';

async function open(dir: string, limits = { soonMs: 20, everyMs: 60_000 }) {
  const log: string[] = [];
  const throttle = await openThrottle({ dir, limits, log: { warn: (message) => log.push(message) } });
  const wrong = (times: number) => {
    for (let tries = 0; tries < times; tries++) throttle.begin('192.0.2.1', 'admin')(false);
  };
  return { throttle, wrong, log };
}

test('a kill forgets nothing that is older than the time stated', async () => {
  const dir = temporaryFolder();
  const { wrong } = await open(dir);
  wrong(6);
  await eventually(() => statSync(`${dir}/throttle`, { throwIfNoEntry: false }));
  expect(statSync(`${dir}/throttle`).mode & 0o777).toBe(0o600);
  const { throttle, log } = await open(dir); // nobody has closed the first
  expect(() => throttle.begin('192.0.2.1', 'admin')).toThrow('too many wrong passwords: wait 1 s');
  throttle.begin('192.0.2.2', 'admin')(true);
  expect(log).toEqual([]);
});

test('a stop writes what is not written yet, and nothing where nothing has failed', async () => {
  const dir = temporaryFolder();
  const quiet = await open(dir);
  quiet.throttle.begin('192.0.2.1', 'admin')(true);
  await quiet.throttle.close();
  expect(() => statSync(`${dir}/throttle`)).toThrow(/ENOENT/);
  const { wrong, throttle } = await open(dir, { soonMs: 60_000, everyMs: 60_000 });
  wrong(6);
  await throttle.close();
  expect(() => statSync(`${dir}/throttle`)).not.toThrow();
});

test('who guesses on makes no more writes than one in so long', async () => {
  const dir = temporaryFolder();
  const { throttle } = await open(dir);
  throttle.begin('192.0.2.1', 'admin')(false);
  await eventually(() => statSync(`${dir}/throttle`, { throwIfNoEntry: false }));
  const { ino } = statSync(`${dir}/throttle`);
  for (let host = 0; host < 100; host++) {
    throttle.begin(`198.51.100.${host}`, 'admin')(false);
    await pause(2);
  }
  expect(statSync(`${dir}/throttle`).ino).toBe(ino); // each write is a new file
  await throttle.close();
  expect(statSync(`${dir}/throttle`).ino).not.toBe(ino);
});

test('a damaged file is told and forgotten, a disk that takes none is told once, and neither keeps anybody out', async () => {
  const dir = temporaryFolder();
  writeFileSync(`${dir}/throttle`, 'not this');
  const first = await open(dir);
  expect(first.log).toEqual(['what was remembered of wrong passwords is damaged and forgotten']);
  first.wrong(1);
  await first.throttle.close();
  expect(JSON.parse(readFileSync(`${dir}/throttle`, 'utf8')).entries).toHaveLength(3);
  const { wrong, throttle, log } = await open(`${dir}/not-there`, { soonMs: 1, everyMs: 1 });
  for (let tries = 0; tries < 3; tries++) {
    wrong(1);
    await pause(30);
  }
  await throttle.close();
  expect(log).toEqual(['wrong passwords are forgotten by the next restart: they can not be written down']);
});
