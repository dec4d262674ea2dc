import { PASSWORDS, total } from '../box.ts';
import { form, md5 } from '../clients.ts';
import type { Row } from '../row.ts';

const EVER = { startdate: '2020-01-01 00:00', enddate: '2030-01-01 00:00' };
/** What a browser says of a page of another site that has set a request off, by browser and by means. */
const FOREIGN: readonly Readonly<Record<string, string>>[] = [
  { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
  {
    'Sec-Fetch-Site': 'cross-site',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Dest': 'document',
    'Sec-Fetch-User': '?1',
  },
  { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' },
  { 'sec-fetch-site': 'cross-site', Origin: 'http://evil.example' },
  { Origin: 'http://evil.example' },
  { Origin: 'null' },
  { Origin: 'http://127.0.0.1:1' },
  { Origin: 'http://127.0.0.1.evil.example' },
  { Referer: 'http://evil.example/page' },
  { Referer: 'http://127.0.0.1:1/other-program' },
  { Referer: 'http://evil.example/?http://127.0.0.1' },
];

export const otherSite: Row = {
  name: 'other-site',
  flaws: [],
  no: 'request that a page of another site sets off in the browser of who is logged in',
  alone: true,
  async attempt(box, tally) {
    const { admin } = box.tokens;
    const cookie = { Cookie: `cdrd_session=${admin}` };
    const count = async () => total(await box.number(9006, EVER, { token: admin }));
    const before = await count();
    tally.works(before > 10, `the call report: ${before} calls`);
    const acts: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['9004', EVER],
      ['20054', { wavefiles: '20260102/20260102-100000-1767376800-Internal-205-204.wav' }],
      ['30008', { UserName: 'evil', role: 'admin', Password: md5('evil') }],
      ['30011', { name: 'evil', role: 'admin' }],
      ['30017', { 'recording.enable': 'no' }],
      ['30022', { name: 'evil', secret: 'evil', read: 'all', permit: 'all' }],
      ['8404', { UserName: 'monitor', Password: md5(PASSWORDS.monitor) }],
      ['30005', {}],
      ['9006', EVER],
    ];
    for (const headers of FOREIGN)
      for (const [number, values] of acts) {
        // Older browsers name no site with a plain GET but in the Referer; with a form they name the origin.
        const byGet = await box.ask(`/cgi/webserve/${number}?${form(values)}`, { headers: { ...headers, ...cookie } });
        tally.tried(byGet.status === 403, `GET ${number} of ${JSON.stringify(headers)}: ${byGet.status}`);
        const post = { method: 'POST', body: form(values), headers: { ...headers, ...cookie } };
        const byPost = await box.ask(`/cgi/webserve/${number}`, post);
        tally.tried(byPost.status === 403, `POST ${number} of ${JSON.stringify(headers)}: ${byPost.status}`);
        tally.tried(!('set-cookie' in byPost.headers), `${number} of ${JSON.stringify(headers)} sets a cookie`);
      }
    for (const headers of FOREIGN) {
      for (const path of ['/recordings/20260102/20260102-100000-1767376800-Internal-205-204.wav', '/metrics'])
        tally.tried(
          (await box.ask(path, { headers: { ...headers, ...cookie } })).status === 403,
          `${path} of ${JSON.stringify(headers)}`,
        );
      if (!('Referer' in headers))
        for (const path of ['/live', '/ami'])
          tally.tried(
            (await box.socketStatus(path, { headers: { ...headers, ...cookie } })) === 403,
            `${path} of ${JSON.stringify(headers)}`,
          );
    }
    // No answer invites another site to read it.
    for (const headers of FOREIGN) {
      const asked = {
        ...headers,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      };
      const { status, bytes } = await box.ask('/cgi/webserve/9006', { method: 'OPTIONS', headers: asked });
      tally.tried(
        status >= 400 && !/access-control-allow/i.test(bytes),
        `OPTIONS of ${JSON.stringify(headers)}: ${status}`,
      );
    }
    tally.tried((await count()) === before, 'calls were deleted');
    // The box's own page, an address that is typed, and programs go on working.
    const own = `http://127.0.0.1:${box.port}`;
    for (const headers of [
      {},
      { 'Sec-Fetch-Site': 'same-origin' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: own },
      { Referer: `${own}/page` },
    ]) {
      const { status } = await box.ask('/cgi/webserve/30016', {
        method: 'POST',
        body: '',
        headers: { ...headers, ...cookie },
      });
      tally.works(status === 200, `30016 of ${JSON.stringify(headers)}: ${status}`);
    }
  },
};
