/** Which processes are this box's, by real ones. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processesNamed } from '../../daemon/doctor/root/processes.ts';
import { temporaryFolder } from '../support/folder.ts';

const HAS_CONTAINERS = process.getuid?.() === 0 && spawnSync('unshare', ['-p', '-f', 'true']).status === 0;

test.skipIf(!HAS_CONTAINERS)('one in a container is none of this box’s', async () => {
  const name = 'cdrd-pbx-test';
  const program = join(temporaryFolder(), name);
  copyFileSync('/bin/sleep', program);
  const start = (command: string, ...words: string[]): ChildProcess => {
    const child = spawn(command, words);
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  // It is killed with the one that stands before it, the first of its container.
  start('unshare', '-p', '-f', '--kill-child', program, '60');
  const inside = () => spawnSync('pgrep', ['-x', name], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).length;
  await expect.poll(inside).toBe(1);
  expect(processesNamed(name)).toEqual([]);
  const own = start(program, '60');
  await expect.poll(() => processesNamed(name).map(({ pid }) => pid)).toEqual([own.pid]);
});
