/**
 * Why hints come from fs.watch and not from chokidar: the processor time of each on a day's folder in which calls are being
 * recorded (four writes a second and call, from another process). Run: `npx tsx test/recordings/hint.bench.ts [FILES] [CALLS]`.
 */
import { fork } from 'node:child_process';
import { watch as fsWatch, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch as chokidarWatch } from 'chokidar';
import { pause } from './helper.ts';

const files = Number(process.argv[2] ?? 2_740);
const calls = Number(process.argv[3] ?? 10);
const SECONDS = 6;
const dir = mkdtempSync(join(tmpdir(), 'cdrd-hint-'));
const day = join(dir, 'day');

const writer = `import fs from 'node:fs';
const fds = []; for (let n = 0; n < ${calls}; n += 1) fds.push(fs.openSync('${day}/call' + n + '.wav', 'a'));
const block = Buffer.alloc(4096); let n = 0;
setInterval(() => fs.writeSync(fds[n++ % ${calls}], block), 250 / ${calls});
setTimeout(() => process.exit(), ${(SECONDS + 3) * 1000});`;

async function measure(title: string, start: (heard: () => void) => Promise<() => void | Promise<void>>) {
  let heard = 0;
  const stop = await start(() => {
    heard += 1;
  });
  writeFileSync(join(dir, 'writer.mjs'), writer);
  const child = fork(join(dir, 'writer.mjs'), { execArgv: [] });
  await pause(1_000);
  const before = process.cpuUsage();
  await pause(SECONDS * 1000);
  const { user, system } = process.cpuUsage(before);
  console.log(`${title}: ${((user + system) / SECONDS / 10_000).toFixed(1)} % of a core, ${heard} events`);
  child.kill();
  await stop();
}

try {
  mkdirSync(day);
  for (let n = 0; n < files; n += 1) writeFileSync(join(day, `f${n}.wav`), 'x');
  console.log(`${files} recordings, ${calls} calls being recorded, Node ${process.version}`);
  await measure('fs.watch', async (heard) => {
    const watcher = fsWatch(day, heard);
    return () => watcher.close();
  });
  await measure('chokidar, depth 0', async (heard) => {
    const watcher = chokidarWatch(day, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      // Spares a watch for every finished file, not their stat.
      ignored: (path, stats) => stats?.isFile() === true && /\/f\d+\.wav$/.test(path),
    });
    watcher.on('all', heard);
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    return () => watcher.close();
  });
} finally {
  rmSync(dir, { recursive: true, force: true });
}
