/**
 * The example lines of VoIPmonitor's own page, as they stand there (voipmonitor-lines.txt, below each what its answer holds),
 * carried out against a box. Before that these slips are mended, and only these: `¶ms` for `&params`, an entity that a
 * browser took for a sign; one `}` too many at the end of `params`; a closing quote that is missing. Replaced are the
 * session, the id of a call that is shared, and the two numbers of listCdrIds that are words there. The box has the
 * accounts, calls and the report that the lines speak of.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { exchange } from '../guide/exchange.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';

const MAY_2013 = 1_368_115_200;
const DECEMBER_2017 = 1_513_785_600;

const text = readFileSync(`${import.meta.dirname}/voipmonitor-lines.txt`, 'utf8');
const LINES = [...text.matchAll(/^(\S.*)\n {4}(.*)\n/gm)].map(([, line = '', answer = '']) => ({ line, answer }));

/** Which slip stands in how many lines. */
const SLIPS = { params: 24, brace: 1, quote: 3 };

function mended(line: string, note: (slip: keyof typeof SLIPS) => void): string {
  let text = line.replace('¶ms=', () => {
    note('params');
    return '&params=';
  });
  const params = /&params=(.*)$/.exec(text)?.[1] ?? '';
  if (count(params, '}') === count(params, '{') + 1) {
    note('brace');
    text = text.slice(0, -1);
  }
  if (count(text, '"') % 2 === 1) {
    note('quote');
    text = `${text}"`;
  }
  return text;
}

const count = (text: string, sign: string) => text.split(sign).length - 1;

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly body?: string;
  readonly cookie?: string;
}

/** What curl, a browser, a form or PHP with a JSON text on its input would send. @param session Of whoever has logged in. */
function requestOf(line: string, session: string): Request {
  const post = (path: string, body: string) => ({ method: 'POST', url: new URL(`http://localhost${path}`), body });
  if (line.startsWith('task=')) return { ...post('/php/model/utilities.php', line), cookie: `PHPSESSID=${session}` };
  const [, json] = /^echo '(.*)' \| php (?:php\/)?api\.php$/.exec(line) ?? [];
  if (json !== undefined) return post('/php/api.php', json);
  if (!line.startsWith('curl ')) return { method: 'GET', url: new URL(line) };
  const [, cookie] = /--cookie "([^"]*)"/.exec(line) ?? [];
  const [, address = ''] = /['"](?:http:\/\/)?(192[^'"]*)['"]/.exec(line) ?? [];
  return { method: 'POST', url: new URL(`http://${address}`), ...(cookie !== undefined && { cookie }) };
}

const atEnd = atFileEnd();
let daemon: TestDaemon;

beforeAll(async () => {
  daemon = await startDaemon({ CDRD_HTTP_NAMES: 'localhost,voipmonitor' }, { atEnd });
  const calls = [
    leg(MAY_2013, { source: '190' }),
    leg(MAY_2013 + 60, { source: '191', destination: '205' }),
    leg(1_502_262_225, { uniqueId: '1502262225', linkedId: '1502262225' }),
    leg(DECEMBER_2017),
  ];
  for (const call of calls) await daemon.store.write({ kind: 'leg', leg: call, source: 'ami' });
  for (const group of await daemon.store.ask('openGroups')) await daemon.store.write({ kind: 'close', group });
  for (const [user, password = ''] of [
    ['voipmonitor', 'voipmonitor'],
    ['USER', 'PASSWORD'],
  ])
    await set(`30008?UserName=${user}&Password=${createHash('md5').update(password).digest('hex')}&role=admin`);
  await set('30017?voipmonitor.enabled=yes');
  await set('30042?page=calls&name=test summary&query=&shared=1');
});

const set = async (address: string) => expect((await daemon.get(`/cgi/webserve/${address}`)).status).toBe(200);

test('each line, mended, is answered as its function is', async () => {
  const slips = { params: 0, brace: 0, quote: 0 };
  let session = '';
  let base = '';
  expect(LINES).toHaveLength(45);
  for (const { line, answer } of LINES) {
    const whole = mended(line, (slip) => {
      slips[slip] += 1;
    });
    const filled = whole
      .replace('ahs2ubdhc0ukb262be60v900ko', session)
      .replace('[128024514]', '[1]')
      .replace('"offset_num"', '"1"')
      .replace(/"number.of.cdr.records"/, '"2"');
    const { method, url, body = '', cookie } = requestOf(filled, session);
    const wanted = /^(\/\w+)?\/(?:php\/|admin|index)/.exec(url.pathname)?.[1] ?? '';
    if (wanted !== base) await set(`30017?voipmonitor.base=${wanted}`);
    base = wanted;
    const head = [
      `${method} ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.hostname}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ];
    const said = await exchange(Number(new URL(daemon.url).port), `${head.join('\r\n')}\r\n\r\n${body}`);
    const told = said.headers.find((header) => header.startsWith('Location: ')) ?? said.body.toString('utf8');
    expect([line, told]).toEqual([line, expect.stringContaining(answer)]);
    session = /"SID":"([^"]*)"/.exec(told)?.[1] ?? session;
  }
  expect(slips).toEqual(SLIPS);
});
