/**
 * A port for a program that must be told one. Until it listens the port is nobody's: so it is none of those that the kernel
 * gives to connections, of which a machine full of tests opens hundreds a second, nor to listeners on port 0.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below Linux's own (from 32768 on, net.ipv4.ip_local_port_range), above the known services. */
const [FIRST, END] = [20_000, 32_768];
const TRIES = 100;

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, END);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`none of ${TRIES} ports is free`);
}
