/**
 * `cdrd setup` on boxes as Debian's packages leave them, as technicians leave them, and as its own earlier run left them: the
 * shipped bundle on real files, and what Asterisk would read afterwards by the reader of its configuration.
 */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Asterisk writes variables so
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../daemon/config.ts';
import { lastOf, readTextHere, readTree } from '../daemon/setup/asterisk-tree.ts';
import { applyFolder } from '../daemon/setup/recordings-folder.ts';
import { temporaryFolder } from './support/folder.ts';
import { NODE_FLAGS } from './support/production.ts';

const PROGRAM = new URL('.build/cdrd.mjs', import.meta.url).pathname;
/** Any user that isn't root. */
const NOBODY = 65534;
const SNIPPETS = new URL('../etc/asterisk/', import.meta.url).pathname;

/** What Debian's asterisk-config has in force; its comments are shortened. */
const STOCK: Readonly<Record<string, string>> = {
  'asterisk.conf': '[directories](!)\nastetcdir => /etc/asterisk\nastlogdir => /var/log/asterisk\n',
  'manager.conf':
    ';\n; By default asterisk will listen on localhost only. \n[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.1\n\n' +
    '; No access is allowed by default.\n#include "manager.d/*.conf" \n',
  'manager.d/README.conf': '; Empty placeholder by the Debian packaging.\n',
  'cdr.conf':
    '[general]\n;enable=yes\n;unanswered = no\n\n[csv]\nusegmtime=yes    ; log date/time in GMT.  Default is "no"\n' +
    'loguniqueid=yes  ; log uniqueid.  Default is "no"\n\n;[radius]\n;usegmtime=yes    ; log date/time in GMT\n',
  'cdr_manager.conf': ';\n[general]\nenabled = no\n\n;[mappings]\n;rate => Rate\n',
  'cdr_custom.conf': ';\n;[mappings]\n;Simple.csv => ${CSV_QUOTE(${EPOCH})}\n',
  'extensions.conf':
    '[general]\nstatic=yes\n[globals]\nTRUNK=DAHDI/G2\n[demo]\nexten => 500,1,Playback(demo-abouttotry)\n',
};

interface Box {
  readonly etc: string;
  readonly config: string;
  /** Runs `cdrd setup` with these words. */
  setup(...words: string[]): { code: number | null; out: string; err: string };
  text(name: string): string;
  /** What holds of a key in a file of Asterisk's, its includes read. */
  value(file: string, section: string, key: string): string | undefined;
}

/** @param files Over the stock ones; '' = not there. */
function box(files: Readonly<Record<string, string>> = {}): Box {
  const folder = temporaryFolder();
  const etc = join(folder, 'asterisk');
  const config = join(folder, 'cdrd', 'cdrd.toml');
  mkdirSync(join(etc, 'manager.d'), { recursive: true });
  for (const [name, text] of Object.entries({ ...STOCK, ...files }))
    if (text !== '') writeFileSync(join(etc, name), text, { mode: 0o640 });
  return {
    etc,
    config,
    setup(...words) {
      const args = ['setup', '--asterisk', etc, '--config', config, '--snippets', SNIPPETS, ...words];
      const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
        encoding: 'utf8',
        input: '',
        timeout: 15_000,
      });
      return { code: status, out: stdout, err: stderr };
    },
    text: (name) => readFileSync(join(etc, name), 'utf8'),
    value: (file, section, key) => lastOf(readTree(join(etc, file), etc, readTextHere), section, key)?.value,
  };
}

/** Every file below a folder with its text, but for copies. */
function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile() && !entry.name.includes('.before-cdrd-'))
      .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'utf8')]),
  );
}

describe('on a box as Debian leaves it', () => {
  test('everything that cdrd needs holds afterwards, and nothing else has changed', () => {
    const { etc, config, setup, text, value } = box();
    const { code, err } = setup('--yes');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(value('manager.conf', 'general', 'port')).toBe('5039');
    expect(value('manager.conf', 'general', 'bindaddr')).toBe('127.0.0.1');
    expect(value('manager.conf', 'cdrd', 'write')).toBe('system,call,reporting');
    expect(text('manager.conf')).toBe(STOCK['manager.conf']);
    expect(value('cdr.conf', 'general', 'unanswered')).toBe('yes');
    expect(value('cdr.conf', 'general', 'congestion')).toBe('yes');
    // Whoever reads Master.csv finds it as it was.
    expect(value('cdr.conf', 'csv', 'usegmtime')).toBe('yes');
    expect(value('cdr_manager.conf', 'general', 'enabled')).toBe('yes');
    expect(value('cdr_manager.conf', 'mappings', 'recordingfile')).toBe('Recording File Name');
    expect(value('cdr_manager.conf', 'mappings', 'sequence')).toBe('Sequence');
    expect(value('cdr_custom.conf', 'mappings', 'cdrd.csv')).toMatch(
      /^\$\{CSV_QUOTE\(\$\{CDR\(accountcode\)\}\)\},.*peeraccount\)\}\)\}$/,
    );
    expect(readTree(join(etc, 'extensions.conf'), etc, readTextHere).sections).toContain('cdrd-answer');
    for (const name of ['cdr.conf', 'cdr_manager.conf', 'cdr_custom.conf', 'extensions.conf'])
      expect(text(name).startsWith(STOCK[name] ?? '?')).toBe(true);

    const { asterisk } = loadConfig(config, {});
    expect(asterisk).toMatchObject({ port: 5039, username: 'cdrd', cdrCsv: '/var/log/asterisk/cdr-custom/cdrd.csv' });
    expect(asterisk.secret).toMatch(/^[\w-]{32}$/);
    expect(value('manager.conf', 'cdrd', 'secret')).toBe(asterisk.secret);
    for (const path of [config, join(etc, 'manager.d/cdrd.conf')]) expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(statSync(join(config, '..')).mode & 0o777).toBe(0o750);
  });

  test('a second run has nothing to do, and a third after an update of ours only that', () => {
    const { etc, config, setup } = box();
    setup('--yes');
    const after = { ...snapshot(etc), config: readFileSync(config, 'utf8') };
    const again = setup('--yes');
    expect(again.code).toBe(0);
    expect(again.out).toContain('nothing to change');
    expect({ ...snapshot(etc), config: readFileSync(config, 'utf8') }).toEqual(after);
    const copies = readdirSync(etc).filter((name) => name.includes('.before-cdrd-'));
    expect(copies.map((name) => name.replace(/\.before.*/, '')).sort()).toEqual([
      'cdr.conf',
      'cdr_custom.conf',
      'cdr_manager.conf',
      'extensions.conf',
    ]);

    const newer = temporaryFolder();
    cpSync(SNIPPETS, newer, { recursive: true });
    appendFileSync(join(newer, 'extensions_cdrd.conf'), '[cdrd-new]\nexten => s,1,Return()\n');
    const { out } = setup('--yes', '--snippets', newer);
    expect(out).toContain('+[cdrd-new]\n');
    const changed = Object.entries(snapshot(etc)).filter(([path, now]) => after[path as keyof typeof after] !== now);
    expect(changed.map(([path]) => path)).toEqual([join(etc, 'extensions_cdrd.conf')]);
  });

  test('the diff is shown, the secret is not, and --dry-run and a missing --yes write nothing', () => {
    const { etc, config, setup } = box();
    const before = snapshot(etc);
    for (const [words, code] of [
      [['--dry-run'], 0],
      [[], 1],
    ] as const) {
      const done = setup(...words);
      expect(done.code).toBe(code);
      expect(done.out).toContain(`+++ ${etc}/cdr_manager.conf\n`);
      expect(done.out).toContain('+port = 5039\n');
      expect(done.out).toContain('+secret = (secret)\n');
      expect(done.out).toContain('+cdr_csv = "/var/log/asterisk/cdr-custom/cdrd.csv"\n+secret = (secret)\n');
      expect(snapshot(etc)).toEqual(before);
      expect(readTextHere(config)).toBeNull();
    }
    const { out } = setup('--yes');
    expect(out).not.toContain(loadConfig(config, {}).asterisk.secret);
  });

  test('--undo gives back what was there, byte for byte', () => {
    const { etc, config, setup } = box();
    const before = snapshot(etc);
    setup('--yes');
    const { code } = setup('--undo', '--yes');
    expect(code).toBe(0);
    expect(snapshot(etc)).toEqual(before);
    expect(readTextHere(config)).not.toBeNull();
  });
});

describe('on a box that somebody has worked on', () => {
  test('a secret that is there already is kept, in whichever of the two files it stands', () => {
    const { etc, config, setup, value } = box();
    mkdirSync(join(config, '..'));
    writeFileSync(
      config,
      '# mine\n[asterisk]\n#port = 5039\nsecret = "of-the-toml" # keep\n[http]\nlisten = "[::]:8080"\n',
      {
        mode: 0o644,
      },
    );
    expect(setup('--yes').code).toBe(0);
    expect(value('manager.conf', 'cdrd', 'secret')).toBe('of-the-toml');
    expect(loadConfig(config, {})).toMatchObject({
      asterisk: { secret: 'of-the-toml' },
      http: { listen: [{ host: '::', port: 8080 }] },
    });
    expect(readFileSync(config, 'utf8')).toMatch(/^# mine\n\[asterisk\]\n/);

    const other = box({ 'manager.d/cdrd.conf': '[cdrd]\nsecret = by-hand\nread = all\nwrite = all\n' });
    expect(other.setup('--yes').code).toBe(0);
    expect(loadConfig(other.config, {}).asterisk.secret).toBe('by-hand');
    expect(other.text('manager.d/cdrd.conf').startsWith('[cdrd]\nsecret = by-hand\n')).toBe(true);
    expect(other.value('manager.conf', 'general', 'port')).toBe('5039');
    expect(etc).not.toBe(other.etc);
  });

  test('a box that was set up by hand, by the snippets, gets cdrd.toml alone', () => {
    const snippets = readdirSync(SNIPPETS).map((name) => [name, readFileSync(join(SNIPPETS, name), 'utf8')] as const);
    const { etc, setup, config } = box({
      ...Object.fromEntries(snippets),
      'manager.conf': readFileSync(join(SNIPPETS, 'manager.conf'), 'utf8').replace('= CHANGE-ME', '= by-hand'),
      'extensions.conf': '[general]\n#include extensions_cdrd.conf\n[phones]\nexten => 1,1,NoOp()\n',
    });
    const before = snapshot(etc);
    expect(setup('--yes').code).toBe(0);
    expect(snapshot(etc)).toEqual(before);
    expect(loadConfig(config, {}).asterisk.secret).toBe('by-hand');
  });

  test('a secret that everybody knows is overruled by one of this box', () => {
    const { setup, value, config } = box({ 'manager.conf': readFileSync(join(SNIPPETS, 'manager.conf'), 'utf8') });
    expect(setup('--yes').code).toBe(0);
    const { secret } = loadConfig(config, {}).asterisk;
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(value('manager.conf', 'cdrd', 'secret')).toBe(secret);
    expect(setup('--yes').out).toContain('nothing to change');
  });

  test('an empty secret is none, and one that was commented out is not shown', () => {
    const { setup, value, config } = box({
      'manager.conf': '[general]\nenabled = yes\n[cdrd]\nsecret =\n;secret = hunter2\nread = all\nwrite = all\n',
    });
    const { out } = setup('--yes');
    const { secret } = loadConfig(config, {}).asterisk;
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(value('manager.conf', 'cdrd', 'secret')).toBe(secret);
    expect(out).toContain(' ;secret = (secret)\n');
    expect(out).not.toContain('hunter2');
    expect(setup('--yes').out).toContain('nothing to change');
  });

  test('where manager.d is read before what it would go on with, the end of manager.conf is used', () => {
    const text = '#include "manager.d/*.conf"\n[general]\nenabled = yes\nport = 5038\n';
    const { etc, setup, value, text: now } = box({ 'manager.conf': text });
    expect(setup('--yes').code).toBe(0);
    expect(now('manager.conf').startsWith(text)).toBe(true);
    expect(readTextHere(join(etc, 'manager.d/cdrd.conf'))).toBeNull();
    expect(readTree(join(etc, 'manager.conf'), etc, readTextHere).orphans).toEqual([]);
    expect(value('manager.conf', 'general', 'port')).toBe('5039');
    expect(setup('--yes').out).toContain('nothing to change');
  });

  test('the manager interface is moved where a second [general] or a line behind the include only seems to have done so', () => {
    const folder = '#include "manager.d/*.conf"\n';
    const wanted = 'enabled = yes\nport = 5039\nbindaddr = 127.0.0.1\n';
    const two = box({ 'manager.conf': `[general]\nenabled = no\n[general]\n${wanted}${folder}` });
    expect(two.setup('--yes').code).toBe(0);
    expect(two.text('manager.d/cdrd.conf')).toContain('[general](+)\nenabled = yes\nport = 5039\n');

    const behind = box({ 'manager.conf': `[general]\nenabled = yes\n${folder}port = 5038\n` });
    expect(behind.setup('--yes').code).toBe(0);
    expect(behind.text('manager.conf')).toContain('[general](+)\nport = 5039\n');
  });

  test('without manager.d the end of manager.conf is used', () => {
    const text = '[general]\nenabled = no\nport = 5038\n\n[crm]\nsecret = theirs\nread = all\n';
    const { setup, value, text: now } = box({ 'manager.conf': text });
    const { code, out } = setup('--yes');
    expect(code).toBe(0);
    expect(now('manager.conf').startsWith(text)).toBe(true);
    expect(value('manager.conf', 'general', 'enabled')).toBe('yes');
    expect(value('manager.conf', 'general', 'port')).toBe('5039');
    expect(value('manager.conf', 'crm', 'secret')).toBe('theirs');
    expect(out).toMatch(/programs that log in .* as crm find cdrd on 5038/);
    expect(out).toContain(' [crm]\n secret = (secret)\n');
  });

  test('what is there is neither repeated nor lost; what stands against it is named, and the exit code says so', () => {
    const { setup, text } = box({
      'cdr.conf': '[general]\nunanswered = true\ncongestion = 1\nbatch = no\n',
      'cdr_manager.conf': '[general]\nenabled = on\n[mappings]\nrate => Rate\nlinkedid => LinkedID\n',
      'cdr_custom.conf': '[mappings]\ncdrd.csv => ${CDR(src)}\n',
      'manager.d/zz.conf': '[general](+)\nport = 5040\n',
    });
    const { code, out } = setup('--yes');
    expect(code).toBe(1);
    expect(out).toMatch(/TO DO: .*zz\.conf:2 says port = 5040, and it is read last/);
    expect(out).toMatch(/TO DO: .*cdr_custom\.conf:2 writes cdrd\.csv in another layout/);
    expect(text('cdr.conf')).toBe('[general]\nunanswered = true\ncongestion = 1\nbatch = no\n');
    expect(text('cdr_manager.conf').match(/linkedid/g)).toHaveLength(1);
    expect(text('cdr_manager.conf')).toContain('[mappings](+)\n');
    expect(text('cdr_manager.conf')).toContain('rate => Rate\n');
  });

  test('lines of the dialplan that ring somebody are shown with what they would become', () => {
    const { setup } = box({
      'extensions.conf':
        '[general]\n[phones]\nexten => _2XX,1,Dial(PJSIP/${EXTEN},30,tT)\n same => n,Queue(support,,,,20)\n' +
        'exten => 9,1,Dial(PJSIP/9,,U(cdrd-answer))\nexten => 740,1,ConfBridge(${EXTEN})\n',
    });
    const { out } = setup('--yes');
    expect(out).toContain('exten => _2XX,1,Dial(PJSIP/${EXTEN},30,tTU(cdrd-answer))');
    expect(out).toContain('same => n,Queue(support,,,,20,,,cdrd-answer)');
    expect(out).toContain('exten => 740,1,Gosub(cdrd-conference,s,1(${EXTEN}))');
    expect(out).not.toContain(':5: exten');
  });

  test('what lies in another folder of users than manager.d is undone as well', () => {
    const { setup, etc } = box({ 'manager.conf': '[general]\nenabled = yes\n#include "users.d/*.conf"\n' });
    mkdirSync(join(etc, 'users.d'));
    const before = snapshot(etc);
    expect(setup('--yes').code).toBe(0);
    expect(readTextHere(join(etc, 'users.d/cdrd.conf'))).toContain('[cdrd]');
    expect(setup('--undo', '--yes').code).toBe(0);
    expect(snapshot(etc)).toEqual(before);
  });

  test('a folder or a pipe that a pattern of an include finds is none of its files', () => {
    const { setup, etc, value } = box({ 'manager.conf': '[general]\nenabled = yes\n#include "more/*"\n' });
    mkdirSync(join(etc, 'more/old'), { recursive: true });
    expect(spawnSync('mkfifo', [join(etc, 'more/pipe')]).status).toBe(0);
    expect(setup('--yes')).toMatchObject({ code: 0, err: '' });
    expect(value('manager.conf', 'general', 'port')).toBe('5039');
  });

  test('subroutines that the dialplan calls stay when it is undone', () => {
    const { setup, etc, text } = box({
      'extensions.conf': '[general]\n[phones]\nexten => _2XX,1,Dial(PJSIP/${EXTEN},30,U(cdrd-answer))\n',
    });
    setup('--yes');
    const { out } = setup('--undo', '--yes');
    expect(out).toContain(`${etc}/extensions.conf:3`);
    expect(text('extensions.conf')).toContain('#tryinclude extensions_cdrd.conf');
    expect(readTextHere(join(etc, 'manager.d/cdrd.conf'))).toBeNull();
  });

  test('what FreePBX writes anew is left to it: its files for people take our lines', () => {
    const head = ';--------;\n; Do NOT edit this file as it is auto-generated by FreePBX.  ;\n';
    const { setup, text, value, etc } = box({
      'manager.conf': `${head}[general]\nenabled = yes\nport = 5038\n#include manager_additional.conf\n#include manager_custom.conf\n`,
      'manager_additional.conf': '[admin]\nsecret = theirs\n',
      'manager_custom.conf': '; mine\n',
      'extensions.conf': `${head}[general]\n#include extensions_custom.conf\n[from-internal]\nexten => 1,1,NoOp()\n`,
      'extensions_custom.conf': '[from-internal-custom]\nexten => 5,1,NoOp()\n',
      'cdr_manager.conf': `${head}[general]\nenabled = no\n`,
    });
    const before = [text('manager.conf'), text('extensions.conf')];
    const { code, out } = setup('--yes');
    expect(code).toBe(1);
    expect(out).toMatch(/TO DO: .*cdr_manager\.conf is written anew by FreePBX/);
    expect([text('manager.conf'), text('extensions.conf')]).toEqual(before);
    expect(value('manager.conf', 'general', 'port')).toBe('5039');
    expect(readTree(join(etc, 'extensions.conf'), etc, readTextHere).sections).toContain('cdrd-answer');
    expect(setup('--yes').out).toContain('nothing to change');
    setup('--undo', '--yes');
    expect(text('manager_custom.conf')).toBe('; mine\n');
  });

  test('bytes that are no UTF-8 stay what they are, and line ends too', () => {
    const { etc, setup } = box();
    const bytes = Buffer.from('[general]\r\nenabled = no ; f\xfcr die Zentrale\r\n', 'latin1');
    writeFileSync(join(etc, 'cdr_manager.conf'), bytes);
    expect(setup('--yes').code).toBe(0);
    expect(readFileSync(join(etc, 'cdr_manager.conf')).subarray(0, bytes.length)).toEqual(bytes);
    setup('--undo', '--yes');
    expect(readFileSync(join(etc, 'cdr_manager.conf'))).toEqual(bytes);
  });

  test('a box that loads only what it names gets what is needed named; what is kept out is told', () => {
    const { setup, text, etc } = box({
      'modules.conf':
        '[modules]\nautoload = no\nload = cdr_manager.so\npreload = func_cdr.so\nnoload => app_mixmonitor.so\n',
    });
    const { code, out } = setup('--yes');
    expect(code).toBe(1);
    expect(out).toContain(`TO DO: ${etc}/modules.conf:5 keeps app_mixmonitor.so from being loaded`);
    expect(text('modules.conf')).toContain('[modules](+)\nload => cdr_custom.so\n');
    expect(text('modules.conf').match(/cdr_manager\.so|func_cdr\.so/g)).toHaveLength(2);
    expect(setup('--yes').out).toContain('nothing to change');
  });

  test('keys of a newer Asterisk are mended where somebody has set them, and only there', () => {
    const { setup, value } = box({ 'cdr.conf': '[general]\nignoredialchanges = yes\n' });
    setup('--yes');
    expect(value('cdr.conf', 'general', 'ignoredialchanges')).toBe('no');
    expect(value('cdr.conf', 'general', 'canceldispositionenabled')).toBeUndefined();
  });

  test('a comment that has no end would take in our lines: the file is left alone, and named', () => {
    const { setup, text } = box({ 'cdr.conf': '[general]\n;-- all of this\nunanswered = no\n' });
    const { code, out } = setup('--yes');
    expect(code).toBe(1);
    expect(out).toMatch(/TO DO: .*cdr\.conf: a comment ;-- has no end/);
    expect(text('cdr.conf')).toBe('[general]\n;-- all of this\nunanswered = no\n');
  });

  test('another name for cdrd, another port, and a secret with a semicolon, as cdrd.toml has them', () => {
    const { setup, value, config, text } = box();
    mkdirSync(join(config, '..'));
    writeFileSync(config, '[asterisk]\nusername = "recorder"\nport = 5138\nsecret = "a;b é"\n');
    expect(setup('--yes').code).toBe(0);
    expect(value('manager.conf', 'general', 'port')).toBe('5138');
    expect(text('manager.d/cdrd.conf')).toContain('[recorder]\nsecret = a\\;b é\n');
    expect(statSync(config).mode & 0o777).toBe(0o640);
    expect(setup('--yes').out).toContain('nothing to change');
  });

  test('a secret with a semicolon overrules the one of the snippet', () => {
    const { setup, value, config } = box({ 'manager.conf': readFileSync(join(SNIPPETS, 'manager.conf'), 'utf8') });
    mkdirSync(join(config, '..'));
    writeFileSync(config, '[asterisk]\nsecret = "a;b"\n', { mode: 0o600 });
    expect(setup('--yes')).toMatchObject({ code: 0, err: '' });
    expect(value('manager.conf', 'cdrd', 'secret')).toBe('a;b');
  });

  test.skipIf(process.getuid?.() !== 0)(
    'as root it follows no link that Asterisk’s user has laid to a file of another',
    () => {
      for (const target of ['secret', 'folder/secret']) {
        const { setup, etc } = box({ 'cdr.conf': '' });
        const elsewhere = temporaryFolder();
        mkdirSync(join(elsewhere, 'folder'));
        const file = join(elsewhere, target);
        writeFileSync(file, '[general]\n', { mode: 0o600 });
        symlinkSync(file, join(etc, 'cdr.conf'));
        lchownSync(join(etc, 'cdr.conf'), NOBODY, NOBODY);
        const before = snapshot(etc);
        const { code, err } = setup('--yes');
        expect(code).not.toBe(0);
        expect(err).toContain(`${etc}/cdr.conf is a link of user ${NOBODY} to ${file}, which is another user's`);
        expect(readFileSync(file, 'utf8')).toBe('[general]\n');
        expect(snapshot(etc)).toEqual(before);

        chownSync(file, NOBODY, NOBODY); // its own it may link to
        expect(setup('--yes').code).toBe(0);
        expect(readFileSync(file, 'utf8')).toContain('unanswered = yes');
      }
    },
  );

  test.skipIf(process.getuid?.() !== 0)(
    'the folder of the recordings is given to its group, and nothing that it links to',
    () => {
      const folder = temporaryFolder();
      const [calls, secret, link] = ['calls', 'secret', 'link'].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      for (const path of [calls, secret]) mkdirSync(path, { mode: 0o750 });
      applyFolder({ path: calls, isNew: false });
      expect(statSync(calls).mode & 0o7777).toBe(0o2770); // no more than its group needs
      const onVfat = join(folder, 'a', 'b');
      applyFolder({ path: onVfat, isNew: true, byMount: true });
      expect(statSync(onVfat).mode & 0o7777).toBe(0o755); // no more is asked of it
      symlinkSync(secret, link);
      lchownSync(link, NOBODY, NOBODY);
      expect(() => applyFolder({ path: link, isNew: false })).toThrow(`${link} is a link of user ${NOBODY}`);
      expect(statSync(secret).mode & 0o7777).toBe(0o750);
    },
  );

  test.skipIf(process.getuid?.() !== 0)('cdrd.toml that was root’s alone can be read by the daemon afterwards', () => {
    const { setup, config } = box();
    mkdirSync(join(config, '..'));
    writeFileSync(config, '[asterisk]\nsecret = "its-own"\n', { mode: 0o600 });
    expect(setup('--yes').code).toBe(0);
    expect(statSync(config).mode & 0o777).toBe(0o640);
  });

  test('a link stays a link, and files that are missing are made', () => {
    const { setup, etc, value } = box({ 'cdr_manager.conf': '', 'cdr_custom.conf': '', 'cdr.conf': '' });
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, 'x'), '[general]\n');
    symlinkSync(join(elsewhere, 'x'), join(etc, 'cdr.conf'));
    expect(setup('--yes').code).toBe(0);
    expect(readFileSync(join(elsewhere, 'x'), 'utf8')).toContain('unanswered = yes');
    expect(value('cdr_manager.conf', 'general', 'enabled')).toBe('yes');
    expect(setup('--yes').out).toContain('nothing to change');
  });
});

const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!HAS_SCRIPT)('at a terminal', () => {
  /** Types an answer whenever a question stands there; '' = the end of the input. @returns the exit code. */
  async function typed({ etc, config }: Box, answers: readonly string[]): Promise<number> {
    const words = [
      process.execPath,
      ...NODE_FLAGS,
      PROGRAM,
      'setup',
      '--asterisk',
      etc,
      '--config',
      config,
      '--snippets',
      SNIPPETS,
    ];
    const child = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
      env: { PATH: process.env['PATH'] },
      timeout: 15_000,
    });
    let seen = '';
    let next = 0;
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      seen += part;
      // Behind the question the terminal is told where its cursor stands.
      if (!/\] .{0,6}$/.test(seen) || next >= answers.length) return;
      seen = '';
      const answer = answers[next++];
      child.stdin.write(answer === '' ? '\x04' : `${answer}\n`);
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(next).toBe(answers.length);
    return code;
  }

  test('it asks before it writes, and takes another folder for the recordings', async () => {
    const asked = box();
    const before = snapshot(asked.etc);
    expect(await typed(asked, ['/srv/calls', 'n'])).toBe(1);
    expect(await typed(asked, [''])).toBe(1);
    expect(await typed(asked, ['/srv/calls', ''])).toBe(1);
    expect(await typed(asked, ['y', '/srv/calls', 'n'])).toBe(1); // meant for a question that comes later
    expect(snapshot(asked.etc)).toEqual(before);
    expect(await typed(asked, ['/srv/calls', 'y', 'n'])).toBe(0);
    expect(loadConfig(asked.config, {}).recordings.dir).toBe('/srv/calls');
    expect(asked.value('manager.conf', 'general', 'port')).toBe('5039');
  });
});

describe('says what is wrong', () => {
  test.skipIf(process.getuid?.() !== 0)('to who is not root', () => {
    const { etc, config } = box();
    chmodSync(join(etc, '..'), 0o755);
    chmodSync(etc, 0o755);
    const args = ['setup', '--asterisk', etc, '--config', config, '--snippets', SNIPPETS, '--yes'];
    const { status, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
      encoding: 'utf8',
      uid: 65_534,
      gid: 65_534,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^run it as root: EACCES/);
  });

  test.each([
    [
      'asterisk.conf and extensions.conf are gone',
      { 'asterisk.conf': '', 'extensions.conf': '' },
      '',
      'install Asterisk first',
    ],
    ['cdrd.toml is no TOML', {}, '[asterisk\n', 'cdrd.toml:1'],
    ['Asterisk is elsewhere', {}, '[asterisk]\nhost = "10.0.0.7"\n', 'is for an Asterisk on this box'],
    ['a key that is unknown', {}, '[asterisk]\nsecrets = "x"\n', 'unknown key'],
  ])('%s', (_what, files, toml, message) => {
    const { setup, config, etc } = box(files);
    if (toml) {
      mkdirSync(join(config, '..'));
      writeFileSync(config, toml);
    }
    const before = snapshot(etc);
    const { code, err } = setup('--yes');
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect(snapshot(etc)).toEqual(before);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the end of the file
