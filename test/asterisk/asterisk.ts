/**
 * Starts the real Asterisk of the rig and stops it again: our snippets from etc/asterisk verbatim (only secret and port
 * replaced) with the rig's own configuration, in a root made of bind mounts in a mount and PID namespace of its own. All
 * mounts and children die with that namespace, also when this process is killed, so nothing needs cleaning but the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { type Ami, connectAmi } from './ami.ts';

/** The box's zone: west of Greenwich, as the guide's, so that local text and epoch can't be mistaken for each other. */
export const ZONE = 'America/Los_Angeles';
export const AMI_USER = 'cdrd';
export const AMI_SECRET = 'rig-secret';

/** A start on two busy cores takes about 4 s; beyond this something is wrong. */
const START_MS = 60_000;
/** The kernel takes a killed process's sockets within some ms. */
const PORTS_MS = 10_000;
/** RTP and RTCP of the most channels that one test has up at once (a batch of calls of all kinds), with room. */
const RTP_PORTS = 300;

const SNIPPETS = new URL('../../etc/asterisk/', import.meta.url).pathname;
const CONFIG = new URL('./config/', import.meta.url).pathname;

const PORTS = [
  'SIP',
  'PJSIP',
  'AMI',
  'PHONE_202',
  'PHONE_204',
  'PHONE_205',
  'PHONE_209',
  'PHONE_210',
  'PHONE_301',
  'PHONES',
] as const;
const TRUNK_PORTS = ['TRUNK_96', 'TRUNK_42', 'TRUNK_GW7'] as const;
export type PortName = (typeof PORTS)[number] | (typeof TRUNK_PORTS)[number];

export interface Asterisk {
  /** The run's own folder, outside; `root` is Asterisk's `/`, `pbx` the part that both sides see under one path. */
  readonly run: string;
  readonly root: string;
  readonly pbx: string;
  /** Folder of the recordings, the same path for Asterisk and for the daemon. */
  readonly monitor: string;
  readonly masterCsv: string;
  readonly customCsv: string;
  readonly ports: Readonly<Record<PortName, number>>;
  /** The connection to the Asterisk that runs now: another one after each {@link Asterisk.revive}. */
  readonly ami: Ami;
  /** Everything that Asterisk logged so far. */
  log(): Promise<string>;
  /** SIGKILL, as a crash would be; what it wrote stays. Resolves when its ports are free again. */
  crash(): Promise<void>;
  /** Starts it anew after a crash, on the same ports, files and AstDB; resolves when modules are loaded. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Which channel driver carries the calls that the dialplan leaves open (chan_sip or chan_pjsip). */
export type Tech = 'SIP' | 'PJSIP';

/**
 * The phones of kinds.test.ts, all on port PHONES: of the ten numbers of each kind those whose last digit stands for a
 * phone (extensions_kinds.conf). 506, who calls in from outside in other tests, is none of them.
 */
const KIND_EXTENSIONS = [100, 400, 500].flatMap((hundred) =>
  Array.from({ length: 100 }, (_, i) => hundred + i).filter((number) => [0, 1, 2, 3, 9].includes(number % 10)),
);

/**
 * Starts Asterisk from the cached root that setup.sh made; resolves when AMI answers and modules are loaded.
 * @param tech Driver for the trunk 96 and for the phones of kinds.test.ts.
 * @param manager What to make of our manager.conf: other rights, more users.
 */
export async function startAsterisk(
  cachedRoot: string,
  tech: Tech = 'SIP',
  manager: (text: string) => string = (text) => text,
): Promise<Asterisk> {
  const run = await mkdtemp('/tmp/cdrd-asterisk-');
  // By it run.sh knows whether a folder is still in use.
  await writeFile(join(run, 'pid'), String(process.pid));
  const root = join(run, 'root');
  const pbx = join(run, 'pbx');
  const monitor = join(pbx, 'monitor');
  const ports = await freePorts();
  const rtpFirst = await freeRtpRange();
  const tokens = { ...ports, RTP_FIRST: rtpFirst, RTP_LAST: rtpFirst + RTP_PORTS - 1, TECH: tech };
  await prepare(cachedRoot, root, pbx, tokens, manager);
  const log = (): Promise<string> => readFile(join(pbx, 'log', 'messages'), 'utf8').catch(() => '');
  let child: ChildProcess | null = null;
  let ami: Ami | null = null;
  const crash = async (): Promise<void> => {
    ami?.close();
    if (child !== null) await end(child);
    child = null;
    await portsFree(ports);
  };
  const stop = async (): Promise<void> => {
    ami?.close();
    if (child !== null) await end(child);
    await rm(run, { recursive: true, force: true });
  };
  const start = async (): Promise<Ami> => {
    const started = spawnInside(cachedRoot, root, pbx);
    child = started;
    let ended: string | null = null;
    started.once('exit', (code, signal) => {
      ended = `Asterisk ended: ${code ?? signal}`;
    });
    const until = Date.now() + START_MS;
    for (;;) {
      if (ended !== null || Date.now() > until) {
        const why = ended ?? `no AMI after ${START_MS} ms`;
        const tail = (await log()).slice(-3000);
        await stop();
        throw new Error(`${why}\n${tail}`);
      }
      await sleep(100);
      const connected = await connectAmi(ports.AMI, AMI_USER, AMI_SECRET).catch(() => null);
      if (connected === null) continue;
      await connected.booted(START_MS);
      return connected;
    }
  };
  let current = await start();
  ami = current;
  return {
    run,
    root,
    pbx,
    monitor,
    masterCsv: join(pbx, 'log', 'cdr-csv', 'Master.csv'),
    customCsv: join(pbx, 'log', 'cdr-custom', 'cdrd.csv'),
    ports,
    get ami() {
      return current;
    },
    log,
    crash,
    revive: async () => {
      current = await start();
      ami = current;
    },
    stop,
  };
}

/** Lays out Asterisk's root: mount points, a copy of /etc with the box's zone, and the run's configuration. */
async function prepare(
  cachedRoot: string,
  root: string,
  pbx: string,
  tokens: Readonly<Record<string, number | string>>,
  manager: (text: string) => string,
): Promise<void> {
  for (const dir of ['usr', 'var/lib/asterisk', 'proc', 'dev', 'run', 'tmp', pbx.slice(1)]) {
    await mkdir(join(root, dir), { recursive: true });
  }
  for (const link of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${link}`, join(root, link));
  await cp(join(cachedRoot, 'etc'), join(root, 'etc'), { recursive: true, verbatimSymlinks: true });
  await rm(join(root, 'etc/localtime'), { force: true });
  await copyFile(join(cachedRoot, 'usr/share/zoneinfo', ZONE), join(root, 'etc/localtime'));
  // Whoever runs a command in here may leave a file anywhere: a marker must not fail to appear for want of rights.
  for (const dir of [root, join(root, 'tmp'), join(root, 'run')]) await chmod(dir, 0o1777);

  const owner = await asteriskIds(cachedRoot);
  for (const dir of [
    '',
    'cache',
    'lib',
    'spool',
    'spool/outgoing',
    'run',
    'log',
    'log/cdr-csv',
    'log/cdr-custom',
    'monitor',
  ]) {
    const path = join(pbx, dir);
    await mkdir(path, { recursive: true });
    await chown(path, owner.uid, owner.gid);
  }
  const etc = join(pbx, 'etc');
  // Debian's files are the base (indications, musiconhold, features …), then the rig's, then ours, which must win.
  await cp(join(cachedRoot, 'etc/asterisk'), etc, { recursive: true });
  const fill = (text: string): string =>
    text.replace(/@([A-Z_0-9]+)@/g, (_, name: string) => (name === 'RUN' ? pbx : String(tokens[name] ?? name)));
  for (const name of await readdir(CONFIG)) {
    await writeFile(join(etc, name), fill(await readFile(join(CONFIG, name), 'utf8')));
  }
  const phones = `127.0.0.1:${tokens['PHONES']}`;
  const each = (phone: (number: number) => string): string => KIND_EXTENSIONS.map(phone).join('');
  await writeFile(
    join(etc, 'sip_kinds.conf'),
    `[kind](!,phone)\nport = ${tokens['PHONES']}\ncontext = from-ext-kinds\n${each((n) => `[${n}](kind)\ndefaultuser = ${n}\n`)}`,
  );
  await writeFile(
    join(etc, 'pjsip_kinds.conf'),
    `[kind](!)\ntype = endpoint\ncontext = from-ext-kinds\ndisallow = all\nallow = ulaw\ndirect_media = no\n${each(
      (n) => `[${n}](kind)\naors = ${n}\n[${n}]\ntype = aor\ncontact = sip:${n}@${phones}\n`,
    )}`,
  );
  for (const name of await readdir(SNIPPETS)) {
    if (!name.endsWith('.conf')) continue;
    let text = await readFile(join(SNIPPETS, name), 'utf8');
    if (name === 'manager.conf') {
      text = replaceOnce(replaceOnce(text, 'port = 5039', `port = ${tokens['AMI']}`), 'CHANGE-ME', AMI_SECRET);
      text = manager(text);
    }
    await writeFile(join(etc, name), text);
  }
  // Debian keeps them 0640 root:asterisk; a copy has lost the group.
  for (const entry of await readdir(etc, { recursive: true })) await chown(join(etc, entry), owner.uid, owner.gid);
}

/** Replaces what must stand in manager.conf, and once. */
export function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`expected "${from}" exactly once in etc/asterisk/manager.conf`);
  return text.replace(from, to);
}

async function asteriskIds(cachedRoot: string): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile(join(cachedRoot, 'etc/passwd'), 'utf8');
  const found = /^asterisk:[^:]*:(\d+):(\d+):/m.exec(passwd);
  if (found === null) throw new Error(`no user asterisk in ${cachedRoot}: remove it and run again`);
  return { uid: Number(found[1]), gid: Number(found[2]) };
}

function spawnInside(cachedRoot: string, root: string, pbx: string): ChildProcess {
  const script = `set -e
mount --bind "$1/usr" "$2/usr"
mount --bind "$1/var/lib/asterisk" "$2/var/lib/asterisk"
mount --rbind /dev "$2/dev"
mount -t proc proc "$2/proc"
mount --bind "$3" "$2$3"
cd "$2"
chroot "$2" /usr/sbin/asterisk -U asterisk -f -C "$3/etc/asterisk.conf" &
wait $!`;
  const inside = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'].concat(
      ['sh', '-c', script, 'sh', cachedRoot, root, pbx],
    ),
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', LANG: 'C' } },
  );
  inside.stdout?.resume(); // nobody reads it: it tells when the last process that could write there is gone
  return inside;
}

/**
 * Ends the namespace's first process and with it everything inside, which dies a moment later: until then Asterisk writes on,
 * and a new one could not bind.
 */
async function end(child: ChildProcess): Promise<void> {
  if (child.stdout?.closed !== false) return;
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

/** A socket that is being closed as its process dies is the kernel's for another moment. */
async function portsFree(ports: Readonly<Record<PortName, number>>): Promise<void> {
  for (const port of [ports.SIP, ports.PJSIP]) {
    const until = Date.now() + PORTS_MS;
    for (let held: { release: () => void } | null = null; held === null; ) {
      held = await holdUdp(port).catch(() => null);
      held?.release();
      if (held === null && Date.now() > until) throw new Error(`port ${port} is still in use ${PORTS_MS} ms after`);
      if (held === null) await sleep(20);
    }
  }
}

/**
 * Ports that are free now on 127.0.0.1; held until all are known, so no two are the same. None of those that the kernel gives
 * away by itself: until Asterisk and the phones listen, and while Asterisk is down, they are nobody's.
 */
async function freePorts(): Promise<Record<PortName, number>> {
  const held: Array<() => void> = [];
  const ports = {} as Record<PortName, number>;
  try {
    for (const name of [...PORTS, ...TRUNK_PORTS]) {
      if (name === 'AMI') ports[name] = await freePort();
      else {
        const { port, release } = await holdAnyUdp();
        ports[name] = port;
        held.push(release);
      }
    }
  } finally {
    for (const release of held) release();
  }
  return ports;
}

/** Above the blocks for RTP, below what the kernel gives away (free-port.ts). */
const [FIRST_UDP, END_UDP] = [28_400, 32_768];

async function holdAnyUdp(): Promise<{ port: number; release: () => void }> {
  for (let tries = 0; tries < 50; tries++) {
    const held = await holdUdp(randomInt(FIRST_UDP, END_UDP)).catch(() => null);
    if (held !== null) return held;
  }
  throw new Error('no free UDP port on 127.0.0.1');
}

/** First port of a block free for RTP; tries a bounded number of random blocks below the ephemeral range. */
async function freeRtpRange(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const first = 12_000 + 2 * Math.floor(Math.random() * 8_000);
    const held: Array<() => void> = [];
    try {
      for (let port = first; port < first + RTP_PORTS; port++) held.push((await holdUdp(port)).release);
      return first;
    } catch {
      // Somebody uses a port of this block: try another.
    } finally {
      for (const release of held) release();
    }
  }
  throw new Error('no free block of RTP ports on 127.0.0.1');
}

function holdUdp(port: number): Promise<{ port: number; release: () => void }> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => {
      resolve({ port: socket.address().port, release: () => void socket.close() });
    });
  });
}
