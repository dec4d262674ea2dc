import { createServer, type Socket } from 'node:net';
import { exchange } from '../clients.ts';
import type { Row } from '../row.ts';
import { cleanUp, places, put } from './parameters.ts';

export const ssrf: Row = {
  name: 'ssrf',
  flaws: [
    {
      cve: 'CVE-2024-42365',
      was: 'Asterisk before 18.24.2, 20.9.2, 21.4.2: an AMI user with write=originate could have requests sent to others from the box, by any protocol (blind)',
      source: 'https://osv.dev/vulnerability/ALPINE-CVE-2024-42365',
    },
  ],
  no: 'request that makes the box connect to an address that was sent to it',
  async attempt(box, tally) {
    const callers: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      callers.push(`${socket.remoteAddress}:${socket.remotePort}`);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ninside');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const url = `http://127.0.0.1:${port}/x`;
    try {
      const token = box.tokens.admin;
      const quiet = async (what: string) =>
        tally.tried(callers.length === 0, `${what}: ${callers.splice(0)} connected`);
      for (const place of await places(box, token)) {
        if (place.number === 30017) continue; // each with a text of its own: the row setup; its one address: below
        await put(box, place, url, token);
        await quiet(`${place.number} ${place.parameter}`);
      }
      await cleanUp(box);
      // An alarm's webhook is an address that the box calls. Of itself it calls nothing, however it is spelled.
      for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '0.0.0.0']) {
        const webhook = `http://${host}:${port}/x`;
        const set = await box.number(30017, { 'alarm.webhook': webhook }, { token });
        tally.works(set.status === 200, `${webhook} is set: ${set.status} ${set.body}`);
        const { status, body } = await box.number(30055, { send: 'webhook' }, { token });
        tally.tried(status !== 200 || body.includes('"failed"'), `a test of ${webhook}: ${body.slice(0, 200)}`);
        await quiet(`webhook ${webhook}`);
      }
      await cleanUp(box);
      for (const line of [
        `GET ${url}`,
        `POST ${url}`,
        `CONNECT 127.0.0.1:${port}`,
        `GET //127.0.0.1:${port}/x`,
        `GET @127.0.0.1:${port}/`,
      ]) {
        const bytes = await exchange(
          box.port,
          `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
          box.address(),
        );
        await quiet(line);
        tally.tried(
          !bytes.includes('inside') && !/^HTTP\/1.1 2/.test(bytes),
          `${line} was answered ${bytes.slice(0, 80)}`,
        );
      }
      for (const headers of [
        { Host: `127.0.0.1:${port}` },
        { 'X-Forwarded-Host': `127.0.0.1:${port}` },
        { Referer: url },
        { Origin: url },
        { 'X-Wap-Profile': url },
      ]) {
        const answer = await box.ask('/cgi/webserve/30016', { headers, token });
        await quiet(JSON.stringify(headers));
        tally.tried(
          answer.headers['location'] === undefined,
          `${JSON.stringify(headers)} is sent to ${answer.headers['location']}`,
        );
      }
    } finally {
      for (const socket of sockets) socket.destroy(); // whoever was led here keeps it open
      await new Promise((resolve) => server.close(resolve));
    }
  },
};
