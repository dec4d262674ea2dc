/** The second factor on the whole daemon: where its secret lies, and how who has lost the phone gets in again. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { codeOf, fromBase32, stepAt } from '../cgi/access/totp.ts';
import { performCommand } from '../daemon/command/store-command.ts';
import { loadConfig } from '../daemon/config.ts';
import { askDaemon } from '../daemon/control/client.ts';
import { openSecondFactors } from '../daemon/second-factor-file.ts';
import { startDaemon } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';

const ADMIN = '21232f297a57a5a743894a0e4a801fc3';

test('its secret lies in one file, 0600; the console takes it away, while the daemon runs and while it doesn’t', async () => {
  const folder = temporaryFolder();
  const daemon = await startDaemon({}, { folder });
  const path = `${folder}/state/secret/totp`;
  const setUp = async () => {
    const { secret } = await daemon.json(`/cgi/webserve/30033?&Password=${ADMIN}`);
    const code = codeOf(fromBase32(String(secret)) as Buffer, stepAt(Date.now() / 1000));
    expect((await daemon.get(`/cgi/webserve/30034?&Code=${code}`)).status).toBe(200);
    return String(secret);
  };
  const logIn = async () => (await fetch(`${daemon.url}/cgi/webserve/8404?&UserName=admin&Password=${ADMIN}`)).status;
  const config = loadConfig(null, { CDRD_STATE_DIR: `${folder}/state`, CDRD_RUN_DIR: `${folder}/run` });
  const off = () => performCommand(config, { command: 'user.totp-off', user: 'admin' });

  const first = await setUp();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await logIn()).toBe(401);
  expect(await off()).toBe('user admin logs in without a second factor');
  expect(await logIn()).toBe(200);
  await expect(off()).rejects.toThrow('admin has no second factor');
  const second = await setUp();
  await daemon.close();
  expect(await off()).toBe('user admin logs in without a second factor');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual([]);
  const store = readFileSync(`${folder}/state/cdrd.db`, 'latin1');
  expect(store).toContain('factor.removed');
  for (const secret of [first, second]) {
    expect(store).not.toContain(secret);
    expect(daemon.log.join('\n')).not.toContain(secret);
  }
}, 60_000);

test('a damaged file: nobody gets in with the password alone, everything else goes on, and the log tells no secret', async () => {
  const folder = temporaryFolder();
  const secret = 'A'.repeat(32);
  const log: string[] = [];
  const tell = (message: string, about: object = {}) => void log.push(message + JSON.stringify(about));
  const broken = ['[', 'null', `[{"user":"admin","secret":"${secret}"}]`, '[{"user":"admin","secret":"x","step":1}]'];
  for (const text of broken) {
    await startFolder(folder, text);
    const factors = await openSecondFactors(`${folder}/state`, { warn: tell, error: tell });
    expect(factors.trouble).toMatch(/totp can not be read or is damaged/);
    expect([factors.has('anybody'), factors.match('anybody', '123456')]).toEqual([true, null]);
  }
  expect(log).toHaveLength(broken.length);
  expect(log.join()).not.toContain(secret);

  const daemon = await startDaemon({}, { folder });
  const answer = await fetch(`${daemon.url}/cgi/webserve/8404?&UserName=admin&Password=${ADMIN}`);
  expect(answer.status).toBe(401);
  expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
  const off = { command: 'user.totp-off', user: 'admin' } as const;
  await expect(askDaemon(`${folder}/run`, off)).rejects.toThrow(/nobody logs in by password. Remove it/);
  await daemon.close();
  rmSync(`${folder}/state/secret/totp`);
  const mended = await startDaemon({}, { folder });
  expect((await fetch(`${mended.url}/cgi/webserve/8404?&UserName=admin&Password=${ADMIN}`)).status).toBe(200);
});

async function startFolder(folder: string, text: string): Promise<void> {
  const { secretDir } = await import('../daemon/state.ts');
  writeFileSync(`${await secretDir(`${folder}/state`)}/totp`, text);
}
