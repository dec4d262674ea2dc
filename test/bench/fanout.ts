/**
 * Fifty AMI listeners, a thousand events a second, one of them asleep: by turns as clients of this daemon, and the same
 * clients on the very Asterisk behind it. Every listener checks sequence and hash of what it got. It starts the rig's
 * Asterisk, for which it must be root.
 */
import { type ChildProcess, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AMI_SECRET, AMI_USER, type Asterisk, startAsterisk } from '../asterisk/asterisk.ts';
import { BUNDLE } from '../fault/box.ts';
import setup from '../setup.ts';
import { spreadOf } from './arithmetic.ts';
import type { Job, Measured } from './fanout-clients.ts';
import { notThere, type Row } from './row.ts';

type Round = Measured & { readonly sent: number };

const CLIENTS = 50;
const EVENTS_A_SECOND = 1_000;
/** Milliseconds between two writes of the sender. */
const BEAT_MS = 10;
/** Seconds of each round. The first is so long that the sleeper is dropped: what the kernel takes for it is some megabytes. */
const ROUNDS = [30, 10, 10];
const SECRET = 'bench';
/** Makes an event as long as Asterisk's usual ones. */
const FILLER = 'x'.repeat(300);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** A user of Asterisk's own AMI that may send events and hear them. */
async function addUser({ pbx, ami }: Asterisk): Promise<void> {
  appendFileSync(
    join(pbx, 'etc/manager.conf'),
    `\n[bench]\nsecret = ${SECRET}\nread = all\nwrite = user\nwritetimeout = 5000\n`,
  );
  const answer = await ami.action('Reload', { Module: 'manager' });
  if (answer.get('Response') !== 'Success') throw new Error(`manager reload: ${answer.get('Message')}`);
}

interface Daemon {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startDaemon(asterisk: Asterisk): Promise<Daemon> {
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'] ?? '',
    CDRD_STATE_DIR: join(asterisk.run, 'state'),
    CDRD_RUN_DIR: join(asterisk.run, 'sockets'),
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_AMI_LISTEN: `127.0.0.1:${port}`,
    CDRD_RECORDINGS_DIR: asterisk.monitor,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_ASTERISK_PORT: String(asterisk.ports.AMI),
    CDRD_ASTERISK_USERNAME: AMI_USER,
    CDRD_ASTERISK_SECRET: AMI_SECRET,
    CDRD_ASTERISK_CDR_CSV: asterisk.masterCsv,
  };
  const set = ['ami-user', 'set', 'bench', '--read', 'all'];
  execFileSync(process.execPath, [BUNDLE, ...set], { env, input: `${SECRET}\n` });
  const child = spawn(process.execPath, ['--liftoff-only', '--max-semi-space-size=1', BUNDLE, 'run'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let log = '';
    const late = setTimeout(() => reject(new Error(`the daemon is not ready: ${log}`)), 20_000);
    child.stderr?.on('data', (text) => {
      log += text;
      if (!log.includes('Asterisk is connected')) return;
      clearTimeout(late);
      resolve();
    });
  });
  return { child, port };
}

/** Sends events evenly for so many seconds, and takes what Asterisk answers. @returns how many. */
async function send(port: number, seconds: number): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`Action: Login\r\nUsername: bench\r\nSecret: ${SECRET}\r\nEvents: off\r\n\r\n`);
  await pause(500);
  socket.resume();
  const begun = performance.now();
  let sent = 0;
  while (sent < EVENTS_A_SECOND * seconds) {
    const due = EVENTS_A_SECOND * Math.min(seconds, (performance.now() - begun) / 1000);
    let text = '';
    for (; sent < due; sent++)
      text += `Action: UserEvent\r\nUserEvent: Bench\r\nN: ${sent}\r\nSent: ${performance.timeOrigin + performance.now()}\r\nFiller: ${FILLER}\r\n\r\n`;
    if (text !== '') socket.write(text);
    await pause(BEAT_MS);
  }
  await pause(3_000); // what is under way arrives
  socket.destroy();
  return sent;
}

async function measure(job: Job, asteriskPort: number, seconds: number): Promise<Round> {
  const clients = fork(fileURLToPath(new URL('./fanout-clients.ts', import.meta.url)), [JSON.stringify(job)], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    await once(clients, 'message', { signal: AbortSignal.timeout(30_000) });
    const sent = await send(asteriskPort, seconds);
    clients.send('stop');
    const [measured] = (await once(clients, 'message', { signal: AbortSignal.timeout(30_000) })) as [Measured];
    return { ...measured, sent };
  } finally {
    clients.kill('SIGKILL');
  }
}

/** The rig's Asterisk, which is built once. @returns its root, or why it isn't there. */
function asteriskRoot(): { readonly root: string } | { readonly why: string } {
  if (process.getuid?.() !== 0) return { why: 'the Asterisk beside it wants root' };
  const { status, stdout } = spawnSync('sh', [join(ROOT, 'test/asterisk/setup.sh')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return status === 0
    ? { root: stdout.trim().split('\n').at(-1) ?? '' }
    : { why: 'the Asterisk beside it could not be made (sh test/asterisk/setup.sh)' };
}

const NAME = `AMI fan-out, ${CLIENTS} clients, ${EVENTS_A_SECOND} events/s | Asterisk’s own`;
const AIM = 'p50 and p99 no worse';

export async function fanoutRows(): Promise<Row[]> {
  const found = asteriskRoot();
  if ('why' in found) return [notThere(NAME, AIM, found.why)];
  setup();
  const asterisk = await startAsterisk(found.root);
  const ours: Round[] = [];
  const theirs: Round[] = [];
  let daemon: Daemon | null = null;
  try {
    await addUser(asterisk);
    daemon = await startDaemon(asterisk);
    for (const seconds of ROUNDS)
      for (const [rounds, port] of [
        [ours, daemon.port],
        [theirs, asterisk.ports.AMI],
      ] as const) {
        const job = { port, username: 'bench', secret: SECRET, clients: CLIENTS };
        rounds.push(await measure(job, asterisk.ports.AMI, seconds));
      }
  } finally {
    daemon?.child.kill('SIGKILL');
    await asterisk.stop();
  }
  return [latencyRow(ours, theirs), deliveryRow(ours)];
}

const medianOf = (rounds: readonly Round[], of: (round: Round) => number) => spreadOf(rounds.map(of)).median;

function latencyRow(ours: readonly Round[], theirs: readonly Round[]): Row {
  const [p50, p99] = [({ p50 }: Round) => p50, ({ p99 }: Round) => p99];
  const text = (rounds: readonly Round[]) =>
    `p50 ${medianOf(rounds, p50).toFixed(1)} ms, p99 ${medianOf(rounds, p99).toFixed(1)} ms`;
  const worst = (rounds: readonly Round[]) => Math.max(...rounds.map(({ max }) => max)).toFixed(0);
  return {
    name: NAME,
    result: `${text(ours)}; Asterisk ${text(theirs)}; worst ${worst(ours)} and ${worst(theirs)} ms; rounds of ${ROUNDS.join(', ')} s by turns`,
    short: `${text(ours)}, Asterisk ${text(theirs)}`,
    aim: AIM,
    met: medianOf(ours, p50) <= medianOf(theirs, p50) && medianOf(ours, p99) <= medianOf(theirs, p99),
    figures: { ours, theirs },
  };
}

/** Every listener has got every event, in order, the same bytes; the one that sleeps is dropped. */
function deliveryRow(ours: readonly Round[]): Row {
  const faults = ours.flatMap(({ fewest, most, sent, outOfOrder, hashes, sleeperDropped }, round) => [
    ...(fewest === sent && most === sent ? [] : [`events ${fewest} to ${most} of ${sent}`]),
    ...(outOfOrder === 0 ? [] : [`${outOfOrder} listeners out of order`]),
    ...(hashes === 1 ? [] : [`${hashes} different hashes`]),
    ...(sleeperDropped || round > 0 ? [] : ['the sleeping listener was not dropped']),
  ]);
  return {
    name: 'AMI fan-out: every event to every client, in order',
    result:
      faults.length === 0
        ? `${ours.map(({ sent }) => sent).join(', ')} events to each, one hash, the sleeper dropped`
        : faults.join(', '),
    aim: 'no fault',
    met: faults.length === 0,
  };
}
