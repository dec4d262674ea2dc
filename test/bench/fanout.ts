/**
 * `make bench-load`: fifty AMI listeners, a thousand events a second, thirty seconds, one of them asleep: first as clients
 * of this daemon, then the same clients on the very Asterisk behind it. Every listener checks sequence and hash of what it
 * got. Run as root (it starts the rig's Asterisk): `npx tsx test/bench/fanout.ts [SECONDS]`.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AMI_SECRET, AMI_USER, type Asterisk, startAsterisk } from '../asterisk/asterisk.ts';
import type { Job, Measured } from './fanout-clients.ts';

const CLIENTS = 50;
const EVENTS_A_SECOND = 1_000;
/** Milliseconds between two writes of the sender. */
const BEAT_MS = 10;
const SECONDS = Number(process.argv[2] ?? 30);
const ROUNDS = 3;
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
  const bundle = join(ROOT, 'dist/cdrd.mjs');
  const set = ['ami-user', 'set', 'bench', '--read', 'all'];
  execFileSync(process.execPath, [bundle, ...set], { env, input: `${SECRET}\n` });
  const child = spawn(process.execPath, ['--liftoff-only', '--max-semi-space-size=1', bundle, 'run'], {
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

/** Sends events evenly, and takes what Asterisk answers. @returns how many. */
async function send(port: number): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`Action: Login\r\nUsername: bench\r\nSecret: ${SECRET}\r\nEvents: off\r\n\r\n`);
  await pause(500);
  socket.resume();
  const begun = performance.now();
  let sent = 0;
  while (sent < EVENTS_A_SECOND * SECONDS) {
    const due = Math.min(EVENTS_A_SECOND * SECONDS, ((performance.now() - begun) / 1000) * EVENTS_A_SECOND);
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

async function measure(job: Job, asteriskPort: number): Promise<Measured & { readonly sent: number }> {
  const clients = fork(fileURLToPath(new URL('./fanout-clients.ts', import.meta.url)), [JSON.stringify(job)], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    await once(clients, 'message', { signal: AbortSignal.timeout(30_000) });
    const sent = await send(asteriskPort);
    clients.send('stop');
    const [measured] = (await once(clients, 'message', { signal: AbortSignal.timeout(30_000) })) as [Measured];
    return { ...measured, sent };
  } finally {
    clients.kill('SIGKILL');
  }
}

const cachedRoot = process.env['CDRD_ASTERISK_ROOT'];
if (!cachedRoot) throw new Error('run it by `make bench-load`');
const asterisk = await startAsterisk(cachedRoot);
let daemon: Daemon | null = null;
const results: { who: string; measured: Awaited<ReturnType<typeof measure>> }[] = [];
try {
  await addUser(asterisk);
  daemon = await startDaemon(asterisk);
  for (let round = 0; round < ROUNDS; round++)
    for (const [who, port] of [
      ['cdrd', daemon.port],
      ['Asterisk', asterisk.ports.AMI],
    ] as const) {
      const job = { port, username: 'bench', secret: SECRET, clients: CLIENTS };
      const measured = await measure(job, asterisk.ports.AMI);
      results.push({ who, measured });
      console.log(`${who}: ${JSON.stringify(measured)} load ${loadavg()[0]?.toFixed(1)}`);
    }
} finally {
  daemon?.child.kill('SIGKILL');
  await asterisk.stop();
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
const of = (who: string) => results.filter((each) => each.who === who).map(({ measured }) => measured);
const [ours, theirs] = [of('cdrd'), of('Asterisk')];
const row = (name: string, of: readonly Measured[]) =>
  `${name.padEnd(10)} p50 ${median(of.map(({ p50 }) => p50)).toFixed(1)} ms  p99 ${median(of.map(({ p99 }) => p99)).toFixed(1)} ms  worst ${Math.max(...of.map(({ max }) => max)).toFixed(0)} ms`;
console.log(
  `\n${CLIENTS} listeners, ${EVENTS_A_SECOND} events a second, ${SECONDS} s, one asleep; ${ROUNDS} rounds by turns, medians`,
);
console.log(row('cdrd', ours));
console.log(row('Asterisk', theirs));
const faults = [
  ...ours.flatMap(({ fewest, most, sent, outOfOrder, hashes, sleeperDropped }) => [
    ...(fewest === sent && most === sent ? [] : [`events ${fewest} to ${most} of ${sent}`]),
    ...(outOfOrder === 0 ? [] : [`${outOfOrder} listeners out of order`]),
    ...(hashes === 1 ? [] : [`${hashes} different hashes`]),
    ...(sleeperDropped ? [] : ['the sleeping listener was not dropped']),
  ]),
  ...(median(ours.map(({ p50 }) => p50)) <= median(theirs.map(({ p50 }) => p50))
    ? []
    : ['p50 is worse than Asterisk’s']),
  ...(median(ours.map(({ p99 }) => p99)) <= median(theirs.map(({ p99 }) => p99))
    ? []
    : ['p99 is worse than Asterisk’s']),
];
writeFileSync(join(ROOT, 'test/.build/bench-load.json'), `${JSON.stringify({ seconds: SECONDS, results }, null, 2)}\n`);
for (const fault of faults) console.log(`MISSED: ${fault}`);
console.log(`${faults.length === 0 ? 1 : 0} passed, ${faults.length === 0 ? 0 : 1} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
