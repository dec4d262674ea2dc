import { PASSWORDS } from '../box.ts';
import { md5, together } from '../clients.ts';
import type { Row } from '../row.ts';

const DIGEST = md5(PASSWORDS.admin);
const WRONG = md5('wrong');

/** Bodies of a log-in that no client of ours would send; none has the password. */
const BODIES: readonly string[] = [
  'UserName=admin',
  'UserName=admin&Password=',
  'UserName=admin&Password',
  'UserName=admin&Password[]=',
  'UserName=admin&Password[]=x',
  'UserName=admin&Password[0]=x',
  'UserName=admin&Password[$ne]=x',
  'UserName=admin&Password[$regex]=.*',
  `UserName=admin&Password[password]=${WRONG}`,
  'UserName[]=admin&Password[]=',
  `UserName[]=admin&Password=${WRONG}`,
  `UserName=admin&UserName=monitor&Password=${WRONG}`,
  `UserName=admin&Password=${WRONG}&Password=`,
  'UserName=admin&Password=0',
  'UserName=admin&Password=null',
  'UserName=admin&Password=true',
  'UserName=admin&Password=undefined',
  'UserName=admin&Password=[object Object]',
  'UserName=admin&Password=0e462097431906509019562988736854', // "equal" to 0 where texts are compared as figures
  'UserName=admin&Password=00000000000000000000000000000000',
  'UserName=admin&Password=%00',
  `UserName=admin%00&Password=${WRONG}`,
  `UserName=admin&Password=${WRONG}%00`,
  'UserName=&Password=',
  `UserName=__proto__&Password=${WRONG}`,
  `UserName=constructor&Password=${WRONG}`,
  'UserName=admin&OldPassword=&NewPassword=&Password=*',
  `UserName=admin&Password=${'%31'.repeat(32)}`,
  `UserName=admin&Password=${'１'.repeat(32)}`,
  `UserName=admin&Password=${md5('')}`,
  '{"UserName":"admin","Password":true}',
  '{"UserName":{"$gt":""},"Password":{"$gt":""}}',
  '<xml><UserName>admin</UserName></xml>',
];
const TYPES = [
  'application/x-www-form-urlencoded',
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
];

/** What stands for a secret in JSON. */
const SECRETS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  '',
  [],
  [''],
  [null],
  {},
  { length: 0 },
  ['x', 'y'],
  '0e1',
];

/** Log-ins to the AMI, without what they need. */
const LOG_INS = [
  'Username: watcher',
  'Username: watcher\r\nSecret:',
  'Username: watcher\r\nSecret: \r\nSecret: \r\nAuthType: MD5',
  'Username: watcher\r\nAuthType: MD5',
  'Username: watcher\r\nAuthType: MD5\r\nKey:',
  'Username: watcher\r\nAuthType: plain\r\nKey: x',
  `Username: watcher\r\nAuthType: MD5\r\nKey: ${md5('')}`,
  'Username:\r\nSecret:',
  'Username: __proto__\r\nSecret:',
  'Username: watcher\0x\r\nSecret: \0',
];

export const oddTypes: Row = {
  name: 'odd-types',
  flaws: [
    {
      cve: 'CVE-2019-19006',
      was: 'FreePBX 13 to 15: log-in as administrator without the password; attackers sent it as an array element (password[0]), which left the session set',
      source:
        'https://research.checkpoint.com/2020/inj3ctor3-operation-leveraging-asterisk-servers-for-monetization/ (from memory; CISA lists it as exploited: improper authentication)',
    },
  ],
  no: 'log-in by a password that is missing, empty, a list, or of another kind',
  async attempt(box, tally) {
    const right = await box.ask('/cgi/webserve/8404', {
      method: 'POST',
      body: `UserName=admin&Password=${DIGEST}`,
      from: box.address(250),
    });
    tally.works(right.status === 200 && 'set-cookie' in right.headers, 'the right log-in');
    for (const [index, body] of BODIES.entries()) {
      const from = box.address((index % 240) + 1);
      const asks = TYPES.map((type) => ({
        target: '/cgi/webserve/8404',
        ask: { method: 'POST', headers: { 'Content-Type': type }, body, from },
      }));
      // The same in the query, where it can stand in one.
      if (/^[\x21-\x7e]+$/.test(body) && !body.startsWith('<'))
        asks.push({
          target: `/cgi/webserve/8404?&${body}`,
          ask: { method: 'GET', headers: {} as never, body: '', from },
        });
      for (const { target, ask } of asks) {
        const answer = await box.ask(target, ask);
        const refused = [400, 401, 413, 429].includes(answer.status);
        tally.tried(
          refused && !('set-cookie' in answer.headers) && answer.field('token') === undefined,
          `${target} ${body} as ${ask.headers['Content-Type']}: ${answer.status} ${answer.body.slice(0, 80)}`,
        );
      }
    }
    const inJson = SECRETS.flatMap((secret) =>
      ['Secret', 'Key', 'secret'].flatMap((field) =>
        [false, true].map((challenged) => ({ secret, field, challenged })),
      ),
    );
    await together(inJson, async ({ secret, field, challenged }, index) => {
      const socket = await box.socket('/ami', { protocol: 'json', from: box.address((index % 20) + 1) });
      if (challenged) socket.send(JSON.stringify({ Action: 'Challenge', AuthType: 'MD5' }));
      const authType = field === 'Key' ? { AuthType: 'MD5' } : {};
      const packet = { Action: 'Login', Username: 'watcher', ActionID: 'mine', ...authType, [field]: secret };
      socket.send(JSON.stringify(packet));
      const answer = (await socket.find((message) => message.includes('"mine"'))) ?? '';
      tally.tried(!answer.includes('"Success"'), `/ami: ${field} ${JSON.stringify(secret)}: ${answer}`);
      socket.close();
    });
    await together(LOG_INS, async (lines) => {
      const client = await box.amiClient(box.address(30));
      client.send(`Action: Login\r\nActionID: mine\r\n${lines}\r\n\r\n`);
      const answer = await client.find((packet) => packet.get('ActionID') === 'mine');
      tally.tried(answer.get('Response') !== 'Success', `AMI: ${JSON.stringify(lines)}: ${answer.get('Message')}`);
      client.end();
    });
  },
};
