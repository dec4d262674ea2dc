import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { together } from '../clients.ts';
import type { Row } from '../row.ts';

const USERS = ['admin', 'monitor', 'root', 'cdrd'];
const PASSWORDS = [
  '',
  'admin',
  'monitor',
  'password',
  '123456',
  '1234',
  'cdrd',
  'max123456',
  'amp111',
  'changeme',
  '0000',
];

export const defaultPassword: Row = {
  name: 'default-password',
  flaws: [
    {
      cve: 'CVE-2024-0840',
      was: 'Grandstream UCM before 1.0.20.52: commands by a crafted request, which a default user and password may let in (beside the issue’s list: ETSI EN 303 645, 5.1-1)',
      source: 'https://avd.aquasec.com/nvd/2024/cve-2024-0840',
    },
  ],
  no: 'password that a new box shares with another one',
  fresh: true,
  async attempt(box, tally) {
    const given = await readFile(join(box.state, 'secret', 'initial-passwords'), 'utf8');
    const [, admin = ''] = /^admin (\S+)$/m.exec(given) ?? [];
    const [, monitor = ''] = /^monitor (\S+)$/m.exec(given) ?? [];
    await together(
      USERS.flatMap((user) =>
        ['', user, 'password', 'amp111', 'secret', 'admin'].map((secret) => [user, secret] as const),
      ),
      async ([Username, Secret], index) => {
        const client = await box.amiClient(box.address(index + 1));
        const answer = await client.ask('Login', { Username, Secret });
        tally.tried(answer.get('Response') !== 'Success', `AMI: ${Username}/${Secret} logs in`);
        client.end();
      },
    );
    // One address each: what keeps guesses apart is the row guessing's.
    await together(
      USERS.flatMap((user) =>
        [...PASSWORDS, user, `${user}123`, user.toUpperCase()].map((password) => [user, password] as const),
      ),
      async ([user, password], index) => {
        const answer = await box.logIn(user, password, { from: `127.78.1.${index + 1}` });
        tally.tried(answer.status !== 200, `${user}/${password} logs in`);
      },
      4,
    );
    tally.tried(
      admin.length >= 12 && monitor.length >= 12 && admin !== monitor,
      `the first passwords: ${given.length} bytes`,
    );
    const right = await box.logIn('admin', admin, { from: '127.79.1.1' });
    tally.works(right.status === 200, `the first password, as the box has made it: ${right.status}`);
  },
};
