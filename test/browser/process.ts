/** A built cdrd in a process of its own, as it runs on a box; it dies with the tests. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_FLAGS } from '../support/production.ts';

/** Seconds for a start on a machine that has much else to do. */
const START_S = 60;

export interface BoxProcess {
  readonly url: string;
  readonly ami: number;
  readonly pid: number;
  /** SIGTERM, or as by a power cut. Waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

export interface ProcessOptions {
  readonly bundle: string;
  readonly folder: string;
  readonly zone: string;
  /** Asterisk's AMI: its port and the secret there; absent: there is none. */
  readonly asterisk?: { readonly port: number; readonly secret: string };
  /** Variables over those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Listeners that a page has set; absent: the environment fixes them. */
  readonly listeners?: Readonly<Record<string, string>>;
}

/** With variables of the tests' own. */
export function environment({ folder, zone, asterisk, env, listeners }: ProcessOptions): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    MALLOC_ARENA_MAX: '1',
    CDRD_STATE_DIR: `${folder}/state`,
    CDRD_RUN_DIR: `${folder}/run`,
    ...(!listeners && { CDRD_HTTP_LISTEN: '127.0.0.1:0', CDRD_HTTPS_LISTEN: '', CDRD_AMI_LISTEN: '127.0.0.1:0' }),
    CDRD_RECORDINGS_DIR: `${folder}/recordings`,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: asterisk ? '127.0.0.1' : '',
    ...(asterisk && {
      CDRD_ASTERISK_PORT: String(asterisk.port),
      CDRD_ASTERISK_USERNAME: 'cdrd',
      CDRD_ASTERISK_SECRET: asterisk.secret,
    }),
    CDRD_ASTERISK_CDR_CSV: `${folder}/cdrd.csv`,
    CDRD_TIME_ZONE: zone,
    ...env,
  };
}

/** Starts it and waits until it is ready. */
export async function startProcess(options: ProcessOptions): Promise<BoxProcess> {
  const { bundle, folder } = options;
  const file = join(folder, 'cdrd.log');
  const log = openSync(file, 'a');
  const from = readFileSync(file, 'utf8').length;
  const args = ['--pdeathsig', 'KILL', process.execPath, ...NODE_FLAGS, join(bundle, 'cdrd.mjs'), 'run'];
  const child = spawn('setpriv', args, { stdio: ['ignore', log, log], env: environment(options) });
  closeSync(log);
  let isAsked = false;
  child.once('exit', (code, signal) => {
    if (!isAsked) console.error(`cdrd ended by itself, ${signal ?? code}:\n${readFileSync(file, 'utf8').slice(from)}`);
  });
  let text = '';
  for (let looks = 0; !text.includes('cdrd is ready'); looks++) {
    if (child.exitCode !== null || looks > START_S * 20) {
      await end(child, 'SIGKILL');
      throw new Error(`cdrd did not start: ${text}`);
    }
    await sleep(50);
    text = readFileSync(file, 'utf8').slice(from);
  }
  const port = (kind: string) => Number(new RegExp(`listening ${kind}=\\S*:(\\d+)`).exec(text)?.[1]);
  return {
    url: `http://127.0.0.1:${port('http')}`,
    ami: port('ami'),
    pid: child.pid ?? 0,
    end: (signal = 'SIGTERM') => {
      isAsked = true;
      return end(child, signal);
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A command of the command line with this text as its input. @returns what it printed. */
export function command(options: ProcessOptions, args: readonly string[], input = ''): string {
  const all = [...NODE_FLAGS, join(options.bundle, 'cdrd.mjs'), ...args];
  return execFileSync(process.execPath, all, { env: environment(options), input, encoding: 'utf8' });
}
