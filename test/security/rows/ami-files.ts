import type { Row } from '../row.ts';

/** Actions that read, list or write files, run programs or rewrite the box, whatever classes Asterisk gives them to. */
const ACTIONS = [
  'GetConfig',
  'GetConfigJSON',
  'ListCategories',
  'UpdateConfig',
  'CreateConfig',
  'Command',
  'AGI',
  'ModuleLoad',
  'Reload',
  'Setvar',
  'DBPut',
  'DBDel',
  'DBDelTree',
  'MixMonitor',
  'Monitor',
  'DialplanExtensionAdd',
  'PJSIPShowAuths',
  'PJSIPShowEndpoint',
  'JabberSend',
];
const FILES = [
  '../../../../etc/passwd',
  '/etc/shadow',
  'manager.conf',
  '..%2f..%2fetc%2fpasswd',
  'sip.conf\u0000',
  '/proc/self/environ',
];

/** How a name can be written so that one side takes it for another than the other does. */
const spellings = (action: string): readonly string[] => [
  `Action: ${action}`,
  `action: ${action}`,
  `ACTION:${action}`,
  `Action:    ${action}`,
  `Action: ${action.toUpperCase()}`,
  `Action: ${action} `,
  `Action: ${action}\t`,
  `Action: Ping\r\nAction: ${action}`,
  `Action: ${action}\r\nAction: Ping`,
  `Action: ${action}\u0000`,
  `Action: \u0000${action}`,
  `Action : ${action}`,
  ` Action: ${action}`,
  `Action: QueueStatus\r\nX: y\rAction: ${action}`,
];

export const amiFiles: Row = {
  name: 'ami-files',
  flaws: [
    {
      cve: 'CVE-2023-49294',
      was: 'Asterisk before 18.20.1, 20.5.1, 21.0.1: AMI GetConfig read any file by a path that leads out of its folder, live_dangerously or not (which action: its change log)',
      source: 'https://osv.dev/vulnerability/ALPINE-CVE-2023-49294',
    },
  ],
  no: 'AMI action on files, programs or the box’s own configuration that a class grants',
  async attempt(box, tally) {
    const from = box.pbx.requests.length;
    const client = await box.amiLogIn('clerk');
    for (const [index, action] of ACTIONS.entries())
      for (const spelled of spellings(action)) {
        client.send(`${spelled}\r\nFilename: ${FILES[index % FILES.length]}\r\nCommand: core show version\r\n\r\n`);
      }
    await client.ask('Ping');
    const socket = await box.socket('/ami', { protocol: 'json', from: box.address(2) });
    socket.send(JSON.stringify({ Action: 'Login', Username: 'clerk', Secret: 'ami-Geheimnis-4417', ActionID: 'in' }));
    await socket.find((message) => message.includes('"in"'));
    for (const action of ACTIONS)
      for (const packet of [
        { Action: action },
        { action },
        { Action: [action] },
        { Action: ['Ping', action] },
        { X: '1', Action: action },
        { 'Action ': action },
        { [`Action: ${action}\r\nX`]: '1' },
      ])
        socket.send(JSON.stringify({ ...packet, Filename: '../../../../etc/passwd' }));
    socket.send(JSON.stringify({ Action: 'QueueStatus', ActionID: 'last' }));
    await socket.find((message) => message.includes('"last"'));
    await client.ask('QueueStatus');
    // Whatever of it arrived, Asterisk would take by the first header of that name, in any case, blanks around it gone.
    const arrived = box.pbx.requests.slice(from);
    tally.works(
      arrived.some((packet) => packet.get('Action') === 'QueueStatus'),
      'an action that everybody may send',
    );
    const forbidden = new Set(ACTIONS.map((action) => action.toLowerCase()));
    for (let count = 0; count < ACTIONS.length * 21 - arrived.length; count++) tally.tried(true, '');
    for (const packet of arrived) {
      const lines = packet.raw.toString('latin1').split(/\r\n|\r|\n/);
      const actions = lines.filter((line) => /^\s*action\s*:/i.test(line)).map((line) => line.replace(/^[^:]*:/, ''));
      const named = actions.map((each) => each.replace(/[^\x21-\x7e]/g, '').toLowerCase());
      // A DBPut of cdrd's own, for what is to be recorded.
      const own = packet.get('Family') === 'cdrd' && named.length === 1;
      tally.tried(own || !named.some((each) => forbidden.has(each)), `Asterisk was told ${packet.raw}`);
    }
    client.end();
    socket.close();
  },
};
