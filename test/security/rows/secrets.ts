import { createHash } from 'node:crypto';
import { AMI_SECRET, ASTERISK_SECRET, PASSWORDS } from '../box.ts';
import { md5 } from '../clients.ts';
import type { Row } from '../row.ts';

export const secrets: Row = {
  name: 'secrets',
  flaws: [
    {
      cve: 'CVE-2020-5723',
      was: 'Grandstream UCM6200 up to 1.0.20.22: passwords lay unencrypted in an SQLite database, where an injected query read them',
      source: 'https://www.tenable.com/security/research/tra-2020-17',
    },
    {
      cve: 'CVE-2023-49294',
      was: 'Asterisk before 18.20.1, 20.5.1, 21.0.1: any file could be read, whatever secrets stood in it, by GetConfig (which action: its change log)',
      source: 'https://osv.dev/vulnerability/ALPINE-CVE-2023-49294',
    },
  ],
  no: 'secret, hash, token or key in what any number, path, event or log line says',
  async attempt(box, tally) {
    const { admin, monitor } = box.tokens;
    const made = await box.number(30011, { name: 'reader', role: 'admin' }, { token: admin });
    const key = String(made.field('key'));
    tally.works(key.startsWith('cdrd-'), 'making a key');
    const hidden = [
      AMI_SECRET,
      ASTERISK_SECRET,
      admin,
      monitor,
      key.slice(-43),
      createHash('sha256').update(key).digest('hex'),
      ...Object.values(PASSWORDS),
      ...Object.values(PASSWORDS).map(md5),
    ];
    const shows = (text: string) =>
      hidden.some((secret) => text.includes(secret)) || /scrypt\$|BEGIN [A-Z ]*PRIVATE/.test(text);
    const listed = (await box.ask('/cgi/webserve/', { token: admin })).field('json_array_numbers') as readonly {
      number: number;
      parameters: readonly { required: boolean }[];
    }[];
    const plain = listed.filter(
      ({ number, parameters }) =>
        ![9004, 30005, 30028, 30032].includes(number) && parameters.every(({ required }) => !required),
    );
    tally.works(plain.length > 12, 'numbers that can be called without parameters');
    for (const token of [admin, monitor, key]) {
      for (const { number } of plain) {
        const values = number === 30017 ? { 'recording.enable': 'yes' } : number === 30018 ? { limit: '1000' } : {};
        const { body } = await box.number(number, values, { token });
        tally.tried(!shows(body), `${number} shows a secret: ${body.slice(0, 200)}`);
      }
      for (const path of ['/healthz', '/metrics', '/cgi/webserve/', '/recordings/', '/nothing']) {
        const { bytes } = await box.ask(path, { token });
        tally.tried(!shows(bytes), `${path} shows a secret`);
      }
    }
    // Refused requests, which repeat what was wrong, and the ones whose secret is at fault.
    for (const [number, values] of [
      [30022, { name: 'x y', secret: AMI_SECRET }],
      [30022, { name: 'watcher', secret: `${AMI_SECRET}\n` }],
      [30008, { UserName: 'x y', Password: md5(PASSWORDS.admin), role: 'admin' }],
      [30006, { OldPassword: md5(PASSWORDS.admin), NewPassword: `${md5(PASSWORDS.admin)}x` }],
    ] as const) {
      const { status, body } = await box.number(number, values, { token: admin });
      tally.tried(status === 400 && !shows(body), `${number} ${JSON.stringify(values)}: ${status} ${body}`);
    }
    const live = await box.socket('/live', { headers: { Authorization: `Bearer ${admin}` } });
    await live.find(() => true);
    live.close();
    for (const message of live.messages) tally.tried(!shows(message), '/live shows a secret');
    const listener = await box.amiLogIn('watcher');
    await listener.ask('ListCommands');
    listener.send('Action: CdrdReplay\r\nSince: 0\r\n\r\n');
    await listener.find((packet) => packet.first[1] === 'CdrdReplayComplete');
    listener.end();
    tally.tried(!shows(listener.text), 'the AMI shows a secret');
    tally.tried(!shows(await box.log()), 'the log shows a secret');
    const keys = (await box.number(30010, {}, { token: admin })).field('json_array_keys') as readonly {
      id: string;
      name: string;
    }[];
    for (const { id, name } of keys) if (name === 'reader') await box.number(30012, { id }, { token: admin });
    tally.tried((await box.number(30016, {}, { token: key })).status === 401, 'a key works after it was revoked');
  },
};
