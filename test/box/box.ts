/**
 * A whole Debian box that boots: systemd as its first process, Asterisk as the distribution configures it, a network of its
 * own (so every port is the one of a real box) and a stick of ext4 at /media/usbStorage. What a run changes lies in an
 * overlay over the root that setup.sh made; mounts and processes end with this process, however it ends.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A boot takes 3 to 8 s on two busy cores; beyond this something is wrong. */
const BOOT_MS = 60_000;
/** An orderly power-off: Asterisk and the daemon have their own limits below it. */
const HALT_MS = 60_000;
/** Size of the stick, megabytes: room for the recordings of a test, and what doctor wants free. */
const STICK_MB = 256;

/** Where hierarchies of cgroups that systemd uses may lie: v2 alone, or beside v1. */
const CGROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'] as const;

export type Root = 'sid' | 'bullseye';

/** How a program in the box ended. */
export interface Ended {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export interface Box {
  /** The run's own folder, outside the box. */
  readonly run: string;
  /** The outside's path of one of the box's files; while the box is up. */
  path(inside: string): string;
  /** Runs a shell script in the box as root, and resolves however it ends; {@link Box.run} with the code. */
  try(script: string, input?: string): Promise<Ended>;
  /** The same, for what must succeed: rejects otherwise. Resolves with the output. */
  sh(script: string, input?: string): Promise<string>;
  /** Words before a command by which a program of the outside has the box's network, and nothing else of it. */
  network(): readonly string[];
  /** Looks until a script ends with 0; rejects after `ms` with its last output. */
  eventually(what: string, ms: number, script: string): Promise<string>;
  /** Orderly power-off, as systemd does it. */
  halt(): Promise<void>;
  /** The plug is pulled: every process dies at once. */
  cut(): Promise<void>;
  /** Switches it on again, with the same disk and stick. */
  boot(): Promise<void>;
  /** The end: halts it and removes its folder. */
  close(): Promise<void>;
}

/** Makes a box of a root that setup.sh made, and boots it; resolves when systemd says that all is up. */
export async function openBox(cachedRoot: string): Promise<Box> {
  const run = await mkdtemp('/tmp/cdrd-box-');
  // By it run.sh knows whether a folder is still in use.
  await writeFile(join(run, 'pid'), String(process.pid));
  for (const name of ['up', 'work', 'root']) await mkdir(join(run, name));
  for (const name of ['up/media/usbStorage', 'up/etc']) await mkdir(join(run, name), { recursive: true });
  await writeFile(join(run, 'up/etc/hostname'), 'pbx\n');
  await writeFile(join(run, 'up/etc/hosts'), '127.0.0.1 localhost pbx\n::1 localhost\n');
  execFileSync('mkfs.ext4', ['-q', '-L', 'STICK', join(run, 'stick.img'), `${STICK_MB}M`], { stdio: 'pipe' });

  let machine: ChildProcess | null = null;
  let pids: Processes = { first: 0, nspawn: 0 };
  const boot = async (): Promise<void> => {
    machine = power(cachedRoot, run);
    pids = await processes(machine, run);
    // "degraded" is for the test to judge: a unit of Debian's own may fail in here.
    await eventually('boot', BOOT_MS, 'systemctl is-system-running | grep -E "running|degraded"');
  };
  const attempt = (script: string, input = ''): Promise<Ended> => inside(pids.first, script, input);
  const eventually = async (what: string, ms: number, script: string): Promise<string> => {
    const until = Date.now() + ms;
    for (;;) {
      const { code, output } = await attempt(script);
      if (code === 0) return output;
      if (Date.now() > until) throw new Error(`no ${what} within ${ms} ms:\n${output}`);
      await sleep(200);
    }
  };
  const off = async (how: 'halt' | 'cut'): Promise<void> => {
    if (machine !== null) await end(machine, pids.nspawn, how);
    machine = null;
    pids = { first: 0, nspawn: 0 };
  };
  const close = async (): Promise<void> => {
    await off('cut');
    await removeCgroups(basename(run));
    await rm(run, { recursive: true, force: true });
  };
  try {
    await boot();
  } catch (error) {
    const log = await readFile(join(run, 'console'), 'utf8').catch(() => '');
    await close();
    throw new Error(`${error}\n${log.slice(-3000)}`);
  }
  return {
    run,
    path: (path) => `/proc/${pids.first}/root${path}`,
    try: attempt,
    sh: async (script, input) => {
      const { code, output } = await attempt(script, input);
      if (code !== 0) throw new Error(`ended ${code}: ${script}\n${output}`);
      return output;
    },
    network: () => ['nsenter', '-t', String(pids.first), '-n'],
    eventually,
    halt: () => off('halt'),
    cut: () => off('cut'),
    boot,
    close,
  };
}

/**
 * Mounts and boots, in mount and PID namespaces of its own, so that no mount and no process outlives it (systemd-nspawn
 * alone leaves the box running when it is killed), and in a cgroup of its own, without which two boxes take each other's
 * processes for theirs. systemd since 258 wants cgroup v2 alone, also where the kernel of the
 * outside has v1 beside it.
 */
function power(cachedRoot: string, run: string): ChildProcess {
  const script = `set -e
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/up,workdir=$2/work" "$2/root"
mount -o loop "$2/stick.img" "$2/root/media/usbStorage"
for base in ${CGROUPS.join(' ')}; do
  [ -e "$base/cgroup.procs" ] || continue
  mkdir -p "$base/$3"
  echo 0 >"$base/$3/cgroup.procs"
done
exec systemd-nspawn -D "$2/root" -b -M "$3" --private-network --register=no --keep-unit --console=pipe`;
  const apart = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const console = openSync(join(run, 'console'), 'a');
  try {
    return spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', ...apart, 'sh', '-c', script, 'sh', cachedRoot, run, basename(run)],
      {
        stdio: ['ignore', console, console],
        env: { PATH: process.env['PATH'] ?? '', LANG: 'C', SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      },
    );
  } finally {
    closeSync(console);
  }
}

/** The box's first process and what runs it, systemd-nspawn, as the outside numbers them. */
interface Processes {
  readonly first: number;
  readonly nspawn: number;
}

async function processes(machine: ChildProcess, run: string): Promise<Processes> {
  const until = Date.now() + BOOT_MS;
  while (machine.exitCode === null && machine.signalCode === null && Date.now() < until) {
    const nspawn = (await childrenOf(machine.pid ?? 0)).get('systemd-nspawn');
    const first = nspawn === undefined ? undefined : (await childrenOf(nspawn)).get('systemd');
    if (nspawn !== undefined && first !== undefined) return { first, nspawn };
    await sleep(50);
  }
  throw new Error(`no system boots in ${run}`);
}

/** Children of a process, by the name of their program. */
async function childrenOf(parent: number): Promise<Map<string, number>> {
  const pids = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  const found = new Map<string, number>();
  for (const pid of pids.trim().split(' ').filter(Boolean)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    found.set(name.trim(), Number(pid));
  }
  return found;
}

/** They outlive their processes, which may take a moment to die, and go from below. */
async function removeCgroups(name: string): Promise<void> {
  for (const top of CGROUPS.map((base) => join(base, name))) {
    for (let tries = 0; tries < 50 && existsSync(top); tries++) {
      if (tries > 0) await sleep(100);
      const found = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
      const folders = found.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      for (const folder of [top, ...folders].sort().reverse()) await rmdir(folder).catch(() => {});
    }
  }
}

/** A shell in the box, in all of its namespaces and with an environment like a log-in's. */
function inside(leader: number, script: string, input: string): Promise<Ended> {
  const words = [
    ...['--pdeathsig', 'KILL', 'nsenter', '-t', String(leader), '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--'],
    ...['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8', 'TERM=dumb'],
    ...['DEBIAN_FRONTEND=noninteractive', 'sh', '-c', `exec 2>&1; ${script}`],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    // A program that doesn't read its input may end before all of it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** Orderly, or with the plug pulled: the PID namespace takes everything with it. */
async function end(machine: ChildProcess, nspawn: number, how: 'halt' | 'cut'): Promise<void> {
  if (machine.exitCode !== null || machine.signalCode !== null) return;
  const gone = new Promise<true>((resolve) => machine.once('exit', () => resolve(true)));
  if (how === 'halt' && nspawn !== 0) {
    process.kill(nspawn, 'SIGTERM');
    if (await Promise.race([gone, sleep(HALT_MS, false)])) return;
  }
  machine.kill('SIGKILL');
  await gone;
  if (how === 'halt') throw new Error(`the box did not switch itself off within ${HALT_MS} ms`);
}
