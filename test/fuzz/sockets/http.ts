/** HTTP of the running daemon: raw bytes, and parameters of every number. */
import { ERROR_STATUS } from '../../../cgi/reply.ts';
import { TABLE } from '../../../cgi/table.ts';
import { answersOf, type RawAnswer } from '../../http/raw.ts';
import { Broken, choicesOf, holds, same } from '../target.ts';
import type { SocketTarget } from './attacked.ts';
import { exchange, piecesOf } from './exchange.ts';

/** What may be answered at all: the README's codes, and RFC 9110's for files and conditions. */
const STATUSES = new Set<number>([101, 200, 206, 304, 308, 412, 416, ...Object.values(ERROR_STATUS)]);

function judge(answer: RawAnswer): void {
  const { status, headers, body } = answer;
  holds(STATUSES.has(status), 'a documented status', status);
  holds(status !== 500, 'nothing fails inside', body.slice(0, 300));
  if (status === 101) return;
  holds(headers['x-content-type-options'] === 'nosniff', 'every answer says nosniff', headers);
  const type = headers['content-type'] ?? '';
  if (type.startsWith('application/json') && body !== '') {
    const value = jsonOf(body);
    const { error } = value as { error?: { code?: string; message?: string } };
    if (status < 400) return;
    holds(error !== undefined && typeof error.message === 'string', 'a refusal has its shape', value);
    same(ERROR_STATUS[error.code as keyof typeof ERROR_STATUS] ?? status, status, `the status of ${error.code}`);
  }
}

function jsonOf(body: string): object {
  try {
    return JSON.parse(Buffer.from(body, 'latin1').toString()) as object;
  } catch {
    throw new Broken(`JSON is JSON: ${body.slice(0, 300)}`);
  }
}

/** Answers one behind the other; the last one may have been cut where the client was faulty in the middle of it. */
function answersIn(bytes: Buffer): RawAnswer[] {
  const text = bytes.toString('latin1');
  // What follows a switch of protocols is none of HTTP's.
  const upgraded = /(?:^|\r\n\r\n)(HTTP\/1\.1 101 [\s\S]*?\r\n\r\n)/.exec(text);
  try {
    return answersOf(upgraded ? (upgraded[1] ?? '') : text);
  } catch (error) {
    throw new Broken(`answers are whole: ${(error as Error).message}`);
  }
}

export const httpRaw: SocketTarget = {
  name: 'http-raw',
  share: 30,
  words: [
    ...[
      'GET ',
      'POST ',
      'HEAD ',
      'OPTIONS ',
      ' HTTP/1.1\r\n',
      ' HTTP/1.0\r\n',
      '\r\n\r\n',
      'Host: HOST\r\n',
      'Connection: close\r\n',
    ],
    ...[
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
      'Expect: 100-continue\r\n',
      'Upgrade: websocket\r\n',
    ],
    ...[
      'Authorization: Bearer TOKEN\r\n',
      'Cookie: cdrd_session=TOKEN\r\n',
      'Range: bytes=0-3\r\n',
      '/cgi/webserve/9006?&',
      '/recordings/',
      '/healthz',
    ],
    ...[
      '/metrics',
      '/live',
      '/ami',
      'Origin: http://evil.example\r\n',
      'Sec-Fetch-Site: cross-site\r\n',
      '20260102/',
      'Connection: keep-alive\r\n',
    ],
  ],
  async run(input, attacked) {
    const choices = choicesOf(input);
    const bytes = attacked.filledIn(input);
    for (const answer of answersIn(
      await exchange(attacked.http(choices), piecesOf(bytes, choices), choices.pick(['at once', 'when silent'])),
    ))
      judge(answer);
  },
};

/** Log-ins take a tenth of a second of a core and a turn in a queue: few are enough here. */
const LOG_INS = /^840[14]/;

/** The corpus of `query`: `NUMBER QUERY`, and behind a line feed a body. */
export const httpParameters: SocketTarget = {
  name: 'http-parameters',
  corpus: 'query',
  share: 30,
  words: [
    ...[...new Set(Object.values(TABLE).flatMap((verb) => Object.keys(verb.parameters.entries)))].map(
      (name) => `&${name}=`,
    ),
    ...Object.keys(TABLE).map((number) => `${number} &`),
    ...[
      '2026-01-02 00:00',
      '200-299',
      '20260102/20260102-100000-1767376800-Internal-205-204.wav',
      '*12*',
      '1',
      '0',
      'All',
      'fuzz',
    ],
  ],
  async run(input, attacked) {
    const choices = choicesOf(input);
    const [, number = '9006', text = ''] = /^(\d*) ?([\s\S]*)$/.exec(input.toString('latin1')) ?? [];
    if (LOG_INS.test(number) && choices.next() < 0.95) return;
    const [query = '', form = ''] = text.split('\n', 2);
    const posted = form !== '' || choices.next() < 0.5;
    const where = attacked.http(choices);
    const { token, role } = await attacked.login(choices);
    const body = posted ? form || query : '';
    const target = `/cgi/webserve/${number}${posted && form === '' ? '' : `?${escaped(query)}`}`;
    const lines = [
      `${posted ? 'POST' : 'GET'} ${target} HTTP/1.1`,
      `Host: 127.0.0.1:${where.port}`,
      'Connection: close',
      ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
      ...(posted ? ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`] : []),
    ];
    const sent = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
    const [answer, ...more] = answersIn(await exchange(where, [sent], 'never'));
    holds(answer !== undefined && more.length === 0, 'one answer to one request', answer?.status);
    judge(answer);
    const verb = Object.hasOwn(TABLE, number) ? TABLE[Number(number)] : undefined;
    if (role === '' && verb && verb.right !== null) same(answer.status, 401, 'nobody may do anything');
    if (answer.status === 401 && token !== '' && !LOG_INS.test(number)) attacked.loggedOut(token);
  },
};

/** What would end the request line; the rest is the daemon's to mend. */
function escaped(query: string): string {
  return query.replaceAll(/[\r\n]/g, '%0A');
}
