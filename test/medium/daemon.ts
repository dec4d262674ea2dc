/** The built daemon in a process of its own, its recordings on a share, beside a PBX that only writes down what it is told. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type FakeAmi, lettingIn, startFakeAmi } from '../support/fake-ami.ts';
import type { AtEnd } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { NODE_FLAGS } from '../support/production.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
/** A user of the AMI that it offers. */
export const WATCHER = { name: 'watch', secret: 'p4ssword-in-no-log' } as const;
/** Milliseconds for any one answer: a daemon that hangs fails the test by this. */
const ANSWER_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface ShareDaemon {
  readonly url: string;
  readonly pid: number;
  /** GET as admin. */
  get(path: string): Promise<Answer>;
  /** Of `/healthz`. */
  medium(): Promise<{ readonly state: string; readonly why: string; readonly writable: boolean }>;
  /** SIGTERM. @returns how it ended. */
  stop(ms: number): Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export interface Box {
  readonly pbx: FakeAmi;
  /** TCP port of the AMI that the daemon offers. */
  readonly ami: number;
  start(): Promise<ShareDaemon>;
}

/** @param folder For state and sockets. @param dir The recordings. */
export async function openBox(folder: string, dir: string, atEnd: AtEnd): Promise<Box> {
  const pbx = await startFakeAmi({ asked: lettingIn() }, atEnd);
  const [http, ami] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env['PATH'] ?? '',
    CDRD_STATE_DIR: `${folder}/state`,
    CDRD_RUN_DIR: `${folder}/run`,
    CDRD_HTTP_LISTEN: `127.0.0.1:${http}`,
    CDRD_HTTPS_LISTEN: '',
    CDRD_AMI_LISTEN: `127.0.0.1:${ami}`,
    CDRD_RECORDINGS_DIR: dir,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 's',
    CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv`,
  };
  const cdrd = (...args: readonly string[]) => [...NODE_FLAGS, PROGRAM, ...args];
  execFileSync(process.execPath, cdrd('user', 'set', 'admin', '--role', 'admin'), { env, input: 'admin\n' });
  const amiUser = cdrd('ami-user', 'set', WATCHER.name, '--read', 'all', '--extras', 'on');
  execFileSync(process.execPath, amiUser, { env, input: `${WATCHER.secret}\n` });

  return {
    pbx,
    ami,
    async start() {
      const child = spawn(process.execPath, cdrd('run'), { env, stdio: ['ignore', 'ignore', 'pipe'] });
      atEnd(() => void child.kill('SIGKILL'));
      const url = `http://127.0.0.1:${http}`;
      const token = await ready(child, url);
      const get = async (path: string): Promise<Answer> => {
        const answer = await fetch(url + path, {
          headers: { Authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
        const text = await answer.text();
        return { status: answer.status, body: isJson ? JSON.parse(text) : { text } };
      };
      return {
        url,
        pid: child.pid as number,
        get,
        medium: async () => (await get('/healthz')).body['recordings'] as never,
        async stop(ms) {
          const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
            child.once('close', (code, signal) => resolve({ code, signal })),
          );
          child.kill('SIGTERM');
          const late = pause(ms, null, { ref: false });
          const end = await Promise.race([ended, late]);
          if (!end) throw new Error(`it is still there ${ms} ms after SIGTERM`);
          return end;
        },
      };
    },
  };
}

/** Until it lets admin in. @returns the token. */
async function ready(child: ChildProcess, url: string): Promise<string> {
  let log = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    log = (log + bytes.toString()).slice(-10_000);
  });
  const digest = createHash('md5').update('admin').digest('hex');
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/cgi/webserve/8404?&UserName=admin&Password=${digest}`).catch(() => null);
    if (answer?.ok) return ((await answer.json()) as { token: string }).token;
    await pause(100);
  }
  throw new Error(`the daemon does not come up:\n${log}`);
}

/** What the PBX was told last. */
export function enabled({ requests }: FakeAmi): string | undefined {
  return requests
    .filter((request) => request.get('Key') === 'enable')
    .at(-1)
    ?.get('Val');
}
