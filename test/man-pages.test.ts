/** The man pages say what the program does, and are pages that man reads without complaint. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../daemon/command/all.ts';
import { CONFIG_KEYS } from '../daemon/config/schema.ts';
import { MAN_PAGES, manPage, manPagePath } from './support/man-pages.ts';
import { WRITE_COMMAND } from './support/readme.ts';

const HAS_MAN = spawnSync('man', ['--version']).status === 0;

describe.each(MAN_PAGES)('%s', (page) => {
  test('is the one that the code gives', () => {
    expect(readFileSync(manPagePath(page), 'utf8'), `run ${WRITE_COMMAND}`).toBe(manPage(page));
  });

  test('has no line that roff would take for a request of its own, and nothing but ASCII', () => {
    for (const line of manPage(page).split('\n'))
      if (/^[.']/.test(line)) expect(line).toMatch(/^\.(?:\\"|TH|SH|SS|TP|PP|B|BR|RB|I|RI|RS|RE|br|nf|fi)\b|^\.\\"/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII
    expect(manPage(page)).toMatch(/^[\x00-\x7f]*$/);
  });

  test.skipIf(!HAS_MAN)('man shows it without a warning', () => {
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', fileURLToPath(manPagePath(page))], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const words = page === 'cdrd.1' ? Object.keys(COMMANDS) : CONFIG_KEYS.map(({ variable }) => variable);
    // A word may be broken at the end of a line.
    const text = stdout.replace(/‐\n\s*/g, '');
    for (const word of words) expect(text).toContain(word);
  });
});
