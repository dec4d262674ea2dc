/**
 * A medium that goes away under us: pulled (its device gone, the mount still listed, the folder empty), unmounted, or hung
 * in a file call that never returns.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { GONE_CONFIRM_MS } from '../../daemon/recordings/limits.ts';
import { stopwatch } from '../support/stopwatch.ts';
import { pause, pcmWav, type Rig, startRig, TODAY, temporaryFolder, until, WORKER } from './helper.ts';

let rig: Rig | undefined;
const cleanUp: (() => void)[] = [];
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
  for (const step of cleanUp.splice(0).reverse()) step();
});

/** Whatever could be called gone has been by then: two sweeps that miss it, as far apart as it takes. */
async function missTwice({ recordings }: Rig): Promise<void> {
  await recordings.sweepNow();
  await pause(GONE_CONFIRM_MS + 100);
  await recordings.sweepNow();
}

function folder(): string {
  const path = temporaryFolder();
  cleanUp.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('calls nothing gone when the stick is pulled, and looks at everything when another is plugged in', async () => {
  const base = folder();
  const dir = join(base, 'stick/monitor');
  const blockDevices = join(base, 'block');
  const mountinfo = join(base, 'mountinfo');
  const line = (id: number, device: string) =>
    `27 1 179:2 / / rw - ext4 /dev/root rw\n${id} 27 ${device} / ${base}/stick rw - vfat /dev/sda1 rw\n`;
  mkdirSync(join(dir, TODAY), { recursive: true });
  mkdirSync(join(blockDevices, '8:1'), { recursive: true });
  writeFileSync(mountinfo, line(60, '8:1'));
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(1));
  rig = startRig({ dir, requireMount: 'yes', mountinfo, blockDevices });
  const { index, recordings } = rig;
  await until('the recording', () => index.rows.size === 1);
  expect(recordings.state()).toMatchObject({ state: 'mounted', device: '8:1' });

  // Pulled: everything still succeeds, and the folder is empty.
  rmSync(join(blockDevices, '8:1'), { recursive: true });
  renameSync(join(dir, TODAY), join(base, 'pulled'));
  mkdirSync(join(dir, TODAY));
  await until('the state', () => recordings.state().state === 'dead');
  expect(recordings.state().why).toContain('8:1 has gone');
  await missTwice(rig);
  expect(index.goneTold).toEqual([]);

  // Plugged in again under another number, with a recording of another day that only a full look finds.
  rmSync(join(dir, TODAY), { recursive: true });
  renameSync(join(base, 'pulled'), join(dir, TODAY));
  mkdirSync(join(dir, '20250101'));
  writeFileSync(join(dir, '20250101/old.wav'), pcmWav(1));
  mkdirSync(join(blockDevices, '8:17'));
  writeFileSync(mountinfo, line(61, '8:17'));
  await until('the other stick', () => index.rows.has('20250101/old.wav'));
  expect(recordings.state()).toMatchObject({ state: 'mounted', device: '8:17' });
  expect(index.goneTold).toEqual([]);
});

it('calls nothing gone on a real unmount, and hears the kernel again after a remount', async (context) => {
  const point = folder();
  if (process.getuid?.() !== 0) return context.skip('only root may mount');
  const mount = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'cdrd-test', point]).status === 0;
  const unmount = () => spawnSync('umount', [point]).status === 0;
  if (!mount()) return context.skip('mounting tmpfs is not allowed here');
  cleanUp.push(() => {
    unmount();
  });
  mkdirSync(join(point, TODAY));
  writeFileSync(join(point, TODAY, 'a.wav'), pcmWav(1));
  rig = startRig({ dir: point, requireMount: 'yes', sweepSeconds: 1 });
  const { index, recordings } = rig;
  await until('the recording', () => index.rows.size === 1);
  expect(recordings.figures().watching).toBe(1);

  expect(unmount()).toBe(true);
  // An unmount is heard at once: the folder is then the empty mount point on the disk below.
  await until('the state', () => recordings.state().state === 'absent');
  await missTwice(rig);
  expect(index.goneTold).toEqual([]);

  // Away and back between two sweeps, with the same numbers.
  expect(mount()).toBe(true);
  mkdirSync(join(point, TODAY));
  writeFileSync(join(point, TODAY, 'a.wav'), pcmWav(1));
  await until('the medium', () => recordings.state().state === 'mounted' && recordings.figures().watching === 1);
  await pause(1_000);
  const sweeps = recordings.figures().sweeps;
  unmount();
  mount();
  mkdirSync(join(point, TODAY));
  writeFileSync(join(point, TODAY, 'a.wav'), pcmWav(1));
  await until('a new look', () => recordings.figures().sweeps > sweeps + 1 && recordings.figures().watching === 1);
  writeFileSync(join(point, TODAY, 'b.wav'), pcmWav(1));
  await until('the recording after the remount', () => index.rows.has(`${TODAY}/b.wav`));
  await missTwice(rig);
  expect(index.goneTold).toEqual([]);
});

it('makes the folder of a new stick, and on no account below a mount point that is empty', async (context) => {
  const point = folder();
  const dir = join(point, 'monitor');
  rig = startRig({ dir, requireMount: 'yes', sweepSeconds: 1 });
  await rig.recordings.firstLook;
  expect(rig.recordings.state()).toMatchObject({ state: 'absent', writable: false });
  expect(readdirSync(point)).toEqual([]);
  if (process.getuid?.() !== 0) return context.skip('only root may mount');
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'cdrd-test', point]).status !== 0)
    return context.skip('mounting tmpfs is not allowed here');
  cleanUp.push(() => {
    spawnSync('umount', [point]);
  });
  const { recordings } = rig;
  await until('the new stick', () => recordings.state().state === 'mounted');
  expect(recordings.state()).toMatchObject({ writable: true, why: '' });
  expect(readdirSync(dir)).toEqual(['.cdrd']);
});

it.each(['', '/monitor'])(
  'demands a medium where a link leads to one that is not there: /media/cdrd-none%s',
  async (below) => {
    const base = folder();
    symlinkSync(`/media/cdrd-none${below}`, join(base, 'link'));
    rig = startRig({ dir: join(base, 'link/of-box'), requireMount: 'auto' });
    await rig.recordings.firstLook;
    const { state, why, demanded, writable } = rig.recordings.state();
    expect({ state, demanded, writable }).toEqual({ state: 'absent', demanded: true, writable: false });
    expect(why).toContain(`nothing is mounted for /media/cdrd-none${below}/of-box`);
  },
);

/**
 * The real worker, whose readdir of a folder blocks in the kernel (opening a pipe that nobody writes) while `flag` exists:
 * a thread that terminate() can't end, as with a hung share.
 */
function hangingWorker(base: string): { worker: URL; hang(): void; hangs(): boolean; release(): void } {
  const pipe = join(base, 'pipe');
  const flag = join(base, 'hang');
  execFileSync('mkfifo', [pipe]);
  const file = join(base, 'worker.mjs');
  writeFileSync(
    file,
    `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const real = fs.readdirSync;
fs.readdirSync = (...args) => {
  if (fs.existsSync(${JSON.stringify(flag)})) {
    fs.writeFileSync(${JSON.stringify(`${flag}s`)}, '');
    fs.closeSync(fs.openSync(${JSON.stringify(pipe)}, 'r'));
  }
  return real(...args);
};
syncBuiltinESMExports();
await import(${JSON.stringify(WORKER.href)});
`,
  );
  const release = () => {
    rmSync(flag, { force: true });
    // Lets every reader go on, and stays open for those who saw the flag and are not there yet.
    openSync(pipe, constants.O_RDWR);
  };
  cleanUp.push(release);
  return {
    worker: pathToFileURL(file),
    hang: () => writeFileSync(flag, ''),
    hangs: () => existsSync(`${flag}s`),
    release,
  };
}

it('replaces a hung worker, says dead, leaves two behind at most, and recovers', async () => {
  const base = folder();
  const dir = join(base, 'monitor');
  mkdirSync(join(dir, TODAY), { recursive: true });
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(1));
  const { worker, hang, release } = hangingWorker(base);
  rig = startRig({ dir, worker, stepDeadlineMs: 1_000, sweepSeconds: 1 });
  const { index, recordings } = rig;
  await until('the recording', () => index.rows.size === 1);
  hang();
  await until('dead', () => recordings.state().state === 'dead');
  expect(recordings.state().why).toContain('did not answer within 1 s');
  await until('the second worker', () => recordings.figures().workersHung === 2, 10_000);
  // Each would have a third worker if it might.
  for (let n = 0; n < 2; n += 1) await recordings.sweepNow();
  expect(recordings.figures()).toMatchObject({ workersHung: 2, workerRestarts: 1 });
  // The loop of the process and its shared thread pool are free meanwhile.
  expect(readdirSync(base)).toContain('pipe');
  expect(index.goneTold).toEqual([]);

  writeFileSync(join(dir, TODAY, 'b.wav'), pcmWav(1));
  release();
  await until('the medium', () => recordings.state().state === 'mounted');
  await until('the recording made meanwhile', () => index.rows.has(`${TODAY}/b.wav`));
  await until('both threads', () => recordings.figures().workersHung === 0); // each is back when its own call is
});

it('says slow before it says dead, and well when a sweep went by in time', async () => {
  const base = folder();
  const dir = join(base, 'monitor');
  mkdirSync(join(dir, TODAY), { recursive: true });
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(1));
  const { worker, hang, release } = hangingWorker(base);
  rig = startRig({ dir, worker, slowMs: 300, stepDeadlineMs: 8_000, sweepSeconds: 1 });
  const { index, recordings, states } = rig;
  await until('the recording', () => index.rows.size === 1);
  hang();
  await until('slow', () => recordings.state().state === 'slow');
  release();
  await until('well again', () => recordings.state().state === 'mounted');
  expect(states.map(({ state, writable }) => [state, writable])).toEqual([
    ['mounted', true],
    ['slow', true],
    ['mounted', true],
  ]);
  expect(recordings.figures()).toMatchObject({ workersHung: 0, workerRestarts: 0 });
});

it('closes within 2 s while a file call hangs', async () => {
  const base = folder();
  const dir = join(base, 'monitor');
  mkdirSync(dir);
  const { worker, hang, hangs } = hangingWorker(base);
  hang();
  rig = startRig({ dir, worker });
  await until('the hanging call', hangs);
  const took = stopwatch();
  await rig.recordings.close();
  expect(took()).toBeLessThan(2_000);
});

it('closes within 2 s while the index does not answer', async () => {
  const dir = folder();
  mkdirSync(join(dir, TODAY));
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(1));
  rig = startRig({ dir });
  let asked = false;
  rig.index.found = () => {
    asked = true;
    return new Promise(() => {});
  };
  await until('the index asked', () => asked);
  const took = stopwatch();
  await rig.recordings.close();
  expect(took()).toBeLessThan(2_000);
});

it('goes on after the worker crashed', async () => {
  const base = folder();
  const file = join(base, 'worker.mjs');
  const flag = join(base, 'crash');
  writeFileSync(
    file,
    `import fs from 'node:fs';
if (fs.existsSync(${JSON.stringify(flag)})) process.exit(3);
await import(${JSON.stringify(WORKER.href)});
`,
  );
  const dir = join(base, 'monitor');
  mkdirSync(join(dir, TODAY), { recursive: true });
  writeFileSync(flag, '');
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(1));
  rig = startRig({ dir, worker: pathToFileURL(file) });
  const { index, recordings } = rig;
  await until('dead', () => recordings.state().state === 'dead');
  expect(recordings.state().why).toContain('ended with 3');
  rmSync(flag);
  await until('the recording', () => index.rows.size === 1);
  expect(recordings.state().state).toBe('mounted');
});
