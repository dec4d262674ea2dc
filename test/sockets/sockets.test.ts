/** Ports under 1024 that are bound while the process is root. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { createLog } from '../../daemon/log.ts';
import { takeSockets } from '../../daemon/sockets/sockets.ts';

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
