/**
 * A Debian that boots under its own systemd, in namespaces of its own (systemd-nspawn): its network is nothing but loopback,
 * its files are a layer over the cached root and are gone afterwards. It has this machine's kernel and clock.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/daemon.ts';

export interface Ran {
  readonly status: number | null;
  /** Standard output and error. */
  readonly text: string;
}

export interface Machine {
  /** Its root, as seen from here. */
  readonly root: string;
  /** Of its first process, as this machine numbers it. */
  pid(): number;
  /** Runs a shell's line inside it. */
  sh(line: string, input?: string): Ran;
  /** The same, which must end with 0. @returns what it printed. */
  do(line: string): string;
  /** Starts a program of this machine that sees nothing but that one's network. It ends with the machine at the latest. */
  inNetwork(command: string, args: readonly string[]): ChildProcess;
  /** Starts it anew: a power cycle, after an orderly stop. */
  reboot(): Promise<void>;
  stop(): Promise<void>;
}

const BOOT_S = 90;

/** @param lower The cached root. */
export async function bootMachine(lower: string): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-systemd-'));
  const root = join(folder, 'root');
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { mode: 0o755 });
  const layers = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, root]);
  // Debian stable's own Node may be too old: the one that runs the tests is what the box has.
  copyFileSync(process.execPath, join(root, 'usr/bin/node'));
  const helpers: ChildProcess[] = [];
  let nspawn: ChildProcess | null = null;
  let first = 0;

  /** The machine's pid 1: below nspawn, and maybe below another of its processes. 0: not yet. */
  function firstOf(pid: number): number {
    const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (child === '') return 0;
    const name = readFileSync(`/proc/${child}/comm`, 'utf8').trim();
    return name === 'systemd' ? Number(child) : firstOf(Number(child));
  }

  function sh(line: string, input = ''): Ran {
    const args = ['-t', String(first), '-m', '-u', '-i', '-n', '-p', '--', 'sh', '-c', line];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', timeout: 120_000, input });
    return { status, text: stdout + stderr };
  }

  async function boot(): Promise<void> {
    const args = ['-q', '--register=no', '--keep-unit', '-D', root, '--private-network', '-b'];
    nspawn = spawn('systemd-nspawn', args, { stdio: 'ignore' });
    const { pid = 0 } = nspawn;
    first = await eventually(() => firstOf(pid), BOOT_S);
    await eventually(() => /^(running|degraded)/.test(sh('systemctl is-system-running').text), BOOT_S);
  }

  async function halt(): Promise<void> {
    const gone = new Promise((resolve) => nspawn?.once('exit', resolve));
    sh('systemctl poweroff');
    const late = setTimeout(() => nspawn?.kill('SIGKILL'), 60_000);
    await gone;
    clearTimeout(late);
  }

  await boot();
  return {
    root,
    pid: () => first,
    sh,
    do(line) {
      const { status, text } = sh(line);
      if (status !== 0) throw new Error(`${line} ended with ${status}: ${text}`);
      return text;
    },
    inNetwork(command, args) {
      const child = spawn('nsenter', ['-t', String(first), '-n', '--', command, ...args], { stdio: 'ignore' });
      helpers.push(child);
      return child;
    },
    async reboot() {
      await halt();
      await boot();
    },
    async stop() {
      for (const each of helpers) each.kill('SIGKILL');
      await halt();
      execFileSync('umount', [root]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
