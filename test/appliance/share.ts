/** A Samba server of the test's own on a port of 127.0.0.1, which the box reaches as 10.0.2.2; it can be frozen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { until } from '../fault/box.ts';
import { freePort } from './box.ts';

export interface Share {
  readonly port: number;
  /** Stops the server's processes where they are: whoever asks it something waits. */
  freeze(): void;
  thaw(): void;
  end(): Promise<void>;
}

/** Serves the share `rec` to anybody. @param folder Where everything of it is. */
export async function startShare(folder: string): Promise<Share> {
  const port = await freePort();
  const files = join(folder, 'files');
  const own = ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc', 'log'];
  for (const name of own) await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
  await mkdir(files);
  await chmod(files, 0o777);
  const config = join(folder, 'smb.conf');
  await writeFile(config, configuration(folder, port));
  const args = ['--foreground', '--no-process-group', '--debug-stdout', `--configfile=${config}`];
  // In a group of its own, so that a signal reaches the process of each connection too.
  const smbd = spawn('setpriv', ['--pdeathsig', 'KILL', 'smbd', ...args], { stdio: 'ignore', detached: true });
  const gone = once(smbd, 'exit');
  const signal = (name: NodeJS.Signals) => process.kill(-pidOf(smbd), name);
  const kill = () => {
    if (smbd.exitCode === null && smbd.signalCode === null) signal('SIGKILL');
  };
  process.once('exit', kill);
  await until('Samba', () => listens(port), 20);
  return {
    port,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async end() {
      process.off('exit', kill);
      kill();
      await gone;
    },
  };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('smbd did not start');
  return pid;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function configuration(folder: string, port: number): string {
  return `[global]
smb ports = ${port}
interfaces = 127.0.0.1
bind interfaces only = yes
disable netbios = yes
load printers = no
disable spoolss = yes
map to guest = Bad User
private dir = ${folder}/private
lock directory = ${folder}/lock
state directory = ${folder}/state
cache directory = ${folder}/cache
pid directory = ${folder}/pid
ncalrpc dir = ${folder}/ncalrpc
log file = ${folder}/log/smbd
[rec]
path = ${folder}/files
guest ok = yes
read only = no
force user = root
`;
}
