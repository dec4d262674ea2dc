/** Our user in Asterisk's manager.conf, as root reads it: one line for its rights, and what is written mends both kinds. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { managerFindings } from '../../daemon/doctor/root/manager.ts';
import { temporaryFolder } from '../support/folder.ts';

const config = loadConfig(null, { CDRD_ASTERISK_SECRET: 's' });

/** @param user Lines of our user's section. */
function examined(user: string) {
  const etc = temporaryFolder();
  const file = join(etc, 'manager.conf');
  writeFileSync(file, `[general]\nenabled = yes\n[cdrd]\nsecret = s\n${user}[other]\nread = call\nwrite = call\n`);
  return { file, found: () => managerFindings(config, etc) };
}

test('rights that lack for reading and for writing are one line, with one command', () => {
  const { file, found } = examined('read = call\nwrite = call\n');
  expect(found().map(({ check, state }) => `${check} ${state}`)).toEqual(['asterisk.rights fault']);
  expect(found()[0]?.says).toMatch(/lacks read = cdr,system: .*; write = system,reporting: /);
  const mend = found()[0]?.mend ?? '';
  expect(mend).toMatch(/ && asterisk -rx "manager reload" && .*restart/);
  execFileSync('sh', ['-c', mend.slice(0, mend.indexOf(' && asterisk'))]);
  expect(found()).toEqual([]);
  expect(readFileSync(file, 'utf8')).toContain('[other]\nread = call\nwrite = call\n');
});

test('a key that stands nowhere is told, and only what stands is written', () => {
  const { found } = examined('write = call\n');
  expect(found()[0]?.says).toMatch(/lacks read = cdr,call,system: .*; write = /);
  expect(found()[0]?.mend).not.toContain('read =');
  expect(examined('').found()[0]?.mend).toBe(null);
  expect(examined('read = all\nwrite = all\n').found()).toEqual([]);
});

test('a secret is compared letter by letter, and of two sections of the name the first counts, as Asterisk takes it', () => {
  const etc = temporaryFolder();
  const own = '[cdrd]\nsecret = contraseña\nread = all\nwrite = all\n';
  const found = (text: string) => {
    writeFileSync(join(etc, 'manager.conf'), text);
    return managerFindings(loadConfig(null, { CDRD_ASTERISK_SECRET: 'contraseña' }), etc).map(({ check }) => check);
  };
  expect(found(own)).toEqual([]);
  expect(found(own.replace('ñ', 'n'))).toEqual(['asterisk.secret']);
  expect(found(`${own}[cdrd]\nsecret = another\nread = call\n`)).toEqual([]);
  expect(found(`[cdrd]\nsecret = another\nread = all\nwrite = all\n${own}`)).toEqual(['asterisk.secret']);
});
