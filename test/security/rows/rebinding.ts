import { exchange } from '../clients.ts';
import type { Row } from '../row.ts';

const NAMES = [
  'evil.example',
  'evil.example:80',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io',
  'localhost.evil.example',
  'evil-localhost',
  '127.0.0.1@evil.example',
  'evil.example#127.0.0.1',
  'evil.example\\.local',
  '0x7f000001',
  '2130706433',
  '127.1',
  '[::1].evil.example',
  'localhost\u0000.evil.example',
  'local',
  '.local',
  'evil.local',
];

export const rebinding: Row = {
  name: 'rebinding',
  flaws: [],
  no: 'answer to who asks for the box by a name of his own (DNS rebinding)',
  async attempt(box, tally) {
    const cookie = `Cookie: cdrd_session=${box.tokens.admin}\r\n`;
    const paths = ['/cgi/webserve/', '/cgi/webserve/30007', '/recordings/x.wav', '/metrics', '/live', '/nothing'];
    const say = (bytes: string) => exchange(box.port, bytes, box.address(3));
    const refused = (bytes: string) => /^HTTP\/1\.1 (400|403|421) /.test(bytes) && !bytes.includes('json_array');
    for (const name of NAMES)
      for (const path of paths) {
        const host = await say(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\n${cookie}Connection: close\r\n\r\n`);
        tally.tried(refused(host), `${path} by Host ${name}: ${host.slice(0, 60)}`);
        if (path === '/live' || !/^[a-z0-9.:-]+$/.test(name)) continue;
        const target = await say(
          `GET http://${name}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${cookie}Connection: close\r\n\r\n`,
        );
        tally.tried(refused(target), `http://${name}${path}: ${target.slice(0, 60)}`);
        const both = await say(
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: ${name}\r\n${cookie}Connection: close\r\n\r\n`,
        );
        tally.tried(refused(both), `${path} by two hosts, ${name} the second: ${both.slice(0, 60)}`);
      }
    for (const name of NAMES.slice(0, 4))
      for (const path of ['/live', '/ami']) {
        const headers = { Host: name, Origin: `http://${name}`, Cookie: `cdrd_session=${box.tokens.admin}` };
        const status = await box.socketStatus(path, { headers });
        tally.tried([400, 403, 421].includes(status), `WebSocket ${path} by ${name}: ${status}`);
      }
    // Mended and upgraded requests go the same way.
    const mended = await say('GET /cgi/webserve/30016?a=1 2 HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    tally.tried(refused(mended), `a mended request by another name: ${mended.slice(0, 60)}`);
    const upgraded = await say(
      'GET /cgi/webserve/ HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n',
    );
    tally.tried(refused(upgraded), `a request for HTTP/2 by another name: ${upgraded.slice(0, 60)}`);
    for (const name of ['127.0.0.1', `127.0.0.1:${box.port}`, 'localhost', 'LOCALHOST:80', '[::1]', '192.168.1.5']) {
      const own = await say(`GET /cgi/webserve/ HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
      tally.works(own.includes('json_array_numbers'), `asking for ${name}: ${own.slice(0, 60)}`);
    }
  },
};
