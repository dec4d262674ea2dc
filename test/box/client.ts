/** The box's numbers asked from inside its network, as a technician with curl would. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Box } from './box.ts';

const run = promisify(execFile);
/** Of recordings, bytes: a few seconds of sound. */
const MAX_BYTES = 16 * 1024 * 1024;

export type Row = Readonly<Record<string, string | number>>;

export interface Client {
  /** Answer to a number. @throws where the status isn't 2xx. */
  ask<T>(number: number, parameters?: Readonly<Record<string, string>>): Promise<T>;
  /** What 9006 lists, newest first. */
  calls(): Promise<readonly Row[]>;
  /** What 20053 lists, newest first. */
  recordings(): Promise<readonly Row[]>;
  /** A recording's bytes by the path that 20053 gives. */
  wav(path: string): Promise<Buffer>;
}

/** Logs in at the box's port 80. @throws when the box refuses. */
export async function logIn(box: Box, user: string, password: string): Promise<Client> {
  const curl = async (path: string, args: readonly string[]): Promise<Buffer> => {
    const [program = '', ...before] = [...box.network(), 'curl'];
    const words = [...before, '-sS', '--fail-with-body', '--max-time', '20', `http://127.0.0.1${path}`, ...args];
    try {
      return (await run(program, words, { encoding: 'buffer', maxBuffer: MAX_BYTES })).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: Buffer; stderr?: Buffer };
      throw new Error(`${path}: ${stderr}${stdout}`);
    }
  };
  const digest = createHash('md5').update(password).digest('hex');
  const answer = await curl('/cgi/webserve/8404', ['-d', `UserName=${user}`, '-d', `Password=${digest}`]);
  const { token } = JSON.parse(answer.toString()) as { token: string };
  const bearer = ['-H', `Authorization: Bearer ${token}`];
  const ask = async <T>(number: number, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
    const query = Object.entries(parameters).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);
    return JSON.parse((await curl(`/cgi/webserve/${number}`, [...bearer, ...query])).toString()) as T;
  };
  return {
    ask,
    calls: async () => (await ask<{ json_array_astcdrs: Row[] }>(9006)).json_array_astcdrs,
    recordings: async () => (await ask<{ json_array_recordings: Row[] }>(20053)).json_array_recordings,
    wav: (path) => curl(`/recordings/${path}`, bearer),
  };
}
