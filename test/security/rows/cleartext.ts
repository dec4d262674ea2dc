import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AMI_SECRET, ASTERISK_SECRET, PASSWORDS } from '../box.ts';
import { md5 } from '../clients.ts';
import type { Row } from '../row.ts';

export const cleartext: Row = {
  name: 'cleartext',
  flaws: [
    {
      cve: 'CVE-2020-5723',
      was: 'Grandstream UCM6200 up to 1.0.20.22: passwords lay unencrypted in an SQLite database',
      source: 'https://www.tenable.com/security/research/tra-2020-17',
    },
  ],
  no: 'password, digest, token or key in what lies on the disk',
  alone: true,
  async attempt(box, tally) {
    const { admin } = box.tokens;
    const made = await box.number(30011, { name: 'crm', role: 'monitor' }, { token: admin });
    const key = String(made.field('key'));
    const password = 'Neues-Kennwort-2288';
    const set = await box.number(
      30008,
      { UserName: 'clerk', role: 'monitor', Password: md5(password) },
      { token: admin },
    );
    tally.works(made.status === 200 && set.status === 200, 'making a key and an account');
    const logIn = await box.logIn('clerk', password, { from: box.address(2) });
    tally.works(logIn.status === 200, 'its log-in');
    tally.works((await box.number(30028, {}, { token: admin })).status === 200, 'a backup');
    await box.stop();
    const secrets = [password, ...Object.values(PASSWORDS)]
      .flatMap((word) => [word, md5(word), md5(word).toUpperCase(), Buffer.from(md5(word), 'hex').toString('base64')])
      .concat(admin, box.tokens.monitor, String(logIn.field('token')), key, key.slice(-43));
    for (const file of await filesBelow(box.folder)) {
      const bytes = await readFile(join(box.folder, file), 'latin1');
      for (const secret of secrets) tally.tried(!bytes.includes(secret), `${file} holds ${secret.slice(0, 8)}…`);
      // What must be recoverable lies in one folder that nobody else can read.
      const kept = [AMI_SECRET, ASTERISK_SECRET].some((secret) => bytes.includes(secret));
      tally.tried(!kept || file.startsWith('state/secret/'), `${file} holds a secret of the AMI`);
      const { mode } = await stat(join(box.folder, file));
      if (file.startsWith('state/secret/')) tally.tried((mode & 0o077) === 0, `${file} has mode ${mode.toString(8)}`);
    }
    const folder = await stat(join(box.state, 'secret'));
    tally.tried((folder.mode & 0o077) === 0, `secret/ has mode ${folder.mode.toString(8)}`);
  },
};

async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
