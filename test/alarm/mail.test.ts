/** Mail by the script that ships and programs that stand in for sendmail: what they are given, and what is told of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { settingOf } from '../../cgi/settings/schema.ts';
import { asMail, type Message } from '../../daemon/alarm/message.ts';
import { mayGainNothing, openSpool } from '../../daemon/alarm/spool.ts';
import { eventually } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

const SCRIPT = new URL('../../etc/send-mail', import.meta.url).pathname;
const SENDER = { host: 'nexo', version: '1.2.3' };
const MESSAGE: Message = {
  id: '00000000-0000-4000-8000-000000000001',
  event: 'alarm',
  kind: 'medium_gone',
  disk: null,
  says: 'the medium is gone',
  since: Date.UTC(2021, 4, 7, 12),
};
const LETTER = { to: ['it@example.com', 'root'], from: '', now: Date.UTC(2021, 4, 7, 13) };

/** @param sendmail The body of a shell script that stands in for sendmail; null: there is none. */
async function openPost(sendmail: string | null, { takenMs = 5_000 } = {}) {
  const folder = temporaryFolder();
  const bin = `${folder}/bin`;
  mkdirSync(bin);
  if (sendmail !== null) writeFileSync(`${bin}/sendmail`, `#!/bin/sh\ncd ${folder}\n${sendmail}\n`, { mode: 0o755 });
  const dir = `${folder}/mail`;
  // The tools of the script, without the machine's own sendmail.
  for (const tool of ['mv', 'rm', 'sed', 'timeout', 'cat', 'sleep', 'head'])
    execFileSync('ln', [
      '-s',
      execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(),
      `${bin}/${tool}`,
    ]);
  const run = () => void execFileSync('/bin/sh', [SCRIPT, dir], { env: { PATH: bin } });
  const limits = { lookMs: 10, takenMs, sentMs: 5_000 };
  const spool = await openSpool({ dir, start: async () => run(), limits });
  onTestFinished(() => spool.close());
  const send = (text = asMail(MESSAGE, LETTER, SENDER)) =>
    spool.send(MESSAGE.id, text).then(
      () => '',
      (error: Error) => error.message,
    );
  return { folder, dir, spool, send, run, limits };
}

test('the script is sound for any shell', () => {
  execFileSync('sh', ['-n', SCRIPT]);
  expect(statSync(SCRIPT).mode & 0o111).toBe(0o111);
});

test('a mail goes to sendmail as it is, and nothing is left of it', async () => {
  const { folder, dir, send } = await openPost('cat >got; echo "$@" >arguments');
  expect(await send()).toBe('');
  expect(readFileSync(`${folder}/got`, 'utf8')).toBe(`To: it@example.com, root
Subject: [nexo] cdrd: ALARM
Date: Fri, 07 May 2021 13:00:00 +0000
Message-ID: <00000000-0000-4000-8000-000000000001@nexo>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

The medium is gone.

Box:   nexo
Since: Fri, 07 May 2021 12:00:00 GMT

What is wrong and how to mend it: the page Doctor, or on the box: cdrd doctor

-- 
cdrd 1.2.3
`);
  expect(readFileSync(`${folder}/arguments`, 'utf8')).toBe('-t -i\n');
  expect(readdirSync(dir)).toEqual([]);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

test('its sender, where one is set, is the envelope’s as well', async () => {
  const { folder, send } = await openPost('cat >got; echo "$@" >arguments');
  expect(await send(asMail(MESSAGE, { ...LETTER, from: 'pbx@example.com' }, SENDER))).toBe('');
  expect(readFileSync(`${folder}/arguments`, 'utf8')).toBe('-t -i -f pbx@example.com\n');
  expect(readFileSync(`${folder}/got`, 'utf8')).toMatch(/^From: pbx@example\.com\nTo: /);
});

test.each([
  ['what it complains of', 'echo "no route to\tthe smarthost" >&2; exit 75', 'sendmail: no route to\\tthe smarthost'],
  ['how it ended, where it says nothing', 'exit 71', 'sendmail: it ended with 71'],
  ['that there is none', null, 'sendmail: there is no program sendmail on this box'],
])('told is %s', async (_, sendmail, said) => {
  const { dir, send } = await openPost(sendmail);
  // A machine that has one of its own can't show that.
  if (sendmail === null && ['/usr/sbin/sendmail', '/usr/lib/sendmail'].some(existsSync)) return;
  expect(await send()).toBe(said);
  expect(readdirSync(dir)).toEqual([]);
});

test('where somebody else takes the mails, it is waited for, and told when nobody does', async () => {
  const { dir, run, limits } = await openPost('cat >got');
  const spool = await openSpool({ dir, start: null, limits });
  const sent = spool.send(MESSAGE.id, 'To: root\n\n');
  await eventually(() => existsSync(dir) && readdirSync(dir).some((name) => name.endsWith('.mail')));
  run();
  await sent;
  const deaf = await openSpool({ dir, start: null, limits: { ...limits, takenMs: 50 } });
  await expect(deaf.send(MESSAGE.id, 'To: root\n\n')).rejects.toThrow(/is cdrd-mail\.path active/);
  expect(readdirSync(dir)).toEqual([]);
});

test('what a kill left in the folder is not sent by the next run', async () => {
  const { folder, dir, limits } = await openPost('cat >>got');
  mkdirSync(dir);
  for (const kind of ['mail', 'sending', 'failed']) writeFileSync(`${dir}/${MESSAGE.id}.${kind}`, 'old');
  await openSpool({ dir, start: null, limits });
  expect([readdirSync(dir), existsSync(`${folder}/got`)]).toEqual([[], false]);
});

test('nothing in a mail can be a header of its own, nor a line too long', () => {
  const hostile = { ...SENDER, host: 'a\r\nBcc: x@y\n' };
  const text = asMail({ ...MESSAGE, says: `x ${'y'.repeat(3_000)}` }, LETTER, hostile);
  const [head = '', body = ''] = text.split('\n\n');
  expect(head.split('\n').map((line) => line.split(':')[0])).toEqual([
    ...['To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted', 'MIME-Version', 'Content-Type'],
    'Content-Transfer-Encoding',
  ]);
  expect(Math.max(...body.split('\n').map((line) => line.length))).toBeLessThan(300);
});

test('addresses are plain, and none is an option or a list', () => {
  const fault = (value: unknown) => settingOf('alarm.mail')?.fault(value) ?? null;
  for (const sound of ['it@example.com', 'a.b+c@x.example', 'root', 'me@nexo']) expect(fault([sound])).toBe(null);
  for (const bad of [
    '-oQ/tmp@x.example',
    'a@b@c',
    'a@b,c@d',
    'a@',
    '@x',
    'a b@x',
    'a@x\nBcc: y',
    '<a@x>',
    '"a"@x',
    'a;b',
    'a|b',
    '',
    'a@1.2.3.4',
  ])
    expect([bad, fault([bad])]).toEqual([bad, expect.stringMatching(/must be a mail address/)]);
  expect(settingOf('alarm.sender')?.fault('-x@y.example')).toMatch(/must be a mail address/);
});

test('whether programs may gain rights is the kernel’s word', () => {
  expect(mayGainNothing('Name:\tnode\nNoNewPrivs:\t1\nSeccomp:\t2\n')).toBe(true);
  expect(mayGainNothing('Name:\tnode\nNoNewPrivs:\t0\n')).toBe(false);
  expect(typeof mayGainNothing()).toBe('boolean');
});
