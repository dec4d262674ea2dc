/**
 * A box on its first day: the bundle and the configuration as they are packaged, with folders and ports of a test's own.
 * What it listens on, and who gets in when nobody has set anything up.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ListenAddress, loadConfig } from '../../daemon/config.ts';
import { eventually } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { listeningSockets } from './sockets.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
const PACKAGED = new URL('../../etc/cdrd.toml', import.meta.url).pathname;

/** For a machine that does much besides: each log-in is a check of its password. */
const PATIENCE_MS = 120_000;
const atEnd = atFileEnd();
let folder = '';
let pid = 0;
let url = '';
let printed = '';

beforeAll(async () => {
  folder = temporaryFolder(atEnd);
  mkdirSync(`${folder}/recordings`);
  const { http, https, ami } = loadConfig(PACKAGED, {});
  const anyPort = (listen: readonly ListenAddress[]) =>
    listen.map(({ host }) => `${host.includes(':') ? `[${host}]` : host}:0`).join();
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, 'run', '--config', PACKAGED], {
    env: {
      PATH: process.env['PATH'],
      CDRD_STATE_DIR: `${folder}/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv`,
      CDRD_ASTERISK_PORT: '1', // nobody's
      // The addresses of the package, and whatever port is free.
      CDRD_HTTP_LISTEN: anyPort(http.listen),
      CDRD_HTTPS_LISTEN: anyPort(https.listen),
      CDRD_AMI_LISTEN: anyPort(ami.listen),
    },
  });
  atEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  await eventually(() => printed.includes('cdrd is ready'), 60);
  pid = child.pid ?? 0;
  url = `http://127.0.0.1:${/http:\/\/\S*:(\d+)/.exec(printed)?.[1]}`;
}, PATIENCE_MS);

test('it listens where it says, and nowhere else', () => {
  const { dev, ino } = statSync(`${folder}/state`);
  const any = existsSync('/proc/net/if_inet6') ? 'tcp6 [::]' : 'tcp 0.0.0.0';
  expect(listeningSockets(pid).map(({ what }) => what)).toEqual([
    'tcp 127.0.0.1', // the AMI, for the box itself
    any, // HTTP
    any, // HTTPS
    `unix ${folder}/run/ami.sock 660`,
    `unix ${folder}/run/control.sock 600`,
    `unix @cdrd-${dev}-${ino}`, // the lock of the state folder: whoever connects is hung up on
  ]);
  const { http, https, ami } = loadConfig(PACKAGED, {});
  expect([http.listen, https.listen, ami.listen]).toEqual([
    [{ host: '::', port: 80 }],
    [{ host: '::', port: 443 }],
    [{ host: '127.0.0.1', port: 5038 }],
  ]);
  const mode = (path: string) => (statSync(`${folder}/${path}`).mode & 0o777).toString(8);
  expect([mode('run'), mode('state'), mode('state/secret')]).toEqual(['750', '750', '700']);
});

describe('its first log-in', () => {
  let from = 0;

  /** By 8404, from an address that hasn't tried yet. */
  function logIn(user: string, password: string): Promise<number> {
    const digest = createHash('md5').update(password).digest('hex');
    return new Promise((resolve, reject) => {
      const localAddress = `127.60.0.${++from}`;
      const path = `/cgi/webserve/8404?UserName=${encodeURIComponent(user)}&Password=${digest}`;
      request(url, { path, localAddress, agent: false }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  }

  test('is by passwords made at random for this box, which stand in one file and in no log', async () => {
    const path = `${folder}/state/secret/initial-passwords`;
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^admin [\w-]{12}$/), expect.stringMatching(/^monitor [\w-]{12}$/)]);
    for (const line of lines) {
      const [user = '', password = ''] = line.split(' ');
      expect([user, await logIn(user, password)]).toEqual([user, 200]);
      expect(printed).not.toContain(password);
    }
  });

  test('is by nothing that other boxes are delivered with', { timeout: PATIENCE_MS }, async () => {
    for (const [user, password] of [
      ['admin', 'admin'], // the guide's own example
      ['admin', 'password'],
      ['admin', '1234'],
      ['monitor', 'monitor'],
      ['root', 'root'],
      ['cdrd', 'cdrd'],
      ['console', ''],
    ] as const)
      expect([user, password, await logIn(user, password)]).toEqual([user, password, 401]);
    expect(await logIn('admin', '')).toBeOneOf([400, 401]);
  });

  test('is nobody’s in the AMI', async () => {
    const port = listeningSockets(pid).find(({ what }) => what === 'tcp 127.0.0.1')?.port ?? 0;
    const told = [port, `${folder}/run/ami.sock`].map(async (where) => {
      const socket = typeof where === 'number' ? createConnection(where, '127.0.0.1') : createConnection(where);
      socket.end('Action: Login\r\nUsername: admin\r\nSecret: password\r\n\r\n');
      let said = '';
      for await (const chunk of socket) said += chunk;
      return said;
    });
    for (const said of await Promise.all(told))
      expect(said).toContain('Response: Error\r\nMessage: Authentication failed');
  });
});
