import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { form } from '../clients.ts';
import type { Row } from '../row.ts';

/** What would end a value in some file and begin a line, a section or a program. */
const BREAKOUTS = [
  'x"\n[http]\nlisten = "0.0.0.0:1"',
  "x';system('id');//",
  '<?php system($_GET[0]); ?>',
  'x\r\nAction: Command',
  '../../../etc/cron.d/x',
  'custom/a&custom/b',
  'a,b|c',
  '\u0024{SHELL(id)}',
  'x\u0000y',
  '/etc/passwd\n#',
];
/** Text settings that end in Asterisk's database, in file names, in patterns, in a mail or as an address. */
const TEXTS = [
  'recording.prompt.inbound',
  'recording.prompt.outbound',
  'recording.place',
  'numbering.extension',
  'time.zone',
  'backup.time',
  'trunks.fxo',
  'alarm.mail',
  'alarm.sender',
  'alarm.webhook',
];
const TRUNKS = 'trunks.names';

export const setup: Row = {
  name: 'setup',
  flaws: [
    {
      cve: 'CVE-2021-30461',
      was: 'VoIPmonitor GUI before 24.61: the set-up page, open to all, wrote the SPOOLDIR that it was sent into config/configuration.php, program text and all',
      source: 'https://ssd-disclosure.com/ssd-advisory--voipmonitor-unauth-rce',
    },
    {
      cve: 'CVE-2022-24262',
      was: 'VoIPmonitor GUI before 24.96: restoring a configuration did not check what the archive held, so that a file of the sender’s landed in the web root',
      source: 'https://nvd.nist.gov/vuln/detail/CVE-2022-24262 (from memory: the page could not be read here)',
    },
  ],
  no: 'setting, set-up or restore for who is not logged in, and no setting that becomes more than a value',
  alone: true,
  async attempt(box, tally) {
    const { admin, monitor } = box.tokens;
    // Whether Asterisk has been told of it yet is no part of a setting: after each start it is told anew.
    const bare = (text: string) => text.replaceAll(/,"pending":(true|false)/g, '');
    const listed = async () => bare((await box.number(30016, {}, { token: admin })).body);
    const before = await listed();
    tally.works(before.includes('recording.prompt.inbound'), 'the list of settings');
    // Nobody is asked who he is only at first: a box in use has no set-up that is open.
    for (const number of [30008, 30011, 30017, 30022, 30027, 30028]) {
      const values = {
        'recording.enable': 'no',
        UserName: 'evil',
        role: 'admin',
        Password: '0'.repeat(32),
        name: 'evil',
        secret: 'evil',
      };
      for (const [name, value] of Object.entries(values)) {
        const { status } = await box.number(number, { [name]: value });
        tally.tried(status === 401, `${number} ${name} without log-in: ${status}`);
      }
    }
    for (const path of [
      '/setup',
      '/install.php',
      '/index.php?recheck=1',
      '/config',
      '/restore',
      '/upload',
      '/backup',
      '/cgi/webserve/30028',
      '/recordings/x.wav',
      '/recordings/',
    ])
      for (const method of ['POST', 'PUT', 'PATCH']) {
        const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
        const body =
          '--x\r\nContent-Disposition: form-data; name="SPOOLDIR"; filename="../../x.php"\r\n\r\n<?php ?>\r\n--x--\r\n';
        for (const token of [undefined, admin]) {
          const { status } = await box.ask(path, { method, headers, body, ...(token && { token }) });
          tally.tried([400, 401, 404, 405].includes(status), `${method} ${path}: ${status}`);
        }
      }
    for (const name of TEXTS)
      for (const text of BREAKOUTS)
        for (const token of [admin, monitor]) {
          const { status, body } = await box.number(30017, { [name]: text }, { token });
          tally.tried(
            [400, 403, 409].includes(status),
            `30017 ${name}=${JSON.stringify(text)}: ${status} ${body.slice(0, 80)}`,
          );
        }
    tally.tried((await listed()) === before, 'settings are others now');
    // A trunk may be called nearly anything: it stays one name in one setting, and nothing else changes, over a restart too.
    const from = box.pbx.requests.length;
    const name = "x';system('id');// \u0024{SHELL(id)} <?php ?> \"[http]";
    const set = await box.number(
      30017,
      { [TRUNKS]: name, 'recording.prompt.inbound': 'custom/told' },
      { token: admin },
    );
    tally.works(set.status === 200, `a trunk with an odd name: ${set.status} ${set.body}`);
    for (const packet of box.pbx.requests.slice(from))
      if (packet.get('Action') === 'DBPut')
        tally.tried(packet.headers.length <= 5 && packet.get('Family') === 'cdrd', `Asterisk was told ${packet.raw}`);
    const after = await listed();
    await box.restart();
    const login = await box.logIn('admin', 'Kontor-admin-7391', { from: box.address(3) });
    const again = await box.ask('/cgi/webserve/30016', {
      method: 'POST',
      body: form({}),
      token: String(login.field('token')),
    });
    tally.tried(bare(again.body) === after, 'settings are others after a restart');
    const secrets = await readFile(join(box.state, 'secret', 'ami-users.json'), 'utf8');
    tally.tried(!secrets.includes('evil'), 'an AMI user was made');
  },
};
