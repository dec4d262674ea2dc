import { exchange } from '../clients.ts';
import type { Row } from '../row.ts';

const GET = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}Connection: close\r\n\r\n`;

export const permit: Row = {
  name: 'permit',
  flaws: [],
  no: 'answer on any port for who comes from where nobody may, as IPv4 or as IPv6 writes it, whatever he claims',
  alone: true,
  async attempt(box, tally) {
    const token = box.tokens.admin;
    const within = '127.200.1.1';
    const ranges = { 'http.permit': '127.200.0.0/16', 'ami.permit': '127.200.0.0/16' };
    const shut = await box.number(30017, ranges, { token, from: '127.201.0.1' });
    tally.tried(shut.status === 409, `who would shut himself out is let do so: ${shut.status}`);
    const set = await box.number(30017, ranges, { token, from: within });
    tally.works(set.status === 200, `setting the ranges: ${set.status} ${set.body}`);
    tally.works((await box.ask('/cgi/webserve/30016', { token, from: within })).status === 200, 'coming from within');
    for (const from of ['127.201.0.1', '127.199.255.255', '127.77.1.1', '127.0.0.2'])
      for (const bytes of [
        GET('/cgi/webserve/30016', `Authorization: Bearer ${token}\r\n`),
        GET('/healthz'),
        GET('/metrics'),
        GET('/cgi/webserve/', `X-Forwarded-For: ${within}\r\nForwarded: for=${within}\r\nX-Real-IP: ${within}\r\n`),
        `GET /ami HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
        'garbage\r\n\r\n',
      ]) {
        const answer = await exchange(box.port, bytes, from);
        tally.tried(answer === '' || /^HTTP\/1\.1 403 /.test(answer), `from ${from}: ${answer.slice(0, 80)}`);
        tally.tried(!/json_array|"status":"ok"|cdrd_/.test(answer), `from ${from}: ${answer.slice(0, 300)}`);
      }
    for (const from of ['127.201.0.1', '127.0.0.2']) {
      const bytes = await exchange(box.ami, 'Action: Challenge\r\nAuthType: MD5\r\n\r\nAction: Logoff\r\n\r\n', from);
      tally.tried(!/Asterisk|Challenge|Goodbye/.test(bytes), `the AMI answers ${from}: ${bytes}`);
    }
    const client = await box.amiLogIn('watcher', within);
    client.end();
    const reset = await box.number(30017, { reset: 'http.permit,ami.permit' }, { token, from: within });
    tally.works(reset.status === 200, `taking the ranges back: ${reset.status}`);
  },
};
