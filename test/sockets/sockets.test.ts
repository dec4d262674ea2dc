/** Ports under 1024 that are bound while the process is root. */
import { spawn } from 'node:child_process';
import { chownSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { createLog } from '../../daemon/log.ts';
import { takeSockets } from '../../daemon/sockets/sockets.ts';
import { eventually } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { NODE_FLAGS } from '../support/production.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
const PATIENCE_S = 50;
const NOBODY = 65_534;

/** TEST-NET-1 (RFC 5737): no machine has it. */
const NOWHERE = '192.0.2.7';
const SWITCH = '/proc/sys/net/ipv4/ip_nonlocal_bind';

test.skipIf(process.getuid?.() !== 0)('an address that is not there yet is bound ahead, by root alone', async () => {
  const before = readFileSync(SWITCH, 'utf8');
  const config = loadConfig(null, { CDRD_HTTP_LISTEN: `${NOWHERE}:81`, CDRD_HTTPS_LISTEN: '', CDRD_AMI_LISTEN: '' });
  const log = createLog({ level: 'info', write: () => {}, terminal: false });
  const listen = async (root: boolean) => {
    const sockets = await takeSockets({ config, env: {}, log, root });
    onTestFinished(() => sockets.close());
    const server = createServer();
    onTestFinished(() => void server.close());
    await sockets.listen(server, { host: NOWHERE, port: 81 });
    return server.address() as AddressInfo;
  };
  expect(await listen(true)).toMatchObject({ address: NOWHERE, port: 81 });
  expect(readFileSync(SWITCH, 'utf8')).toBe(before);
  await expect(listen(false)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});

test.skipIf(process.getuid?.() !== 0)(
  'where the kernel may not be told to, it is waited for',
  { timeout: 60_000 },
  async () => {
    const folder = temporaryFolder();
    chownSync(folder, NOBODY, NOBODY);
    const inContainer = 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$0" "$@"';
    const child = spawn('unshare', ['-m', 'sh', '-c', inContainer, process.execPath, ...NODE_FLAGS, PROGRAM, 'run'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        CDRD_STATE_DIR: `${folder}/state`,
        CDRD_RUN_DIR: `${folder}/run`,
        CDRD_RUN_USER: 'nobody',
        CDRD_HTTP_LISTEN: `${NOWHERE}:81`,
        CDRD_HTTPS_LISTEN: '',
        CDRD_AMI_LISTEN: '',
        CDRD_ASTERISK_HOST: '',
      },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    await eventually(() => /cdrd is ready|did not start/.test(log), PATIENCE_S);
    expect(log).toMatch(/this address is not there yet: it is waited for.*192\.0\.2\.7:81/);
    expect(log).toContain('cdrd is ready');
  },
);
