/** What the service manager is told through the pipe, by a reader that comes late and a store that doesn't answer. */
import { execFileSync, spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { openNotify } from '../daemon/notify.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';

/** @param everyMs Between two beats. */
function open(everyMs: number) {
  const path = `${temporaryFolder()}/notify`;
  execFileSync('mkfifo', [path]);
  const log: string[] = [];
  const note = (text: string) => void log.push(text);
  const env = { CDRD_NOTIFY: path, NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: String(everyMs * 4_000) };
  const notify = openNotify(env, { info: note, warn: note, error: note });
  onTestFinished(() => notify.stopping());
  expect(env).toEqual({});
  /** As the shell of the unit does. */
  const read = () => {
    const lines: string[] = [];
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void reader.kill('SIGKILL'));
    reader.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
    return lines;
  };
  return { notify, log, read };
}

test('that it is ready is told until it has been told, and before anything else', async () => {
  const { notify, log, read } = open(20);
  notify.ready(
    async () => {},
    () => ['asterisk: down'],
  );
  await eventually(() => log.length > 0);
  const lines = read();
  await eventually(() => lines.length >= 4);
  expect(lines.slice(0, 2)).toEqual(['READY=1', 'STATUS=waits for asterisk: down']);
  expect(lines.slice(2).every((line) => line === 'WATCHDOG=1')).toBe(true);
  expect(log).toEqual(['the service manager could not be told']);
});

test('as long as the store does not answer there is no beat', async () => {
  const { notify, log, read } = open(20);
  const lines = read();
  let answer: (() => void) | undefined;
  await new Promise((resolve) => setTimeout(resolve, 200)); // until the reader is there
  notify.ready(
    () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
    () => [],
  );
  await eventually(() => log.some((text) => text.startsWith('the store does not answer')));
  expect(lines.filter((line) => line === 'WATCHDOG=1')).toEqual([]);
  answer?.();
  await eventually(() => lines.includes('WATCHDOG=1'));
  expect(log).toContain('the store answers again');
});
