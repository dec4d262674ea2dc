/** What arrives by HTTP: request lines that are mended, parameters of every number, cookies, conditions and ranges. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { DIALECTS } from '../../../cgi/dialect/table.ts';
import { checkParameters, readParameters } from '../../../cgi/params.ts';
import { CgiError } from '../../../cgi/reply.ts';
import { TABLE } from '../../../cgi/table.ts';
import { select, validatorsOf } from '../../../daemon/http/conditional.ts';
import { tokenOf } from '../../../daemon/http/cookies.ts';
import { mendRequestLine, withoutUpgrade } from '../../../daemon/http/request-line.ts';
import { choicesOf, holds, orRefused, same, type Target, utf8 } from '../target.ts';

/** Each set of parameters once, by the number that has it first. */
const VERBS = [...new Map(Object.entries(TABLE).map(([number, verb]) => [verb.parameters, { number, verb }])).values()];
const NAMES = [...new Set(VERBS.flatMap(({ verb }) => Object.keys(verb.parameters.entries)))];

/** `NUMBER QUERY`, and behind a line feed a form body. */
const query: Target = {
  name: 'query',
  words: [
    ...NAMES.map((name) => `&${name}=`),
    ...Object.keys(TABLE).map((number) => `${number} `),
    'All',
    'yes',
    'asc',
  ].concat([
    '2021-05-07 00:00',
    '200-299',
    '*12*',
    '620(102)',
    '*97',
    '20210507/a.wav;',
    'ANSWERED',
    'Internal',
    '1.2',
    'csv',
  ]),
  run(input) {
    const [, number = '9006', text = ''] = /^(\d*) ?([\s\S]*)$/.exec(utf8(input)) ?? [];
    const [address = '', body = ''] = text.split('\n', 2);
    const verb = Object.hasOwn(TABLE, number) ? TABLE[Number(number)] : TABLE[9006];
    if (!verb) throw new Error('there is no such number');
    const sent = orRefused(() => readParameters(address, body), CgiError);
    if (!sent) return;
    for (const [plain, { name, value }] of sent) {
      holds(!/\s/.test(plain), 'a plain name holds no blank', plain);
      holds(name !== undefined && typeof value === 'string', 'a parameter has a value', plain);
    }
    agreesWithForms(address, body, sent);
    // Written anew it is read as the same.
    const again = readParameters([...sent].map(([name, { value }]) => `${encode(name)}=${encode(value)}`).join('&'));
    same(
      [...again].map(([name, { value }]) => [name, value]),
      [...sent].map(([name, { value }]) => [name, value]),
      'read again',
    );
    try {
      const values = checkParameters(verb.parameters, sent);
      for (const name of Object.keys(values))
        holds(Object.hasOwn(verb.parameters.entries, name), 'only what is known', name);
      // What was checked is checked to the same: nothing is kept from one request to the next.
      same(checkParameters(verb.parameters, sent), values, 'checked again');
    } catch (error) {
      if (!(error instanceof CgiError)) throw error;
      holds(error.code === 'invalid', 'bad parameters are invalid', error.code);
      holds(error.parameter !== undefined && error.message.length < 5_000, 'the parameter is named, in short');
    }
  },
};

const encode = (text: string) => encodeURIComponent(text);

/** Another reader of forms, that of the platform: where a name stands once, both read the same. */
function agreesWithForms(address: string, body: string, sent: ReturnType<typeof readParameters>): void {
  const theirs = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(`&${address}&${body}`)) {
    const plain = name.replaceAll(/\s/g, '').toLowerCase();
    theirs.set(plain, [...(theirs.get(plain) ?? []), value]);
  }
  for (const [plain, { value }] of sent) {
    const values = theirs.get(plain === 'wavefiles' && !theirs.has(plain) ? 'wavfiles' : plain);
    if (values?.length === 1) same(value, values[0], `${plain} as forms are read`);
  }
}

const VERSIONS = / HTTP\/1\.[01]$/;

const requestLine: Target = {
  name: 'request-line',
  words: [
    'GET /cgi/webserve/',
    'POST /cgi/webserve/',
    '/old/api/api.php?',
    'GET /billing/api/',
    'POST /php/',
    '9006?&',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\nHost: x\r\n\r\n',
    '&a=b c',
  ].concat(['Upgrade: h2c\r\n', 'Connection: Upgrade\r\n', 'HTTP2-Settings: x\r\n', '%20', '   ', '#31#']),
  run(input) {
    const mended = mendRequestLine(input);
    withoutUpgradeIsSo(input);
    const end = input.indexOf('\n');
    if (mended === 'incomplete') return holds(end < 0, 'a line with its end is complete');
    if (mended === null) return;
    holds(end >= 0, 'a line without its end is not mended');
    const text = mended.toString('latin1');
    const [line = '', connection] = text.split('\r\n', 2);
    const [, target = '', version] = /^(?:GET|POST) (\S*) (HTTP\/1\.[01])$/.exec(line) ?? [];
    const isOurs = target.startsWith('/cgi/webserve/') || dialectPath(target);
    holds(isOurs && version !== undefined, 'the mended line is one of ours', line);
    holds(/^[!-~]*$/.test(target), 'the mended target is printable ASCII', target);
    same(connection, 'Connection: close', 'one mended request a connection');
    holds(input.subarray(end + 1).equals(mended.subarray(mended.indexOf('\n', line.length + 2) + 1)), 'the rest stays');
    same(mendRequestLine(mended), null, 'what is mended needs no mending');
    // It means what was sent: decoded, both are the same.
    const sent = input.toString('latin1', 0, end).replace(/\r$/, '').replace(VERSIONS, '').replace(/ +$/, '');
    const bytes = Buffer.from(sent.slice(sent.indexOf(' ') + 1), 'latin1');
    const wanted = Buffer.from(bytes.toString('utf8')).equals(bytes)
      ? bytes.toString('utf8')
      : bytes.toString('latin1');
    same(unescaped(target), unescaped(wanted), 'the mended target means what was sent');
  },
};

/** Whether it stands under a dialect's address, behind whatever base. */
function dialectPath(target: string): boolean {
  const paths = DIALECTS.flatMap((entry) => entry.paths);
  return paths.some((path) => target.split('?', 1)[0]?.includes(path));
}

/** Escapes that are some, as bytes; all else as it is. */
function unescaped(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function withoutUpgradeIsSo(input: Buffer): void {
  // It is given whole heads only.
  const end = input.indexOf('\r\n\r\n');
  if (end < 0) return;
  const text = withoutUpgrade(input).toString('latin1');
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 2);
  holds(!/\r\n(upgrade|http2-settings)[ \t]*:/i.test(head), 'no upgrade is asked for any more', head);
  same(
    head.match(/\r\nconnection[ \t]*:[^\r]*/gi)?.slice(-1),
    ['\r\nConnection: close'],
    'it is the last on its connection',
  );
  holds(text.slice(text.indexOf('\r\n\r\n')) === input.toString('latin1', end), 'the body stays');
}

/** Two lines: Authorization and Cookie. */
const cookie: Target = {
  name: 'cookie',
  words: ['Bearer ', 'cdrd_session=', '__Host-cdrd_session=', '; ', 'cdrd-', '\n', '=', 'Basic '],
  run(input) {
    const [authorization, cookies] = input.toString('latin1').split('\n', 2);
    for (const encrypted of [false, true]) {
      const headers = { ...(authorization && { authorization }), ...(cookies !== undefined && { cookie: cookies }) };
      const token = tokenOf({ headers, socket: { encrypted } } as unknown as IncomingMessage);
      if (token === null) continue;
      const bearer = authorization !== undefined && /^bearer /i.test(authorization) && authorization.includes(token);
      const name = encrypted ? '__Host-cdrd_session' : 'cdrd_session';
      const pair = cookies
        ?.split(';')
        .some((each) => each.trim() === `${name}=${token}` || (token === '' && each.trim() === name));
      holds(bearer || pair === true, 'a token stands in a header of its own name', token);
    }
  },
};

/** `METHOD SIZE MTIME`, then a line for each header. */
const ranges: Target = {
  name: 'range',
  words: [
    'Range: bytes=',
    'If-Range: ',
    'If-Match: ',
    'If-None-Match: ',
    'If-Modified-Since: ',
    'If-Unmodified-Since: ',
  ].concat([
    '0-',
    '-5',
    '0-0',
    ',',
    'W/"',
    '"',
    '*',
    'Fri, 07 May 2021 00:00:00 GMT',
    'GET 100 1000\n',
    'HEAD 0 0\n',
    '"2s-',
  ]),
  run(input) {
    const [first = '', ...lines] = input.toString('latin1').split('\n');
    const [, method = 'GET', bytes = '44', time = '1620374702000'] =
      /^(GET|HEAD)? ?(\d{0,15}) ?(\d{0,13})/.exec(first) ?? [];
    const [size, mtimeMs] = [Number(bytes), Number(time)];
    const own = validatorsOf({ size, mtimeMs }, choicesOf(input).pick([mtimeMs, mtimeMs + 10_000]));
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const [name = '', ...value] = line.split(':');
      headers[name.trim().toLowerCase()] = value.join(':').trim().replace('ETAG', own.etag);
    }
    const { status, from, to } = select(method, headers as IncomingHttpHeaders, size, own);
    holds([200, 206, 304, 412, 416].includes(status), 'one of five', status);
    if (status !== 206) return same([from, to], [0, size - 1], 'the whole file but for 206');
    holds(method === 'GET' && headers['range'] !== undefined, 'a part only where one was asked for');
    holds(Number.isSafeInteger(from) && from >= 0 && from <= to && to < size, 'a part lies in the file', [
      from,
      to,
      size,
    ]);
    const [, begin = '', end = ''] = /^bytes *= *(\d*) *- *(\d*) *$/i.exec(headers['range'] ?? '') ?? [];
    if (begin !== '')
      same([from, to], [Number(begin), end === '' ? size - 1 : Math.min(Number(end), size - 1)], 'that part');
    else same([from, to], [Math.max(0, size - Number(end)), size - 1], 'the last bytes');
  },
};

export const requestTargets: readonly Target[] = [query, requestLine, cookie, ranges];
