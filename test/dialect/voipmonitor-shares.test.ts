/** `getShareURL` and `shareCdr`: the links they give, what they refuse, and whose rights they take. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { exchange } from '../http/raw.ts';
import { wavHeader } from '../simulator/wav.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';

const atEnd = atFileEnd();
const NOON = 1_620_417_600;
const PATH = `20210507/20210507-120002-${NOON + 2}-Internal-205-204.wav`;
const SOUND = Buffer.concat([wavHeader(16_000), Buffer.alloc(16_000, 7)]);

let daemon: TestDaemon;
let ids: number[] = [];

beforeAll(async () => {
  daemon = await startDaemon({ CDRD_VOIPMONITOR_ENABLED: 'yes', CDRD_VOIPMONITOR_BASE: '/demo' }, { atEnd });
  const dir = join(daemon.folder, 'recordings');
  mkdirSync(join(dir, '20210507'));
  writeFileSync(join(dir, PATH), SOUND);
  const { store } = daemon;
  const recordingFile = join(dir, PATH).replace('.wav', '');
  await store.write({ kind: 'leg', leg: leg(NOON, { recordingFile }), source: 'ami' });
  await store.write({ kind: 'leg', leg: leg(NOON + 60), source: 'ami' });
  for (const group of await store.ask('openGroups')) await store.write({ kind: 'close', group });
  await eventually(async () => {
    const { json_obj_filter: about } = await daemon.json('/cgi/webserve/20053?startdate=2021-05-01 00:00');
    return (about as { totalcount: number }).totalcount === 1;
  });
  const { json_array_astcdrs: rows } = await daemon.json('/cgi/webserve/9006?startdate=2021-05-01 00:00&order=asc');
  ids = (rows as { id: string }[]).map(({ id }) => Number(id));
});

type Answer = { success: boolean; url: string; expires: string; errors: { reason: string } };

async function ask(task: string, params: object, who: object = { user: 'admin', password: 'admin' }): Promise<Answer> {
  const path = task === 'shareCdr' ? '/demo/php/model/utilities.php' : '/demo/php/api.php';
  const body = JSON.stringify({ task, ...who, auditReason: 'ticket 9', params });
  const answer = await fetch(daemon.url + path, { method: 'POST', body });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

const faultOf = async (task: string, params: object, who?: object) => (await ask(task, params, who)).errors.reason;

const SHOW = { type: 'share_cdr_show', type2: null, emailFields: null };

test('a link opens as the box was called, for seven days unless told otherwise', async () => {
  const { success, url, expires } = await ask('getShareURL', { callId: `${NOON}.0`, rtp: true });
  expect(success).toBe(true);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/share\/[\w-]{43}$/);
  const daysTo = (text: string) => (Date.parse(`${text.replace(' ', 'T')}-08:00`) - Date.now()) / 86_400_000;
  expect(daysTo(expires)).toBeCloseTo(7, 2);
  const page = await (await fetch(url)).text();
  expect(page).toContain('<audio');
  const sound = await fetch(`${url}/${ids[0]}.wav`);
  expect(Buffer.from(await sound.arrayBuffer()).equals(SOUND)).toBe(true);
  const month = await ask('getShareURL', { callId: `${NOON}.0`, cidInterval: 60, days: 30 });
  expect(daysTo(month.expires)).toBeCloseTo(30, 2);
  expect(await (await fetch(month.url)).text()).not.toContain('<audio');
});

test('a client of HTTP/1.0, which need not say how it calls the box, is given a link with its address', async () => {
  const params = encodeURIComponent(JSON.stringify({ callId: `${NOON}.0` }));
  const query = `task=getShareURL&user=admin&password=admin&params=${params}`;
  const answer = await exchange(daemon.url, `GET /demo/php/api.php?${query} HTTP/1.0\r\n\r\n`);
  const { url } = JSON.parse(answer.slice(answer.indexOf('{'))) as Answer;
  expect(url).toMatch(new RegExp(`^${daemon.url}/share/[\\w-]{43}$`));
});

test('shareCdr shares several calls, to whoever holds the link or to who logs in', async () => {
  const open = await ask('shareCdr', { ...SHOW, subType: 'self_protected_link', id: [ids[1], ids[0], ids[1]] });
  const page = await (await fetch(open.url)).text();
  expect([...page.matchAll(/<h2 id="call-(\d+)"/g)].map(([, id]) => Number(id))).toEqual([ids[1], ids[0]]);
  const guarded = await ask('shareCdr', { ...SHOW, type2: 'rtp', subType: 'self_login_link', id: [ids[0]] });
  const stranger = await fetch(guarded.url, { redirect: 'manual' });
  expect(stranger.headers.get('Location')).toBe(`/#${new URL(guarded.url).pathname}`);
  expect((await daemon.get(new URL(guarded.url).pathname)).status).toBe(200);
});

test('what is not here, and what is wrong, is told', async () => {
  const share = (change: object) =>
    faultOf('shareCdr', { ...SHOW, subType: 'self_protected_link', id: [ids[0]], ...change });
  expect(await share({ subType: 'share_link' })).toContain('a server of VoIPmonitor’s makers');
  expect(await share({ subType: 'other' })).toContain('subType must be');
  expect(await share({ emailFields: ['a@b.example'] })).toContain('emailFields must be null');
  expect(await share({ type: 'other' })).toBe('type must be share_cdr_show');
  expect(await share({ type2: 'sip' })).toBe('type2 must be rtp or null');
  expect(await share({ id: [] })).toContain('id must be a list');
  expect(await share({ id: [ids[0], 'x'] })).toContain('id must be a list');
  expect(await share({ id: [999, ids[0]] })).toBe('there is no call 999, or it was deleted');
  expect(await share({ days: 91 })).toBe('days must be 1 to 90');
  const callId = `${NOON}.0`;
  expect(await faultOf('getShareURL', { callId, sip_history: true })).toContain('the SIP history is not here');
  expect(await faultOf('getShareURL', { callId, cidInterval: 100_000 })).toContain('cidInterval');
  expect(await faultOf('getShareURL', { callId: '5.5' })).toContain('has the Call-ID 5.5');
  expect(await faultOf('getShareURL', {})).toContain('callId must be');
});

test('whoever may not see calls shares none, and recordings only who may fetch them', async () => {
  const params = { callId: `${NOON}.0`, rtp: true };
  const monitor = { user: 'monitor', password: 'monitor' };
  expect(await faultOf('getShareURL', params, monitor)).toBe('monitor may not do this');
  expect(await faultOf('shareCdr', { ...SHOW, subType: 'self_login_link', id: ids }, monitor)).toContain('may not');
  const programOf = async (more: string) => {
    const { key } = await daemon.json(`/cgi/webserve/30011?name=calls&role=admin${more}`);
    return { user: 'calls', password: key };
  };
  for (const more of ['', '&numbers=9006'])
    expect(await faultOf('getShareURL', { ...params, rtp: false }, await programOf(more))).toBe(
      'key:calls may not do this: it takes the scope cdr.share',
    );
  const program = await programOf('&numbers=9006&scopes=cdr.share');
  expect(await faultOf('getShareURL', params, program)).toBe('key:calls may not do this');
  expect((await ask('getShareURL', { ...params, rtp: false }, program)).success).toBe(true);
});

test('by a session, a form and its cookie, as its documents have it; never by HEAD', async () => {
  const script = `${daemon.url}/demo/php/model`;
  const login = await fetch(`${script}/sql.php?module=bypass_login&user=admin&pass=admin`, { method: 'POST' });
  const { SID, cookie_name } = (await login.json()) as { SID: string; cookie_name: string };
  const headers = { Cookie: `${cookie_name}=${SID}` };
  const params = JSON.stringify({ ...SHOW, subType: 'self_protected_link', id: [ids[0]] });
  const body = new URLSearchParams({ task: 'shareCdr', params });
  const answer = await fetch(`${script}/utilities.php`, { method: 'POST', headers, body });
  expect(((await answer.json()) as Answer).url).toContain('/share/');
  const count = async () => ((await daemon.json('/cgi/webserve/30058'))['json_array_shares'] as object[]).length;
  const before = await count();
  const head = await fetch(`${script}/utilities.php?${body}`, { method: 'HEAD', headers });
  expect([head.status, await count()]).toEqual([405, before]);
});

test('who shared what is in the audit log, with the reason and without the link', async () => {
  const { url } = await ask('getShareURL', { callId: `${NOON}.0` });
  const text = await (await daemon.get('/cgi/webserve/30018?action=share.made')).text();
  expect(text).toContain('ticket 9');
  expect(text).not.toContain(url.slice(-43));
  expect(daemon.log.join('')).not.toContain(url.slice(-43));
});
