import { createHash } from 'node:crypto';
import type { Row } from '../row.ts';

/** Numbers that whoever comes may call: logging in. */
const OPEN = new Set([8401, 8404]);
/** Where other products had their doors. */
const DOORS = [
  '/index.php',
  '/index.html',
  '/admin/ajax.php?module=FreePBX%5Cmodules%5Cendpoint%5Cajax&command=model&template=x&brand=x',
  '/api.php',
  '/cdr.php',
  '/admin/config.php',
  '/php/model/sql.php',
  '/recordings/',
  '/recordings/misc/callme_page.php?action=c&callmenum=1',
  '/setup',
  '/install',
  '/websockify',
  '/cgi-bin/',
  '/cgi/',
  '/cgi',
  '/.git/config',
  '/state/cdrd.db',
  '/server-status',
  '/debug',
  '/json/version',
];
/** Headers by which products have let somebody in, or were told another path or method. */
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'X-Forwarded-For': '127.0.0.1' },
  { Forwarded: 'for=127.0.0.1' },
  { 'X-Original-URL': '/cgi/webserve/8404' },
  { 'X-Rewrite-URL': '/cgi/webserve/8404' },
  { 'X-HTTP-Method-Override': 'GET' },
  { 'X-Requested-With': 'XMLHttpRequest' },
  { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
  { 'X-Remote-User': 'admin', 'X-Auth-User': 'admin', Remote_User: 'admin' },
  { 'X-Middleware-Subrequest': 'middleware:middleware:middleware' },
];

export const noSession: Row = {
  name: 'no-session',
  flaws: [
    {
      cve: 'CVE-2022-24259',
      was: 'VoIPmonitor GUI before 24.96: a wrong check in cdr.php let requests without log-in act as somebody with rights',
      source: 'https://nvd.nist.gov/vuln/detail/CVE-2022-24259 (from memory: the page could not be read here)',
    },
    {
      cve: 'CVE-2025-57819',
      was: 'FreePBX 15 to 17: /admin/ajax.php reached the endpoint module without log-in',
      source: 'https://github.com/rapid7/metasploit-framework/pull/20559',
    },
  ],
  no: 'number or path that works without a session, with a forged one or by another spelling',
  async attempt(box, tally) {
    const listed = (await box.ask('/cgi/webserve/', { token: box.tokens.admin })).field('json_array_numbers');
    const numbers = (listed as readonly { number: number }[])
      .map(({ number }) => number)
      .filter((each) => !OPEN.has(each));
    tally.works(numbers.length > 20, 'the list of numbers');
    const anonymous = (await box.ask('/cgi/webserve/')).field('json_array_numbers') as readonly { number: number }[];
    tally.tried(
      anonymous.every(({ number }) => OPEN.has(number)),
      'the list shows a stranger more than the log-in',
    );
    const random = createHash('sha256').update('x').digest('base64url');
    const forged = [
      '',
      'x',
      'admin',
      'null',
      'undefined',
      '0',
      random,
      `cdrd-00000000-${random}`,
      `cdrd-__proto__-${random}`,
      'a'.repeat(200),
      '__proto__',
      '../../secret',
      "' OR 1=1 --",
    ];
    for (const number of numbers) {
      const from = box.address((number % 250) + 1);
      for (const token of forged) {
        const cookie = await box.ask(`/cgi/webserve/${number}`, {
          headers: { Cookie: `cdrd_session=${token}; __Host-cdrd_session=${token}` },
          from,
        });
        tally.tried(cookie.status === 401, `${number} by cookie ${token}: ${cookie.status}`);
      }
      const bearer = await box.ask(`/cgi/webserve/${number}`, {
        token: forged[(number % (forged.length - 1)) + 1] ?? 'x',
        method: 'POST',
        from,
      });
      tally.tried(bearer.status === 401, `${number} by bearer: ${bearer.status}`);
      // A session's token has no business in an address.
      const address = await box.ask(`/cgi/webserve/${number}?token=${box.tokens.admin}&session=${box.tokens.admin}`, {
        from,
      });
      tally.tried(address.status === 401, `${number} by a token in the address: ${address.status}`);
      const headers = HEADERS[number % HEADERS.length] ?? {};
      tally.tried(
        (await box.ask(`/cgi/webserve/${number}`, { headers, from })).status === 401,
        `${number} by ${JSON.stringify(headers)}`,
      );
      for (const spelled of [
        `0${number}`,
        `%3${String(number)[0]}${String(number).slice(1)}`,
        `${number}/`,
        `${number};8404`,
        `8404/../${number}`,
        `${number}%00`,
        `/${number}`,
        `${number}.json`,
        `8404?/../${number}`,
      ]) {
        const { status } = await box.ask(`/cgi/webserve/${spelled}`, { from });
        tally.tried([400, 401, 404].includes(status), `${spelled}: ${status}`);
      }
      for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        const { status } = await box.ask(`/cgi/webserve/${number}`, { method, from });
        tally.tried([400, 401, 405].includes(status), `${method} ${number}: ${status}`);
      }
    }
    for (const headers of HEADERS) {
      const { status } = await box.ask('/cgi/webserve/30007', { headers });
      tally.tried(status === 401, `30007 by ${JSON.stringify(headers)}: ${status}`);
    }
    // The pages' document is the same for everybody: what it shows it asks for by the numbers.
    for (const page of ['/', '/calls', '/users']) {
      const stranger = await box.ask(page);
      const admin = await box.ask(page, { token: box.tokens.admin });
      tally.works(stranger.status === 200, `the page ${page}`);
      tally.tried(stranger.body === admin.body, `${page} tells a stranger and an admin different things`);
    }
    for (const door of DOORS)
      for (const method of ['GET', 'POST']) {
        const { status } = await box.ask(door, { method });
        tally.tried([401, 404, 405].includes(status), `${method} ${door}: ${status}`);
      }
    for (const [path, expected] of [
      ['/live', 401],
      ['/', 200],
      ['/websockify', 404],
      ['/cgi/webserve/30019', 404],
    ] as const) {
      const status = await box.socketStatus(path);
      // What is no WebSocket is answered as the plain request that it also is.
      tally.tried([expected, 401].includes(status), `a WebSocket on ${path}: ${status}`);
    }
  },
};
