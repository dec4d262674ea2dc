/** What becomes of request lines that Node's parser refuses: bytes in, bytes out. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mendRequestLine } from '../../daemon/http/request-line.ts';
import { exchange } from './raw.ts';

const mend = (head: string | Buffer) => {
  const result = mendRequestLine(typeof head === 'string' ? Buffer.from(head, 'latin1') : head);
  return result instanceof Buffer ? result.toString('latin1') : result;
};

describe('a request line', () => {
  test('of the guide, as printed', () => {
    expect(
      mend('GET /cgi/webserve/9006?&startdate=2021-05-07 00:00&IV R=&dst=620(102)&port=-1 HTTP/1.1\r\nHost: x\r\n\r\n'),
    ).toBe(
      'GET /cgi/webserve/9006?&startdate=2021-05-07%2000:00&IV%20R=&dst=620(102)&port=-1 HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n',
    );
  });

  test.each([
    ['blanks around the target', 'GET  /cgi/webserve/9006?&a= b  HTTP/1.0', null], // not where our paths begin
    [
      'blanks before the version',
      'GET /cgi/webserve/9006?&a=b c  HTTP/1.0',
      'GET /cgi/webserve/9006?&a=b%20c HTTP/1.0',
    ],
    [
      'an empty value before the version',
      'GET /cgi/webserve/9006?&a=b c&d= HTTP/1.1',
      'GET /cgi/webserve/9006?&a=b%20c&d= HTTP/1.1',
    ],
    ['POST', 'POST /cgi/webserve/9006?&a=b c HTTP/1.1', 'POST /cgi/webserve/9006?&a=b%20c HTTP/1.1'],
    [
      'UTF-8',
      'GET /cgi/webserve/9006?&cidname=J\xc3\xbcrgen HTTP/1.1',
      'GET /cgi/webserve/9006?&cidname=J%C3%BCrgen HTTP/1.1',
    ],
    [
      'Latin-1',
      'GET /cgi/webserve/9006?&cidname=J\xfcrgen HTTP/1.1',
      'GET /cgi/webserve/9006?&cidname=J%C3%BCrgen HTTP/1.1',
    ],
    ['a tab and a NUL', 'GET /cgi/webserve/9006?&a=\t\0 HTTP/1.1', 'GET /cgi/webserve/9006?&a=%09%00 HTTP/1.1'],
    [
      'what browsers encode',
      'GET /cgi/webserve/9006?&a=<>"`{}|^\\ HTTP/1.1',
      'GET /cgi/webserve/9006?&a=%3C%3E%22%60%7B%7D%7C%5E%5C HTTP/1.1',
    ],
    [
      'what is encoded already',
      'GET /cgi/webserve/9006?&a=%20%zz b HTTP/1.1',
      'GET /cgi/webserve/9006?&a=%20%zz%20b HTTP/1.1',
    ],
    [
      'feature codes',
      'GET /cgi/webserve/9006?&dst=#31# *97 HTTP/1.1',
      'GET /cgi/webserve/9006?&dst=#31#%20*97 HTTP/1.1',
    ],
    [
      'a value that looks like the end',
      'GET /cgi/webserve/9006?&a=b HTTP/1.1 HTTP/1.1',
      'GET /cgi/webserve/9006?&a=b%20HTTP/1.1 HTTP/1.1',
    ],
    ['Elastix', 'GET /api/api.php?a=b c HTTP/1.1', 'GET /api/api.php?a=b%20c HTTP/1.1'],
    [
      'MOR',
      'POST /a/b-c/billing/stats/call_list?a=b c HTTP/1.1',
      'POST /a/b-c/billing/stats/call_list?a=b%20c HTTP/1.1',
    ],
    ['below a path', 'GET /phonebooks/list/a b HTTP/1.1', 'GET /phonebooks/list/a%20b HTTP/1.1'],
    ['VoIPmonitor', 'GET /1/2/3/admin.php?f={a:"b c"} HTTP/1.0', 'GET /1/2/3/admin.php?f=%7Ba:%22b%20c%22%7D HTTP/1.0'],
    ['more than a base', 'GET /1/2/3/4/admin.php?a=b c HTTP/1.1', null],
    ['no base', 'GET /a.b/admin.php?a=b c HTTP/1.1', null],
    ['a path that only begins so', 'GET /php/api.phpx?a=b c HTTP/1.1', null],
    ['a dialect’s path behind a blank', 'GET /x /api/api.php?a=b c HTTP/1.1', null],
    ['a dialect’s path in a query', 'GET /x?/api/api.php?a=b c HTTP/1.1', null],
    ['a dialect’s by another method', 'PUT /api/api.php?a=b c HTTP/1.1', null],
    ['nothing to mend', 'GET /cgi/webserve/9006?&a=b HTTP/1.1', null],
    ['another path', 'GET /healthz?a=b c HTTP/1.1', null],
    ['another method', 'DELETE /cgi/webserve/9006?a=b c HTTP/1.1', null],
    ['another version', 'GET /cgi/webserve/9006?a=b c HTTP/2.0', null],
    ['no version', 'GET /cgi/webserve/9006?a=b c', null],
    ['no HTTP at all', '\x16\x03\x01\x02\0\x01', null],
  ])('%s', (_name, line, mended) => {
    for (const end of ['\r\n', '\n'])
      expect(mend(`${line}${end}Host: x\r\n\r\nbody\xff`)).toBe(
        mended && `${mended}\r\nConnection: close\r\nHost: x\r\n\r\nbody\xff`,
      );
  });

  test('that has not ended may become one, or can not any more', () => {
    const line = 'POST /cgi/webserve/9006?&a=b c HTTP/1.1\r';
    for (let length = 0; length <= line.length; length++) expect(mend(line.slice(0, length))).toBe('incomplete');
    expect(mend('GET /old/php/api.php?a=b c')).toBe('incomplete');
    for (const other of ['PUT', 'GET /old/php/api.phpx?a=b c', 'GET /x', 'GET  /cgi', 'get /cgi', '\x16\x03'])
      expect(mend(other)).toBe(null);
  });

  test('of any bytes is mended into one that says the same, and only once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const value = Buffer.from(bytes.filter((byte) => byte !== 10 && byte !== 13 && byte !== 37));
        const head = Buffer.concat([
          Buffer.from('GET /cgi/webserve/9006?&a=( '),
          value,
          Buffer.from(') HTTP/1.1\r\n\r\n'),
        ]);
        const [, mended = ''] = /^GET (\S+) HTTP\/1\.1\r\nConnection: close\r\n\r\n$/.exec(String(mend(head))) ?? [];
        const text = value.toString('utf8');
        const meant = Buffer.from(text).equals(value) ? text : value.toString('latin1');
        expect(decodeURIComponent(mended)).toBe(`/cgi/webserve/9006?&a=( ${meant})`);
        expect(mend(`GET ${mended} HTTP/1.1\r\n\r\n`)).toBe(null);
      }),
      { numRuns: 500 },
    );
  });

  test('of 64 KB takes time in proportion: a million blanks are done at once', () => {
    // Quadratic, this is 10^12 steps and no test would see its end.
    const result = mend(`GET /cgi/webserve/9006?&a=${' '.repeat(1_000_000)}b${' '.repeat(1_000_000)}HTTP/1.1\r\n\r\n`);
    expect(String(result).length).toBe(
      3_000_000 + 'GET /cgi/webserve/9006?&a=b HTTP/1.1\r\nConnection: close\r\n\r\n'.length,
    );
  });

  test('of segments without end that may be a base takes time in proportion, too', () => {
    const line = (segment: string, blank: string) => `GET ${segment.repeat(200_000)}${blank}x HTTP/1.1\r\n`;
    for (const segment of ['/a', '/', `/${'a'.repeat(32)}`]) expect(mend(`${line(segment, ' ')}\r\n`)).toBe(null);
    // All below them is MOR's.
    for (const segment of ['/billing', '/api'])
      expect(mend(`${line(segment, ' ')}\r\n`) === `${line(segment, '%20')}Connection: close\r\n\r\n`).toBe(true);
  });

  test('mended passes the parser that refused it', async () => {
    const server = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
    const head = `GET /cgi/webserve/9006?&a=${every} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await exchange(url, head)).toContain('400 Bad Request');
    expect(await exchange(url, String(mend(head)))).toContain('200 OK');
  });
});
