/**
 * The look through all logs of a run finds what none may hold. That it fails a run is shown by a run of its own, in which one
 * daemon's log, in the test's process and in one of its own, holds what it mustn't.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/folder.ts';
import { leakIn } from './support/log-leaks.ts';

test.each<[string, string]>([
  ['an API key', '<4>x of=cdrd-0a1b2c3d-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE'],
  ['a session token', '<4>x of=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE'],
  ['a digest', '<4>x of=21232f297a57a5a743894a0e4a801fc3'],
  ['a digest', '<4>x of=21232F297A57A5A743894A0E4A801FC3'],
  ['a kept password', '<4>x of="scrypt$16384$8$1$abc"'],
  ['a cookie', '<4>x of="cdrd_session=abc"'],
  ['a cookie', '<4>x of="Cookie: a=b"'],
  ['an authorization', '<4>x of="Bearer abc"'],
  ['a secret of AMI', '<4>x of="Action: Login\\r\\nSecret: hunter2"'],
  ['a secret of AMI', '<4>x of="{\\"secret\\":\\"hunter2\\"}"'],
  ['a secret of AMI', '<4>x password=hunter2'],
  ['a secret of TOTP', '<4>x of=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
  ['a secret in use', '<4>x of=correct-horse'],
  ['the name of a recording', '<4>x of=20210507/20210507-104948-1620413388-Internal-205-204.wav'],
  ['a phone number', '<4>x of=951345'],
  ['a phone number', '<4>x of="no such channel: SIP/+4930123456"'],
  ['a phone number', '<4>x bytes=a951345'],
  ['a phone number', '<4>x 951345'],
])('%s is found: %s', (what, line) => {
  expect(leakIn(line, new Set(['correct-horse']))).toBe(what);
});

test.each([
  '<6>listening http=http://127.0.0.1:45231',
  '<4>the clock has jumped: jobs get new times seconds=-2303690400',
  '<6>cdrd is ready version=0.1.0 pid=1234567 state=/tmp/cdrd-test-123456/state',
  '<3>a call record could not be stored uniqueid=1620377388.10 next="it is lost: no CDR CSV is read"',
  '<3>cdrd did not start error="another cdrd (pid 1234567) is using /tmp/x"',
  '<6>backup: made name=cdrd-20261126T040000-123456.db bytes=144000000 direct=true',
  '<3>store: a new, empty store aside=cdrd.db.corrupt-20261126T201535',
  '<4>recordings: a folder cannot be listed folder=20210507 code=EIO',
  '<6>x secret=*** token=*** of="Password ***"',
])('nothing is wrong with: %s', (line) => {
  expect(leakIn(line, new Set(['correct-horse']))).toBeNull();
});

test('a run with a leak in a log fails, and says which', { timeout: 90_000 }, async () => {
  const folder = temporaryFolder();
  const from = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  mkdirSync(`${folder}/tests`);
  writeFileSync(`${folder}/tests/cdrd.mjs`, "process.stderr.write('<4>x of=9513456789\\n')");
  writeFileSync(
    `${folder}/tests/planted.test.ts`,
    `import { spawn } from 'node:child_process';
     import { once } from 'node:events';
     import { expect, test } from 'vitest';
     import { createLog } from ${from('../daemon/log.ts')};
     test('says too much', async () => {
       const lines = [];
       createLog({ level: 'info', write: (line) => lines.push(line) }).info('the caller is 4930123456');
       expect(lines).toHaveLength(1);
       const child = spawn(process.execPath, [${JSON.stringify(`${folder}/tests/cdrd.mjs`)}], { stdio: ['ignore', 'ignore', 'pipe'] });
       let said = '';
       child.stderr.on('data', (text) => { said += text; });
       await once(child, 'close');
       expect(said).toContain('9513456789');
     });
     test('fails', () => { expect('what is so').toBe('what should be so'); });`,
  );
  writeFileSync(
    `${folder}/vitest.config.ts`,
    `import { CountReporter } from ${from('./count-reporter.ts')};
     export default { test: { root: ${JSON.stringify(folder)}, include: ['tests/*.test.ts'],
       setupFiles: [${from('./support/log-copy.ts')}], reporters: [new CountReporter()] } };`,
  );
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const env = { PATH: process.env['PATH'], HOME: folder, CDRD_LOG_COPY: `${folder}/copy` };
  const run = promisify(execFile)(process.execPath, [vitest, 'run', '--config', `${folder}/vitest.config.ts`], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env,
  });
  const { code, stdout } = (await run.catch((error: unknown) => error)) as { code?: number; stdout: string };
  expect(stdout).toContain('2 log lines of daemons, 0 secrets in use: 2 leaks');
  expect(stdout).toContain('a phone number: <6>the caller is 4930123456');
  expect(stdout).toContain('a phone number: <4>x of=9513456789');
  expect(stdout).toMatch(
    /failed:\n {2}tests\/planted\.test\.ts: fails\n {4}expected 'what is so' to be 'what should be so'.*\n\n1 passed, 3 failed\n$/,
  );
  expect(code).toBe(1);
});
