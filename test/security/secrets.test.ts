/**
 * Secrets at rest: each kind is given to a whole daemon once, and then looked for everywhere else. No answer, file of the
 * state folder, backup, export or log holds one in clear, but the folder `secret`.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeOf, fromBase32, stepAt } from '../../cgi/access/totp.ts';
import { TABLE } from '../../cgi/table.ts';
import { askDaemon } from '../../daemon/control/client.ts';
import { logIn, startDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';

const atEnd = atFileEnd();
const PASSWORDS = ['Regenschirm-8123', 'Gartenzaun-5551', 'Fensterladen-9917'] as const;
const [FIRST, SECOND, THIRD] = PASSWORDS;
const AMI_SECRET = 'ami-Haustuer-7745';
const ASTERISK_SECRET = 'asterisk-Briefkasten-3306';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Every file below a folder, but for those below `secret`. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/secret/'));
}

test('no secret rests outside of its folder, or comes out by a number', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder(atEnd);
  const daemon = await startDaemon({ CDRD_ASTERISK_SECRET: ASTERISK_SECRET }, { atEnd, folder });
  const ask = async (asked: string) => {
    const answer = await daemon.get(`/cgi/webserve/${asked}`);
    return { status: answer.status, text: await answer.text() };
  };
  const done = async (asked: string) => {
    const { status, text } = await ask(asked);
    expect([asked.slice(0, 5), status]).toEqual([asked.slice(0, 5), 200]);
    return text;
  };
  // Typed into the wrong field; first, because a minute long no further failure has a line in the audit log.
  await logIn(daemon.url, THIRD, THIRD);
  await done(`30008?UserName=anna&role=admin&Password=${md5(FIRST)}`);
  await done(`30008?UserName=anna&Password=${md5(SECOND)}`);
  const token = await logIn(daemon.url, 'anna', SECOND);
  await logIn(daemon.url, 'anna', THIRD); // wrong: what was tried is nobody's business either
  const bearer = { headers: { Authorization: `Bearer ${token}` } };
  const asAnna = async (asked: string) => (await daemon.get(`/cgi/webserve/${asked}`, bearer)).json();
  const { secret: factor } = (await asAnna(`30033?Password=${md5(SECOND)}`)) as { secret: string };
  const code = codeOf(fromBase32(factor) ?? Buffer.alloc(0), stepAt(Date.now() / 1000));
  expect(await asAnna(`30034?code=${code}`)).toMatchObject({ result: 'success' });
  expect(readFileSync(`${folder}/state/secret/totp`, 'utf8')).toContain(factor);
  const { key } = JSON.parse(await done('30011?name=crm&role=admin')) as { key: string };
  await done(`30022?name=crm&secret=${AMI_SECRET}`);
  expect(readFileSync(`${folder}/state/secret/ami-users.json`, 'utf8')).toContain(AMI_SECRET);

  const secrets = [...PASSWORDS.flatMap((each) => [each, md5(each), md5(each).toUpperCase()])];
  secrets.push(factor, token, key, key.slice(14), AMI_SECRET, ASTERISK_SECRET);
  const leaksOf = (text: string) => secrets.filter((secret) => text.includes(secret));

  const lists = Object.keys(TABLE).filter((number) => !['30005', '30009', '30012', '30023'].includes(number));
  for (const asked of [...lists, '30018?limit=1000', '9005?startdate=2000-01-01%2000:00'])
    expect([asked, leaksOf((await ask(asked)).text)]).toEqual([asked, []]);
  for (const path of ['/healthz', '/metrics'])
    expect([path, leaksOf(await (await daemon.get(path)).text())]).toEqual([path, []]);
  await askDaemon(`${folder}/run`, { command: 'backup' });

  const looked = () => {
    const files = filesBelow(folder);
    for (const path of files) expect([path, leaksOf(readFileSync(path, 'latin1'))]).toEqual([path, []]);
    return files.map((path) => path.slice(folder.length));
  };
  expect(looked()).toEqual(
    expect.arrayContaining(['/state/cdrd.db', expect.stringMatching(/^\/recordings\/\.cdrd\/backup\/.*\.db$/)]),
  );
  await daemon.close();
  looked();
  expect(leaksOf(daemon.log.join('\n'))).toEqual([]);
  for (const file of readdirSync(`${folder}/state/secret`))
    expect([file, (statSync(`${folder}/state/secret/${file}`).mode & 0o777).toString(8)]).toEqual([file, '600']);
});
