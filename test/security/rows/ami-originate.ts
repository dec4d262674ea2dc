import type { Row } from '../row.ts';

const FILE = 'FILE(/etc/asterisk/extensions_custom.conf,,,al)';
/** What begins a call and starts an application, or has a function evaluated that reads, writes, runs or fetches. */
const PACKETS: readonly (readonly string[])[] = [
  ['Channel: Local/204@x', 'Application: Set', `Data: ${FILE}=x`],
  ['Channel: Local/204@x', 'Application: System', 'Data: id'],
  ['Channel: Local/204@x', 'application: System', 'data: id'],
  ['Channel: Local/204@x', 'Application : System', 'Data : id'],
  ['Channel: Local/204@x', ' Application: System', ' Data: id'],
  ['Channel: Local/204@x', 'Application:System', 'Exten: 204', 'Context: x', 'Priority: 1'],
  ['Channel: Local/204@x', 'Data: id', 'Exten: 204', 'Context: x', 'Priority: 1'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', `Variable: ${FILE}=x`],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', `Variable: A=1,${FILE}=x`],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable: A=1', `Variable: ${FILE}=x`],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'variable: SHELL(id)=x'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable : SHELL(id)=x'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable: A=\u0024{CURL(http://127.0.0.1/)}'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable: CALLERID(name-\u0024{SHELL(id)})=x'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable: file (/etc/x)=y'],
  ['Channel: SIP/204', 'Exten: 1', 'Context: x', 'Priority: 1', 'Variable: A=\u0024{EVAL(\u0024{X})}'],
];
const GETVARS = [
  FILE,
  'SHELL(id)',
  'CURL(http://127.0.0.1/)',
  'CALLERID(\u0024{SHELL(id)})',
  'shell(id)',
  'EVAL(x)',
  'AST_CONFIG(manager.conf,cdrd,secret)',
  'DB(cdrd/x)',
  'ENV(PATH)',
  'STAT(e,/etc/shadow)',
];

export const amiOriginate: Row = {
  name: 'ami-originate',
  flaws: [
    {
      cve: 'CVE-2024-42365',
      was: 'Asterisk before 18.24.2, 20.9.2, 21.4.2: an AMI user with write=originate could fetch files by curl and write them to disk, and append to any file of /etc/asterisk by FILE() in Set',
      source: 'https://osv.dev/vulnerability/ALPINE-CVE-2024-42365',
    },
    {
      cve: 'CVE-2012-4869',
      was: 'FreePBX/Elastix: a call back brought in an application that ran commands',
      source: 'https://www.exploit-db.com/exploits/18649',
    },
  ],
  no: 'application or function of Asterisk’s started by who may only have phones ring',
  async attempt(box, tally) {
    const from = box.pbx.requests.length;
    const client = await box.amiLogIn('originator');
    for (const headers of PACKETS) {
      client.send(`Action: Originate\r\n${headers.join('\r\n')}\r\nAsync: true\r\n\r\n`);
      client.send(`ACTION: originate\r\n${headers.toReversed().join('\r\n')}\r\nAsync: true\r\n\r\n`);
    }
    for (const variable of GETVARS) client.send(`Action: Getvar\r\nVariable: ${variable}\r\n\r\n`);
    const clerk = await box.amiLogIn('clerk');
    for (const variable of GETVARS) {
      clerk.send(`Action: Getvar\r\nChannel: SIP/204-1\r\nVariable: ${variable}\r\n\r\n`);
      clerk.send(`Action: Status\r\nVariables: CHANNEL,${variable}\r\n\r\n`);
      clerk.send(`Action: MessageSend\r\nTo: x\r\nBody: y\r\nVariable: A=\u0024{${variable}}\r\n\r\n`);
    }
    const socket = await box.socket('/ami', { protocol: 'json', from: box.address(2) });
    socket.send(
      JSON.stringify({ Action: 'Login', Username: 'originator', Secret: 'ami-Geheimnis-4417', ActionID: 'in' }),
    );
    await socket.find((message) => message.includes('"in"'));
    for (const headers of PACKETS) {
      const fields = headers.map((line) => line.split(/: ?(.*)/s).slice(0, 2));
      socket.send(JSON.stringify({ Action: 'Originate', Async: 'true', ...Object.fromEntries(fields) }));
      socket.send(
        JSON.stringify({ Action: 'Originate', Async: 'true', Variable: ['A=1', ...headers], Channel: 'SIP/204' }),
      );
    }
    const ring = {
      Channel: 'SIP/204',
      Exten: '206',
      Context: 'x',
      Priority: '1',
      Variable: 'CALLERID(name)=Anna',
      Async: 'true',
    };
    await client.ask('Originate', ring);
    await clerk.ask('Ping');
    socket.send(JSON.stringify({ Action: 'Ping', ActionID: 'last' }));
    await socket.find((message) => message.includes('"last"'));
    const arrived = box.pbx.requests.slice(from);
    tally.works(
      arrived.some((packet) => packet.get('Variable') === ring.Variable),
      'having a phone ring',
    );
    for (let count = 0; count < PACKETS.length * 4 + GETVARS.length * 4 - arrived.length; count++)
      tally.tried(true, '');
    for (const packet of arrived) {
      const text = packet.raw.toString();
      const starts = /^\s*(application|data)\s*:/im.test(text);
      const evaluates = /(FILE|SHELL|CURL|EVAL|AST_CONFIG|DB|ENV|STAT)\s*\(/i.test(text);
      tally.tried(!starts && !evaluates, `Asterisk was told ${text}`);
    }
    client.end();
    clerk.end();
    socket.close();
  },
};
