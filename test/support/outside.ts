/**
 * The daemon as a program of its own, under tests that look at it from outside: CDRD_TEST_COMMAND says how it is run, such as
 * `qemu-aarch64-static -L ROOT NODE --liftoff-only /…/dist/cdrd.mjs`. They meet the same surface as of a daemon within; what
 * only the inside of one has can't be had and says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { askDaemon } from '../../daemon/control/client.ts';
import type { ControlRequest } from '../../daemon/control/protocol.ts';
import type { Running } from '../../daemon/start.ts';
import { digestOf } from '../../daemon/state.ts';
import type { AtEnd } from './folder.ts';
import { freePort } from './free-port.ts';
import { PATIENCE } from './patience.ts';
import { MALLOC } from './production.ts';

/** '' = the daemon runs within the tests, as ever. */
export const OUTSIDE = process.env['CDRD_TEST_COMMAND'] ?? '';

const START_MS = 15_000 * PATIENCE;

/** Daemons that run: a test that breaks off must leave none behind. */
const kills = new Set<() => void>();
process.once('exit', () => {
  for (const kill of kills) kill();
});

export interface Outside {
  readonly running: Running;
  readonly url: string;
}

/**
 * @param variables Its whole configuration. @param log Gets what it logs.
 * @throws when it ends, or isn't ready in time.
 */
export async function startOutside(variables: Record<string, string>, log: string[], atEnd: AtEnd): Promise<Outside> {
  const [program = '', ...args] = OUTSIDE.split(' ');
  const port = await freePort();
  const ami = await freePort();
  const env = {
    PATH: process.env['PATH'],
    ...MALLOC,
    ...variables,
    CDRD_HTTP_LISTEN: `127.0.0.1:${port}`,
    CDRD_AMI_LISTEN: `127.0.0.1:${ami}`,
  };
  const child = spawn(program, [...args, 'run'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  kills.add(kill);
  const ended = once(child, 'close').then(() => kills.delete(kill));
  const close = async () => {
    const late = setTimeout(kill, START_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(late);
  };
  atEnd(close);
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms:\n${log.join('')}`)), START_MS);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log.push(text);
      if (!log.join('').includes('cdrd is ready')) return;
      clearTimeout(late);
      resolve();
    });
    child.once('close', (code) => reject(new Error(`it ended with ${code}:\n${log.join('')}`)));
  });

  const url = `http://127.0.0.1:${port}`;
  const control = (request: ControlRequest) => askDaemon(variables['CDRD_RUN_DIR'] ?? '', request, async () => {});
  for (const user of ['admin', 'monitor'])
    await control({ command: 'user.set', user, role: user, digest: digestOf(user) });
  const address = (of: number) => ({ address: '127.0.0.1', family: 'IPv4', port: of });
  const running = only<Running>('daemon', {
    addresses: [address(port)],
    ami: only<Running['ami']>('ami', { addresses: [address(ami)] }),
    amiUsers: only<Running['amiUsers']>('amiUsers', {
      set: (user) => control({ command: 'ami-user.set', ...user }) as Promise<never>,
    }),
    close,
  });
  return { running, url };
}

/** What an object of this type has from outside; whoever asks for more is told that it isn't to be had. */
function only<T extends object>(name: string, has: Partial<T>): T {
  return new Proxy(has as T, {
    get(target, key) {
      if (Reflect.has(target, key) || typeof key === 'symbol' || key === 'then') return Reflect.get(target, key);
      throw new Error(`${name}.${key} can't be had of a daemon outside of the test`);
    },
  });
}

/** What became of the records so far, as /metrics tells it. */
export async function recordFigures(url: string): Promise<{ readonly done: number; readonly open: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  const results = ['stored', 'repeated', 'lost'].map((result) => figure(`cdrd_records_total{result="${result}"}`));
  return { done: results.reduce((sum, count) => sum + count, 0), open: figure('cdrd_open_calls') };
}
