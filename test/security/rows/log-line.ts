import { md5, together } from '../clients.ts';
import type { Row } from '../row.ts';

const FORGED = [
  'x\n<6>forged: line',
  'x\r\n<6>forged: line',
  'x\r<3>forged: line',
  'x\u2028<6>forged: line',
  'x\u0085<6>forged: line',
  'x\u001b[2K\u001b[1Aforged',
  'x" forged="1',
  'x\\" forged="1',
  'x\u202eforged',
  '%0a<6>forged: line',
  '\\n<6>forged: line',
  'x\u0000forged',
  'x\u009b2Kforged',
];

export const logLine: Row = {
  name: 'log-line',
  flaws: [],
  no: 'line or field of the log that a stranger writes',
  alone: true,
  async attempt(box, tally) {
    const lines = (await box.log()).split('\n').length;
    await together(FORGED, async (text, index) => {
      const from = box.address(index + 1);
      await box.number(8404, { UserName: text, Password: md5('x') }, { from });
      await box.ask(`/${encodeURIComponent(text)}`, { from });
      await box.ask('/cgi/webserve/9006', {
        from,
        headers: { 'User-Agent': text.replace(/[^\x20-\x7e]/g, ''), Cookie: 'x' },
      });
      const client = await box.amiLogIn('caller', from);
      client.send(`Action: ${text.replaceAll(/[\r\n]/g, ' ')}\r\n\r\n`);
      await client.ask('Ping');
      client.end();
      const socket = await box.socket('/ami', { protocol: 'json', from });
      socket.send(JSON.stringify({ Action: 'Login', Username: text, Secret: 'x', ActionID: 'mine' }));
      await socket.find((message) => message.includes('"mine"'));
      socket.close();
    });
    // Of all that is sent little is logged as it came; what Asterisk says of itself is.
    box.asterisk.version = FORGED.map((text) => text.replaceAll(/[\r\n\0]/g, ' ')).join(' ');
    await box.restart();
    const log = await box.log();
    tally.works(log.includes('an AMI log-in was refused'), 'the log tells of log-ins refused');
    const fresh = log.split('\n').slice(lines - 1);
    tally.works(
      fresh.some((line) => line.includes('Asterisk is connected peer=')),
      'the log tells of Asterisk, as it is now',
    );
    for (const line of fresh) {
      const text = JSON.stringify(line);
      tally.tried(line === '' || /^<[3-7]>/.test(line), `the log has the line ${text}`);
      tally.tried(
        !/^<\d>forged/.test(line) && !/ forged=/.test(line.replace(/"(?:[^"\\]|\\.)*"/g, '""')),
        `the log has the line ${text}`,
      );
      tally.tried(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line), `the log has the line ${text}`);
    }
  },
};
