import { scryptSync } from 'node:crypto';
import { form, md5 } from '../clients.ts';
import type { Row } from '../row.ts';

/** The password that is sent with each name, and an account made up that it would fit. */
const DIGEST = md5('x');
const KEY = scryptSync(DIGEST, Buffer.alloc(16), 32, { N: 2, r: 8, p: 1 }).toString('base64url');
const HASH = `scrypt$2$8$1$${Buffer.alloc(16).toString('base64url')}$${KEY}`;

/** What would make of a name a condition that holds, or another query. */
const NAMES = [
  "' OR 1=1 --",
  "admin' --",
  "admin' OR '1'='1",
  "' UNION SELECT name, role, hash FROM user --",
  `' UNION SELECT 'admin', 'admin', '${HASH}' --`,
  "admin'/**/OR/**/1=1/*",
  'admin" OR "1"="1',
  "admin'; UPDATE user SET role='admin' WHERE name='monitor'; --",
  "admin') OR ('1'='1",
  "\\' OR 1=1 --",
  "admin'\u0000 OR 1=1",
  'admin\u02bc OR 1=1 --', // letters that some decoders make quotes of
  'admin%27 OR 1=1 --',
  "' OR (SELECT load_extension('x')) --",
  "' OR name GLOB '*",
];

export const sqlLogin: Row = {
  name: 'sql-login',
  flaws: [
    {
      cve: 'CVE-2020-5722',
      was: 'Grandstream UCM6200: SQL injection, without log-in, by the user name of the password recovery, up to commands run as root',
      source: 'https://www.tenable.com/security/research/tra-2020-15',
    },
    {
      cve: 'CVE-2022-24260',
      was: 'VoIPmonitor GUI before 24.96: SQL injection by the user name of a log-in, which made whoever sent it the administrator',
      source: 'https://kerbit.io/research/read/blog/3',
    },
  ],
  no: 'log-in by a user name that is SQL',
  async attempt(box, tally) {
    const right = await box.logIn('admin', 'Kontor-admin-7391', { from: box.address(200) });
    tally.works(right.status === 200, 'the admin’s own log-in');
    for (const [index, name] of NAMES.entries())
      for (const [number, digest] of [
        [8404, DIGEST],
        [8401, md5('')],
      ] as const) {
        // From ever another address: what is asked here is no throttle.
        const answer = await box.number(number, { UserName: name, Password: digest }, { from: box.address(index + 1) });
        const what = `${number} ${JSON.stringify(name)}: ${answer.status} ${answer.body.slice(0, 100)}`;
        const secret = /scrypt\$|"token"|sqlite|SELECT|syntax error/i.test(answer.body.replace(name, ''));
        tally.tried([400, 401].includes(answer.status) && !secret && !('set-cookie' in answer.headers), what);
      }
    // The digest's own place, and the names of parameters.
    for (const [index, text] of NAMES.entries()) {
      const from = box.address(index + 1);
      const digest = await box.number(8404, { UserName: 'admin', Password: text }, { from });
      tally.tried(digest.status === 400, `8404 with the digest ${JSON.stringify(text)}: ${digest.status}`);
      const body = `${form({ UserName: 'admin', [text]: '1' })}&Password=${DIGEST}`;
      const named = await box.ask('/cgi/webserve/8404', { method: 'POST', body, from });
      tally.tried(named.status === 400, `8404 with a parameter called ${JSON.stringify(text)}: ${named.status}`);
    }
    const monitor = await box.number(30007, {}, { token: box.tokens.admin });
    tally.works(monitor.status === 200, 'the list of accounts');
    tally.tried(/"user":"monitor","role":"monitor"/.test(monitor.body), `the accounts are now ${monitor.body}`);
  },
};
