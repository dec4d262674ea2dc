/**
 * Where what strangers say goes out, each way with the one place that makes it harmless there. The table holds who may write
 * to each; who else does fails it. What each place does is shown by its own tests, named beside it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TABLE } from '../cgi/table.ts';
import { print } from '../daemon/command/print.ts';
import { traceText } from '../daemon/control/trace-text.ts';
import { zone } from '../storage/model/local-time.ts';
import type { Trace } from '../storage/sql/trace.ts';
import { openBox } from './cgi/box.ts';

const ROOT = resolve(import.meta.dirname, '..');
const sources = ['daemon', 'cgi', 'storage'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name)),
);
/** What runs in browsers, and what bundles it: by rules of their own. */
const isPage = (file: string) => relative(ROOT, file).startsWith(join('cgi', 'gui'));

interface Sink {
  readonly what: string;
  /** In the source of whoever writes to it. */
  readonly writes: RegExp;
  /** Who may, and why it is harmless there. */
  readonly by: Readonly<Record<string, string>>;
}

const SINKS: readonly Sink[] = [
  {
    what: 'standard output and error',
    writes: /process\.std(?:out|err)\b|\bconsole\./,
    by: {
      'daemon/log.ts': 'the log: printable.ts, masks (test/log.test.ts)',
      'daemon/command/print.ts': 'commands: printable.ts (below)',
      'daemon/command/export.ts': 'data for a file or a program: CSV or JSON as 9005 and 9006 give it',
      'daemon/command/secret.ts': 'a question of ours at a terminal',
      'daemon/setup/ask.ts': 'questions of ours at a terminal, with paths that root has given',
      'daemon/state.ts': 'the first passwords at a terminal: made by us',
    },
  },
  {
    what: 'a line that ends with CRLF and holds a value',
    writes: /`[^`]*\$\{[^`]*\\r\\n/,
    by: {
      'daemon/wire/packet.ts':
        'AMI, both ways: no CR, LF, NUL (test/wire/packet.test.ts, test/asterisk/forged.test.ts)',
      'daemon/ami/tcp.ts': 'the greeting: printable ASCII (GREETING)',
      'daemon/http/websocket.ts': 'a status of ours; the greeting',
      'daemon/http/write-reply.ts': 'headers of ours, where there is no response yet',
      'daemon/http/request-line.ts': 'the request line that came, mended (test/http/request-line.test.ts)',
      'cgi/csv.ts': 'CSV: guarded and quoted (test/cgi/csv.test.ts)',
      'cgi/recording/download.ts': 'MISSING.txt: a text, not taken apart by anybody',
      'cgi/dialect/elastix/headers.ts': 'events of AMI as a page: escaped (test/dialect/elastix-state.test.ts)',
    },
  },
  {
    what: 'a header of HTTP with a name of a file, a cookie',
    writes: /Content-Disposition|Set-Cookie/,
    by: { 'daemon/http/write-reply.ts': 'disposition(): RFC 6266; tokens of ours (test/cgi/recording-media.test.ts)' },
  },
  {
    what: 'the way to a name on the medium',
    writes: /\/proc\/self\/fd/,
    by: {
      'daemon/recordings/open-folder.ts': 'no link followed, hard links looked at (test/recordings/file-steps.test.ts)',
      'daemon/sockets/inherited.ts': 'no name: sockets that were handed on',
    },
  },
  { what: 'a file written over on the medium', writes: /O_TRUNC/, by: {} },
  {
    what: 'Asterisk’s own database',
    writes: /'DBPut'/,
    by: { 'daemon/asterisk/recording-policy.ts': 'settings, each by its kind (kinds.ts: SOUND, PLACES)' },
  },
  {
    what: 'a program, or code made of text',
    writes: /child_process|new Function\b|node:vm|\beval\(/,
    by: {
      'storage/compaction.ts': 'no text but the name of V8’s collector',
      'daemon/setup/reload.ts': 'asterisk -rx, systemctl restart: words of ours, by root’s own command; no shell',
      'daemon/alarm/send-mail.ts': 'the package’s own script and the folder of mails (test/alarm/mail.test.ts)',
    },
  },
  {
    what: 'a spelling of CSV’s formulas',
    writes: /\[=@/,
    by: {
      'storage/model/csv-cell.ts': 'what a spreadsheet runs',
      'cgi/csv.ts': 'the apostrophe before it, taken off again on reading',
    },
  },
];

test.each(SINKS)('$what: nobody else writes there', ({ writes, by }) => {
  const found = sources
    .filter((file) => !isPage(file) && writes.test(code(readFileSync(file, 'utf8'))))
    .map((file) => relative(ROOT, file));
  expect(found.sort()).toEqual(Object.keys(by).sort());
});

test('a page makes no markup and no code of text, and no address that would run', () => {
  const runs =
    /\b(?:inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|srcdoc|\beval\(|new Function\b|javascript:/i;
  const pages = sources.filter(isPage);
  expect(pages.some((file) => file.endsWith('.tsx'))).toBe(true);
  expect(pages.filter((file) => runs.test(code(readFileSync(file, 'utf8'))))).toEqual([]);
  expect(runs.test('<p dangerouslySetInnerHTML={{ __html: name }} />')).toBe(true);
});

/** Without comments. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/ .*/g, '');
}

describe('SQL', () => {
  const CANARY = `q'1"x;--`;
  interface Native {
    exec(sql: string): void;
    close(): void;
  }
  const native = createRequire(import.meta.url)('node-sqlite3-wasm') as { Database: new (file: string) => Native };

  /** SQL that the store was given, while `work` went on, with a stranger's text in it. */
  async function withCanary(work: () => Promise<void>): Promise<{ all: number; bad: string[] }> {
    const prototype = native.Database.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
    const bad: string[] = [];
    let all = 0;
    const restore: (() => void)[] = [];
    for (const name of ['prepare', 'exec', 'all', 'get', 'run']) {
      const original = prototype[name];
      if (!original) continue;
      prototype[name] = function (this: unknown, sql: unknown, ...rest: unknown[]) {
        all++;
        if (typeof sql === 'string' && /q''?1/.test(sql)) bad.push(sql);
        return original.call(this, sql, ...rest);
      };
      restore.push(() => {
        prototype[name] = original;
      });
    }
    onTestFinished(() => {
      for (const each of restore) each();
    });
    await work();
    return { all, bad };
  }

  test('control: one that holds such a text is seen', async () => {
    const { bad } = await withCanary(async () => {
      const database = new native.Database(':memory:');
      database.exec(`SELECT '${CANARY.replaceAll("'", "''")}'`);
      database.close();
    });
    expect(bad).toHaveLength(1);
  });

  test('holds no text of a request, whatever parameter it came in', { timeout: 60_000 }, async () => {
    const box = openBox();
    const statuses = new Map<number, number>();
    const { all, bad } = await withCanary(async () => {
      for (const [number, { parameters }] of Object.entries(TABLE)) {
        const names = Object.keys((parameters as unknown as { entries: object }).entries);
        for (const name of names)
          for (const value of [CANARY, `*${CANARY}*`, `a,${CANARY}`]) {
            const query = `&${name}=${encodeURIComponent(value)}`;
            // Parts above that this box lacks fail, as a request would that never came so far.
            const { status } = await box.ask(Number(number), query).catch(() => ({ status: 0 }));
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
      }
    });
    expect(bad).toEqual([]);
    expect(all).toBeGreaterThan(20);
    // Many are refused by their kind, and many are searched for.
    expect(statuses.get(200)).toBeGreaterThan(20);
    expect(statuses.get(400)).toBeGreaterThan(100);
    expect([...statuses.keys()].filter((status) => status === 500)).toEqual([]);
  });
});

describe('a terminal', () => {
  const HOSTILE = 'a\x1b]0;owned\x07\x1b[2J\u202egpj\r\nrow 1: \x9b31m';
  const shown = (write: (to: { write(text: string): boolean }) => void) => {
    let text = '';
    write({
      write(piece) {
        text += piece;
        return true;
      },
    });
    return text;
  };

  test('is told lines of ours, and in them what a stranger is called, escaped', () => {
    const text = shown((to) => print(`first\n${HOSTILE.replace('\n', '')}`, to as never));
    expect(text).toBe('first\na\\x1b]0;owned\\x07\\x1b[2J\\u{202e}gpj\\rrow 1: \\x9b31m\n');
  });

  test('a trace has a line for each of ours, whatever the caller is called', () => {
    const trace = {
      group: HOSTILE,
      legs: [],
      calls: [
        {
          ...{ id: 1, src: HOSTILE, dst: HOSTILE, disposition: 'ANSWERED', open: false, deleted: false, legs: [] },
          ...{ anchor: 1, rule: 'talk', recording: HOSTILE, tie: 'named' },
        },
      ],
      pauses: [],
    } as unknown as Trace;
    const text = traceText([trace], HOSTILE, zone('Etc/GMT+8'));
    expect(text.split('\n')).toHaveLength(4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  });
});
