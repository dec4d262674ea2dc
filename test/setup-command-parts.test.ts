// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Asterisk writes variables so
/** What `cdrd setup` is made of, on texts of any kind: nothing of a box's own files may get lost or stand in the wrong place. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyChanges } from '../daemon/setup/apply.ts';
import { readAsteriskText } from '../daemon/setup/asterisk-text.ts';
import { firstSections, lastOf, readTree } from '../daemon/setup/asterisk-tree.ts';
import { withBlock, withoutBlock } from '../daemon/setup/block.ts';
import { unifiedDiff } from '../daemon/setup/diff.ts';
import { linesFor } from '../daemon/setup/snippet.ts';
import { withTomlValues } from '../daemon/setup/toml-edit.ts';
import { temporaryFolder } from './support/folder.ts';
import { fillDisk, mountDisk, whyNoMounts } from './support/mount.ts';

const line = fc.oneof(
  fc.constantFrom(
    '',
    '[general]',
    '[general](+)',
    'enabled = no',
    ';enabled = no',
    '; note',
    'a => b ; c',
    ';-- x --;',
    '#include y.conf',
  ),
  fc.string({ maxLength: 12 }).filter((text) => !/[\n\r]/.test(text)),
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));

describe('a block of ours', () => {
  test('comes out as it went in, and a second one takes its place', () => {
    fc.assert(
      fc.property(
        text,
        fc.array(line, { minLength: 1, maxLength: 5 }),
        fc.array(line, { maxLength: 5 }),
        (own, one, two) => {
          const ended = own === '' || own.endsWith('\n') ? own : `${own}\n`;
          expect(withoutBlock(withBlock(own, one))).toBe(ended);
          expect(withBlock(withBlock(own, one), two)).toBe(withBlock(ended, two));
        },
      ),
    );
  });

  test('goes away by the sed of the package as by ourselves', () => {
    const own = '[general]\nenabled = no\n';
    const file = join(temporaryFolder(), 'x.conf');
    writeFileSync(file, withBlock(own, ['[general](+)', 'enabled = yes']));
    const { stdout } = spawnSync('sed', ['/^; >>> cdrd setup/,/^; <<< cdrd setup/d', file], { encoding: 'utf8' });
    expect(stdout).toBe(own);
  });

  test('whose end somebody took away is left to them', () => {
    const torn = withBlock('a\n', ['b']).replace(/; <<<.*\n/, '');
    expect(withoutBlock(torn)).toBe(torn);
    // Also what they wrote behind it, when a later run has put another below.
    expect(withoutBlock(withBlock(`${torn}theirs\n`, ['c']))).toBe(`${torn}theirs\n`);
  });
});

describe('a file of Asterisk', () => {
  test('is read as main/config.c reads it', () => {
    const source = [
      '[one](!) ; a template',
      'key = value ; comment',
      'escaped = a\\;b',
      ';-- all of this',
      'hidden = yes',
      '--; after = 1',
      ';--- only a line',
      '[two](+,one)',
      'exten => _2XX,1,Dial(SIP/${EXTEN},30)',
      '#include "manager.d/*.conf"',
      '#tryinclude <x.conf>',
      '#exec /bin/x',
    ].join('\n');
    expect(readAsteriskText(source)).toEqual({
      endsInComment: false,
      statements: [
        { kind: 'section', line: 1, name: 'one', adds: false },
        { kind: 'pair', line: 2, key: 'key', value: 'value' },
        { kind: 'pair', line: 3, key: 'escaped', value: 'a;b' },
        { kind: 'pair', line: 6, key: 'after', value: '1' },
        { kind: 'section', line: 8, name: 'two', adds: true },
        { kind: 'pair', line: 9, key: 'exten', value: '_2XX,1,Dial(SIP/${EXTEN},30)' },
        { kind: 'include', line: 10, path: 'manager.d/*.conf', must: true },
        { kind: 'include', line: 11, path: 'x.conf', must: false },
      ],
    });
    expect(readAsteriskText('a = 1\n;-- open').endsInComment).toBe(true);
  });

  test('goes on behind an include in the section that it was in, whatever sections that opens', () => {
    const texts: Record<string, string> = {
      '/x/a.conf': '[general]\n#include b.conf\nport = 5038\n',
      '/x/b.conf': 'enabled = yes\n[user]\nsecret = x\n',
    };
    const { pairs } = readTree('/x/a.conf', '/x', (path) => texts[path] ?? null);
    expect(pairs.map(({ section, key }) => `${section}.${key}`)).toEqual([
      'general.enabled',
      'user.secret',
      'general.port',
    ]);
  });

  test('of two sections of one name the first counts where it is asked for by name, with what is added to it', () => {
    const source = '[general]\na = 1\n[x]\n[General]\na = 2\nb = 2\n[general](+)\nb = 3\n';
    const tree = readTree('/x/a.conf', '/x', (path) => (path === '/x/a.conf' ? source : null));
    expect(lastOf(tree, 'general', 'a')?.value).toBe('2');
    expect(lastOf(firstSections(tree), 'general', 'a')?.value).toBe('1');
    expect(lastOf(firstSections(tree), 'general', 'b')?.value).toBe('3');
  });

  test('has what is wanted once it was added, whatever it held before, and is not added to again', () => {
    const wanted = [
      { section: 'general', key: 'enabled', value: 'yes', fallback: 'no' },
      { section: 'mappings', key: 'linkedid', value: 'LinkedID', isMapping: true },
    ];
    const read = (content: string) => readTree('/x/a.conf', '/x', (path) => (path === '/x/a.conf' ? content : null));
    fc.assert(
      fc.property(
        text.filter((content) => !readAsteriskText(content).endsInComment),
        (own) => {
          const after = read(withBlock(own, linesFor(wanted, read(own))));
          expect(lastOf(after, 'general', 'enabled')?.value.toLowerCase()).toMatch(/^(yes|true|y|t|1|on)$/);
          expect(lastOf(after, 'mappings', 'linkedid')?.value).toBe('LinkedID');
          expect(linesFor(wanted, after)).toEqual([]);
        },
      ),
    );
  });
});

test('a diff, applied, gives the new text', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = (all: string) => (all === '' ? [] : (all.endsWith('\n') ? all.slice(0, -1) : all).split('\n'));
      const diff = unifiedDiff('x', before, after).slice(2);
      const result: string[] = [];
      const old = lines(before);
      let at = 0;
      for (const each of diff) {
        const hunk = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(each);
        if (hunk) {
          const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
          result.push(...old.slice(at, start));
          at = start;
        } else {
          if (each[0] !== '+') expect(old[at++]).toBe(each.slice(1));
          if (each[0] !== '-') result.push(each.slice(1));
        }
      }
      result.push(...old.slice(at));
      expect(result).toEqual(lines(after));
    }),
  );
});

test('a diff shows what has changed and nothing else, as diff -u does', () => {
  expect(unifiedDiff('x', 'a\nb\nc\n', 'a\nc\nd\n')).toEqual([
    '--- x',
    '+++ x',
    '@@ -1,3 +1,3 @@',
    ' a',
    '-b',
    ' c',
    '+d',
  ]);
  const minimal = unifiedDiff('x', 'a\nx\ny\nz\n', 'a\nn\nx\nm\nz\n').slice(3);
  expect(minimal).toEqual([' a', '+n', ' x', '-y', '+m', ' z']);
  expect(unifiedDiff('x', null, 'a\n')).toEqual(['--- /dev/null', '+++ x', '@@ -0,0 +1,1 @@', '+a']);
  expect(unifiedDiff('x', 'a\n', 'a\n')).toEqual([]);
});

describe('a key of cdrd.toml', () => {
  const values = { 'asterisk.secret': 'a"b\\c#d', 'recordings.dir': '/srv/x' };

  test.each([
    ['in a file without it', ''],
    [
      'where it stands commented out',
      '[asterisk]\n# Its secret.\n#secret = ""\n#port = 5039\n\n[recordings]\n#dir = "/media"\n',
    ],
    ['where it has a value', '[asterisk]\nsecret = "old" # of June\nport = 5039\n[recordings]\ndir = \'/old\'\n'],
    [
      'in a section that has others',
      '[recordings]\nplaces = { A = "/a" }\n[asterisk]\nport = 1\n[recordings.more]\nx = 1\n',
    ],
    ['without an end of the last line', '[asterisk]\nport = 1'],
  ])('%s', (_where, before) => {
    const after = withTomlValues(before, values);
    const document = parse(after) as Record<string, Record<string, unknown>>;
    expect(document).toMatchObject(parse(before.replace(/^(secret|dir) .*$/gm, '')));
    expect(document).toMatchObject({ asterisk: { secret: 'a"b\\c#d' }, recordings: { dir: '/srv/x' } });
    for (const comment of before.match(/# [A-Z].*| # .*/g) ?? []) expect(after).toContain(comment);
    expect(withTomlValues(after, values)).toBe(after);
    expect(after).not.toMatch(/^#(secret|dir) =/m);
  });

  test('that goes over lines is for a person', () => {
    expect(() => withTomlValues('[asterisk]\nsecret = """\na"""\n', values)).toThrow('line 2: asterisk.secret');
  });
});

test.skipIf(whyNoMounts() !== '')('a full disk: the file is named, stays as it was, and a next run goes on', () => {
  const folder = temporaryFolder();
  mountDisk(folder, 1_000_000, onTestFinished);
  const path = join(folder, 'cdr.conf');
  writeFileSync(path, '[general]\n');
  fillDisk(folder, 8_192);
  const change = { path, before: '[general]\n', after: `[general]\n${'; x\n'.repeat(10_000)}` };
  expect(() => applyChanges([change], '20261127-120000')).toThrow(`${path} could not be written (ENOSPC`);
  expect(readFileSync(path, 'utf8')).toBe('[general]\n');
});

test('two runs within one second each leave a copy', () => {
  const path = join(temporaryFolder(), 'cdr.conf');
  writeFileSync(path, 'one');
  const copies = ['two', 'three'].flatMap((after) => {
    const before = readFileSync(path, 'utf8');
    return applyChanges([{ path, before, after }], '20261127-120000').map(({ copy }) => readFileSync(copy, 'utf8'));
  });
  expect(copies).toEqual(['one', 'two']);
});
