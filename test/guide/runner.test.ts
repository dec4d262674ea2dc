/** The runner run against documents that are wrong: each must fail, and say where. */
import { beforeAll, describe, expect, test } from 'vitest';
import { atFileEnd } from '../support/folder.ts';
import { compare, fill, type Known, piecesOf } from './compare.ts';
import { parseDocument } from './document.ts';
import { type Box, openBox, runDocument } from './run-document.ts';

const FRONT = 'zone: Etc/GMT+8\n\n# A document\n\n';
const fence = (info: string, ...lines: string[]) => [`\`\`\`${info}`, ...lines, '```', ''].join('\n');
const ASKED = fence('http', 'GET /healthz HTTP/1.1', 'Host: box');
const ANSWERED = fence('http answer', 'HTTP/1.1 200 OK', '', 'ok');
const parse = (text: string) => parseDocument('a.md', text);

describe('a document', () => {
  test('is taken apart into its steps, with their lines', () => {
    const text = [
      FRONT,
      'Prose.\n\n',
      fence('ami', 'Event: A', 'Empty: ', '', 'Event: B'),
      fence('recordings', '20210507/x.wav 3 s'),
      fence('row one', '{"a":1,', ' "b":2}'),
      fence('http', 'POST /x y HTTP/1.1', 'Content-Length: 3', '', 'a', 'b'),
      fence('http answer', 'HTTP/1.1 200 OK', 'Content-Type: application/json', '', '[{row one},', '{row one}]'),
      fence('medium', '20210507/x.wav'),
    ].join('');
    const { zone, title, steps } = parse(text);
    expect({ zone, title }).toEqual({ zone: 'Etc/GMT+8', title: 'A document' });
    expect(steps).toEqual([
      { kind: 'ami', line: 7, bytes: 'Event: A\r\nEmpty: \r\n\r\nEvent: B\r\n\r\n', records: 0 },
      { kind: 'recordings', line: 13, files: [{ path: '20210507/x.wav', seconds: 3, now: false }] },
      {
        kind: 'http',
        line: 20,
        request: 'POST /x y HTTP/1.1\r\nContent-Length: 3\r\n\r\na\nb',
        answer: {
          status: { number: 28, text: 'HTTP/1.1 200 OK' },
          headers: [{ number: 29, text: 'Content-Type: application/json' }],
          body: {
            kind: 'text',
            lines: [
              { number: 31, text: '[' },
              { number: 17, text: '{"a":1,' },
              { number: 18, text: ' "b":2}' },
              { number: 31, text: ',' },
              { number: 17, text: '{"a":1,' },
              { number: 18, text: ' "b":2}' },
              { number: 32, text: ']' },
            ],
          },
        },
      },
      { kind: 'medium', line: 34, paths: ['20210507/x.wav'] },
    ]);
  });

  test('says how the PBX answers an action', () => {
    const start = ['Response: Success', 'EventList: start', '', 'Event: A', 'Empty: ', '', 'Event: AComplete'];
    const text = [FRONT, fence('asterisk GetConfig Filename=a=b.conf', ...start), ASKED, ANSWERED].join('');
    expect(parse(text).steps[0]).toEqual({
      kind: 'asterisk',
      line: 5,
      answer: {
        action: 'GetConfig',
        parameters: { Filename: 'a=b.conf' },
        packets: [
          'Response: Success\r\nEventList: start\r\n\r\n',
          'Event: A\r\nEmpty: \r\n\r\n',
          'Event: AComplete\r\n\r\n',
        ],
      },
    });
  });

  test.each([
    [
      'an action that is answered by an event',
      `${FRONT}${fence('asterisk Ping', 'Event: A')}${ASKED}${ANSWERED}`,
      'a.md:5: Asterisk answers',
    ],
    [
      'an action with a bare word behind it',
      `${FRONT}${fence('asterisk Ping twice', 'Response: Success')}${ASKED}${ANSWERED}`,
      'a.md:5: behind the action',
    ],
    ['a block of no known kind', `${FRONT}${ASKED}${ANSWERED}${fence('sql', 'SELECT 1')}`, 'a.md:14: nobody knows'],
    ['a block of no kind', `${FRONT}${ASKED}${ANSWERED}${fence('', 'x')}`, 'a.md:14: nobody knows'],
    ['a block without an end', `${FRONT}${ASKED}${ANSWERED}\`\`\`ami\nEvent: A`, 'a.md:14: this block has no end'],
    ['an indented block', `${FRONT}${ASKED}${ANSWERED}  \`\`\`ami\n`, 'a.md:14: blocks begin'],
    ['a block with nothing in it', `${FRONT}${ASKED}${ANSWERED}${fence('ami', '')}`, 'a.md:14: this block is empty'],
    ['a request without an answer', `${FRONT}${ASKED}${fence('ami', 'Event: A')}`, 'a.md:5: behind a request'],
    ['an answer without a request', `${FRONT}${ANSWERED}`, 'a.md:5: nobody knows'],
    [
      'an archive without an answer',
      `${FRONT}${ASKED}${ANSWERED}${ASKED}${fence('tar', 'x')}`,
      'a.md:14: behind a request',
    ],
    ['no question', `${FRONT}Prose.`, 'a.md:1: nothing is asked'],
    ['no title', 'zone: UTC\n', 'a.md:1: no title'],
    ['no zone', `# A\n${ASKED}${ANSWERED}`, 'a.md:1: no line `zone'],
    ['another line at the top', `clock: 3\n${FRONT}${ASKED}${ANSWERED}`, 'a.md:1: above the title'],
    [
      'a packet without the blank',
      `${FRONT}${fence('ami', 'Event: A', 'Source:')}${ASKED}${ANSWERED}`,
      'a.md:7: Asterisk writes',
    ],
    [
      'a recording without a length',
      `${FRONT}${fence('recordings', '20210507/x.wav')}`,
      'a.md:6: a recording is written',
    ],
    ['a row that nobody wrote', `${FRONT}${ASKED}${ANSWERED.replace('ok', '{row x}')}`, 'a.md:12: no block above'],
    ['an answer without a status', `${FRONT}${ASKED}${fence('http answer', '{}')}`, 'a.md:9: an answer begins'],
    [
      'a body without an empty line',
      `${FRONT}${ASKED}${fence('http answer', 'HTTP/1.1 200 OK', '{}')}`,
      'a.md:11: a header',
    ],
    ['a body twice', `${FRONT}${ASKED}${ANSWERED}${fence('wav', 'x.wav')}`, 'a.md:14: the body stands here twice'],
  ])('with %s is refused', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

describe('a comparison', () => {
  const lines = (...texts: string[]) => texts.map((text, index) => ({ number: index + 1, text }));
  const run = (texts: string[], actual: string, type = 'application/json', known: Known = new Map()) => {
    compare('a.md', piecesOf(lines(...texts), type), actual, known);
    return known;
  };

  test('takes line breaks of JSON for layout, of CSV for CRLF, of text for LF', () => {
    run(['{"a":', '   "b"}'], '{"a":"b"}');
    run(['a,b', 'c,d'], 'a,b\r\nc,d\r\n', 'text/csv; charset=utf-8');
    run(['{bom}a,b'], '\ufeffa,b\r\n', 'text/csv');
    run(['a', 'b'], 'a\nb', 'text/plain');
    expect(() => run(['{"a":', '   "b"}'], '{"a": "b"}')).toThrow('a.md:2: the answer differs');
    expect(() => run(['a,b'], 'a,b\n', 'text/csv')).toThrow('a.md:1: the answer differs');
    expect(() => run(['a,b'], 'a,b', 'text/csv')).toThrow('a.md:1: the answer differs');
    expect(() => run(['a,b'], '\ufeffa,b\r\n', 'text/csv')).toThrow('\\ufeffa,b\\r\\n');
  });

  test('shows both sides, with a mark under the first byte that differs', () => {
    expect(() => run(['{"id":"{id}",', ' "src":"506","dst":"202"}'], '{"id":"7","src":"505","dst":"202"}')).toThrow(
      [
        'a.md:2: the answer differs',
        '  document: "src":"506","dst":"202"}',
        '  answer:   "src":"505","dst":"202"}',
        `            ${' '.repeat('"src":"50'.length)}^ expected 6","dst":"202"}`,
      ].join('\n'),
    );
  });

  test('fails for what is missing, and for what is too much', () => {
    expect(() => run(['[1,', '2]'], '[1,')).toThrow('a.md:2: the answer differs');
    expect(() => run(['[1,', '2]'], '[1,2],3')).toThrow('a.md:2: the answer goes on behind this\n  answer:   ,3');
  });

  test('holds a placeholder to its pattern, and one with a label to what it was', () => {
    const known = run(['["{id 1}","{id}"]'], '["17","18"]');
    run(['["{id 1}"]'], '["17"]', 'application/json', known);
    expect(() => run(['["{id 1}"]'], '["18"]', 'application/json', known)).toThrow('a.md:1: the answer differs');
    expect(() => run(['["{id}"]'], '["0"]')).toThrow('a.md:1: the answer differs');
    expect(() => run(['["{id}"]'], '[""]')).toThrow('a.md:1: the answer differs');
    expect(() => run(['{nobody}'], 'x')).toThrow('a.md:1: there is no placeholder {nobody}');
    expect(fill('{id 1} {id}', known, 'a.md:1')).toBe('17 17');
    expect(() => fill('{undo}', known, 'a.md:9')).toThrow('a.md:9: nothing has given {undo} yet');
  });
});

describe('run against the daemon, a document fails', () => {
  const LOGIN = fence('http', 'GET /cgi/webserve/8404?&UserName=admin&Password=0 HTTP/1.1', 'Host: box');
  const REFUSED =
    '{"error":{"code":"invalid","parameter":"Password","message":"Password must be the 32 hex digits of the password’s MD5"}}';
  const answer = (status: string, body: string, ...headers: string[]) =>
    fence('http answer', `HTTP/1.1 ${status}`, ...headers, '', body);
  const run = (...blocks: string[]) => runDocument(parse(FRONT + blocks.join('')), box);
  let box: Box;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    box = await openBox({ zone: 'Etc/GMT+8', settings: {} }, atEnd);
  });

  test('not when it is right', async () => {
    await run(LOGIN, answer('400 Bad Request', REFUSED, 'Cache-Control: no-store'));
  });

  test.each([
    ['for one wrong byte', answer('400 Bad Request', REFUSED.replace('32', '33')), 'a.md:12: the answer differs'],
    ['for a byte too few', answer('400 Bad Request', REFUSED.slice(0, -1)), 'a.md:12: the answer goes on'],
    ['for another status', answer('200 OK', REFUSED), 'a.md:10: the answer differs'],
    ['for another header', answer('400 Bad Request', REFUSED, 'Cache-Control: none'), 'a.md:11: the answer differs'],
    ['for a missing header', answer('400 Bad Request', REFUSED, 'ETag: {etag}'), 'a.md:11: the answer has no header'],
    ['for a body that it leaves out', fence('http answer', 'HTTP/1.1 400 Bad Request'), 'a.md:10: the answer goes on'],
    [
      'for an archive that is none',
      fence('http answer', 'HTTP/1.1 400 Bad Request') + fence('tar', '20210507/x.wav'),
      'a.md:13: tar refuses the archive',
    ],
    [
      'for sound that was never recorded',
      fence('http answer', 'HTTP/1.1 400 Bad Request') + fence('wav', '20210507/x.wav'),
      'a.md:12: the document never laid 20210507/x.wav on the medium',
    ],
    [
      'for a recording that is not there',
      answer('400 Bad Request', REFUSED) + fence('medium', '20210507/x.wav'),
      'a.md:14: on the medium lie other recordings\n  document:\n    20210507/x.wav\n  really: none',
    ],
  ])('%s', async (_, answered, message) => {
    await expect(run(LOGIN, answered)).rejects.toThrow(message);
  });

  test('for one wrong byte on port 5038', async () => {
    const client = (...lines: string[]) => fence('ami client', ...lines);
    const hello = ['< Asterisk Call Manager/1.1', '> Action: Ping', '> ActionID: 1', '>', '< Response: Error'];
    await expect(run(client(...hello, '< ActionID: 1', '< Message: Permission Denied', '<'))).rejects.toThrow(
      'a.md:12: the answer differs',
    );
    box.client = null;
  });

  test('for a wrong Content-Length', async () => {
    const post = LOGIN.replace('GET', 'POST').replace('Host: box', 'Host: box\nContent-Length: 4\n\nabc');
    const refused = answer('400 Bad Request', REFUSED);
    await expect(run(post, refused)).rejects.toThrow('a.md:5: the body has 3 bytes');
  });
});
