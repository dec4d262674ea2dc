import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pcmWav } from '../../recordings/helper.ts';
import { exchange } from '../clients.ts';
import type { Row } from '../row.ts';

const NAMES = [
  'a"; filename="evil.html',
  'b\r\nX-Injected: yes',
  'c\nX-Injected: yes',
  "d'; filename*=UTF-8''evil.html",
  'e"; x="',
  'f%0d%0aX-Injected: yes',
  'g\u2028\u202egpj',
  'h;i,j=k',
  '嘊嘍X-Injected: yes',
  '<script>alert(1)</script>',
];

export const headerSplit: Row = {
  name: 'header-split',
  flaws: [],
  no: 'header of an answer that a file’s name, a parameter or a path writes',
  alone: true,
  async attempt(box, tally) {
    const token = box.tokens.admin;
    const day = join(box.recordings, '20260106');
    await mkdir(day);
    for (const name of NAMES) await writeFile(join(day, `${name.replaceAll('/', '_')}.wav`), pcmWav(1));
    for (const name of NAMES) {
      const path = `20260106/${name.replaceAll('/', '_')}.wav`;
      for (const more of ['', '?download=1']) {
        const answer = await box.ask(`/recordings/${encodeURIComponent(path)}${more}`, { token });
        tally.works(answer.status !== 404, `the recording ${JSON.stringify(name)}: ${answer.status}`);
        const value = answer.headers['content-disposition'] ?? '';
        // One file name in quotes, with none inside, and one that is encoded: nothing else.
        const whole = /^(inline|attachment); filename="[^"\\]*"; filename\*=utf-8''[\w.~!#$&+^`|%-]*$/.test(value);
        tally.tried(answer.status === 200 && whole, `${JSON.stringify(name)}: ${answer.status} ${value}`);
        tally.tried(clean(answer.bytes), `${JSON.stringify(name)}: ${answer.bytes.slice(0, 400)}`);
        tally.tried(answer.headers['content-type'] === 'audio/wav', `it is ${answer.headers['content-type']}`);
      }
    }
    for (const name of NAMES)
      for (const [target, ask] of [
        [`/cgi/webserve/9006?startdate=${encodeURIComponent(name)}`, {}],
        [`/cgi/webserve/9006?${encodeURIComponent(name)}=1`, {}],
        [`/cgi/webserve/${encodeURIComponent(name)}`, {}],
        [`/${encodeURIComponent(name)}`, {}],
        ['/cgi/webserve/30016', { headers: { 'User-Agent': name.replace(/[^\x20-\x7e]/g, '') } }],
      ] as const) {
        const answer = await box.ask(target, { token, ...ask });
        tally.tried(
          answer.status < 500 && clean(answer.bytes),
          `${target}: ${answer.status} ${answer.bytes.slice(0, 300)}`,
        );
        // What an answer repeats must not become a page: neither by its type nor by what a browser makes of it.
        const safe =
          answer.headers['x-content-type-options'] === 'nosniff' &&
          !/html|svg|xml/.test(answer.headers['content-type'] ?? '');
        tally.tried(safe, `${target}: ${answer.headers['content-type']}`);
      }
    // The request line that is mended, with a line break of its own.
    for (const line of [
      'GET /cgi/webserve/9006?src=1 2%0d%0aX-Injected: yes HTTP/1.1',
      'GET /cgi/webserve/9006?src=1 \rX-Injected:yes HTTP/1.1',
      'GET /cgi/webserve/ 9006\r\n X-Injected: yes HTTP/1.1',
    ]) {
      const bytes = await exchange(box.port, `${line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, box.address());
      tally.tried(
        clean(bytes) && bytes.split('HTTP/1.1 ').length <= 2,
        `${JSON.stringify(line)}: ${bytes.slice(0, 300)}`,
      );
    }
  },
};

/** Whether the head of an answer has no line that came in. */
function clean(bytes: string): boolean {
  const head = bytes.slice(0, bytes.indexOf('\r\n\r\n'));
  return !head.split(/\r\n|\r|\n/).some((line) => /^x-injected/i.test(line));
}
