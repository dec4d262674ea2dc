/**
 * Shared links over the wire: what they show and to whom, that all that opens nothing looks the same, and that the link's
 * secret is nowhere but in the link.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeShare, type NewLink } from '../../cgi/share/shares.ts';
import { httpLimits } from '../../daemon/limits.ts';
import { StoreError } from '../../storage/errors.ts';
import type { CallDetail } from '../../storage/sql/call-detail.ts';
import { wavHeader } from '../simulator/wav.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';

const atEnd = atFileEnd();
const NOON = 1_620_417_600;
const PATH = '20210507/20210507-120002-1620417602-Internal-205-204.wav';
const SOUND = Buffer.concat([wavHeader(16_000), Buffer.alloc(16_000, 7)]);
const HOSTILE = '<script>alert(1)</script>"\'&\u202e';

let daemon: TestDaemon;
/** Ids of the recorded call, and of one from a stranger with a hostile number. */
let recorded = 0;
let hostile = 0;
const tokens: string[] = [];

beforeAll(async () => {
  daemon = await startDaemon({}, { atEnd });
  mkdirSync(join(daemon.folder, 'recordings/20210507'));
  writeFileSync(join(daemon.folder, 'recordings', PATH), SOUND);
  const { store } = daemon;
  const recordingFile = `${daemon.folder}/recordings/${PATH}`.replace('.wav', '');
  await store.write({ kind: 'leg', leg: leg(NOON, { recordingFile }), source: 'ami' });
  const stranger = { source: HOSTILE, callerId: `"${HOSTILE}" <${HOSTILE}>`, channel: 'SIP/96-00000002' };
  await store.write({ kind: 'leg', leg: leg(NOON + 60, stranger), source: 'ami' });
  for (const group of await store.ask('openGroups')) await store.write({ kind: 'close', group });
  await eventually(async () => {
    const { json_obj_filter: about } = await daemon.json('/cgi/webserve/20053?startdate=2021-05-01 00:00');
    return (about as { totalcount: number }).totalcount === 1;
  });
  const { json_array_astcdrs: rows } = await daemon.json('/cgi/webserve/9006?startdate=2021-05-01 00:00&order=asc');
  [recorded = 0, hostile = 0] = (rows as { id: string }[]).map(({ id }) => Number(id));
  expect(hostile).toBeGreaterThan(0);
});

/** @returns `/share/TOKEN` */
async function share(change: Partial<NewLink> = {}, ago = 0, who = 'admin'): Promise<{ path: string; id: number }> {
  const { store } = daemon;
  const notes = { acts() {} } as never;
  const now = () => Math.floor(Date.now() / 1000) - ago;
  const link = { kind: 'public', calls: [recorded], recordings: true, days: 7, ...change } as const;
  const made = await makeShare(link, { store, notes, now }, { who, address: '' });
  tokens.push(made.path.slice('/share/'.length));
  return made;
}

const open = (path: string, init: RequestInit = {}) => fetch(daemon.url + path, { redirect: 'manual', ...init });

describe('a link', () => {
  test('shows the call to whoever holds it, in the language that the browser would rather have', async () => {
    const { path } = await share();
    const answer = await open(path);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('<html lang="en">');
    expect(text).toContain('<h2 id="call-');
    for (const shown of [
      '205 to 204',
      '2021-05-07 12:00:00',
      '2021-05-07 12:00:05',
      'answered',
      `${path}/${recorded}.wav`,
    ])
      expect(text).toContain(shown);
    const spanish = await (await open(path, { headers: { 'Accept-Language': 'es-MX,es;q=0.9,en;q=0.5' } })).text();
    expect(spanish).toContain('<html lang="es">');
    expect(spanish).toContain('205 a 204');
  });

  test('runs nothing, is kept nowhere, tells nobody where one came from', async () => {
    const { path } = await share();
    const { headers } = await open(path);
    const policy = headers.get('Content-Security-Policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; media-src 'self';/);
    expect(policy).not.toContain('script-src');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Set-Cookie')).toBeNull();
  });

  test('lets no caller write markup into it', async () => {
    const { path } = await share({ calls: [hostile] });
    const text = await (await open(path)).text();
    expect(text).not.toMatch(/<script/i);
    expect(text).not.toContain('\u202e');
    expect(text).toContain('&lt;script&gt;');
    expect(text.match(/<[a-z]+ [^>]*"[^"]*'[^"]*"/)).toBeNull();
  });

  test('opens from a mail in a browser, by HEAD too, and by no other method', async () => {
    const { path } = await share();
    const cross = { 'Sec-Fetch-Site': 'cross-site', Referer: 'https://mail.example/' };
    expect((await open(path, { headers: cross })).status).toBe(200);
    const head = await open(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await open(path, { method })).status).toBe(405);
  });
});

describe('the recording of a call', () => {
  test('is its very bytes, whole and in parts', async () => {
    const { path } = await share();
    const sound = `${path}/${recorded}.wav`;
    const whole = await open(sound);
    expect(whole.headers.get('Content-Type')).toBe('audio/wav');
    expect(Buffer.from(await whole.arrayBuffer()).equals(SOUND)).toBe(true);
    const part = await open(sound, { headers: { Range: 'bytes=0-43' } });
    expect([part.status, part.headers.get('Content-Range')]).toEqual([206, `bytes 0-43/${SOUND.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(SOUND.subarray(0, 44))).toBe(true);
    const head = await open(sound, { method: 'HEAD' });
    expect(head.headers.get('Content-Length')).toBe(String(SOUND.length));
    const saved = await open(`${sound}?download=1`);
    expect(saved.headers.get('Content-Disposition')).toMatch(/^attachment; filename="20210507-120002/);
    await saved.arrayBuffer();
  });

  test('is nobody’s where it was not shared, of another call, or by a path', async () => {
    const { path } = await share();
    const { path: silent } = await share({ recordings: false });
    expect(await (await open(silent)).text()).not.toContain('<audio');
    const paths = [
      `${silent}/${recorded}.wav`,
      `${path}/${hostile}.wav`,
      `${path}/0${recorded}.wav`,
      `${path}/${PATH}`,
    ];
    paths.push(`${path}/..%2f..%2fstate/cdrd.db`, `${path}/${recorded}.wav/`, `${path}/`, `${path}/${recorded}`);
    for (const each of paths) expect([each, (await open(each)).status]).toEqual([each, 404]);
  });
});

test('on a medium that is away is said to be so, and comes back with it', async () => {
  const { path } = await share();
  const folder = join(daemon.folder, 'recordings');
  const page = async () => (await open(path)).text();
  renameSync(folder, `${folder}.away`);
  try {
    await eventually(async () => (await page()).includes('a medium that is not in place'));
    const sound = await open(`${path}/${recorded}.wav`);
    expect([sound.status, sound.headers.get('Content-Type')]).toEqual([503, 'text/html; charset=utf-8']);
    const text = await sound.text();
    expect(text).toContain('The recording can not be had now');
    expect(text).not.toContain(daemon.folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    renameSync(`${folder}.away`, folder);
  }
  await eventually(async () => (await page()).includes('<audio'));
});

test('on another medium than the one in place is told likewise, and not which', async () => {
  const { path } = await share();
  const { store } = daemon;
  // As after the stick was exchanged: the index knows the file, this medium hasn't got it.
  const stick = { path: '20210507/other.wav', size: 1, seconds: 1, state: 'ok', keep: false, present: false };
  const ask: (operation: 'callDetail', argument: { id: number; present: null }) => Promise<CallDetail | null> =
    store.ask.bind(store);
  const asked = vi.spyOn(store, 'ask').mockImplementation((async (...about: Parameters<typeof ask>) => {
    const answer = await ask(...about);
    return about[0] === 'callDetail' && answer ? { ...answer, files: [stick] } : answer;
  }) as never);
  const worked = vi.spyOn(store, 'work').mockResolvedValue({ path: stick.path, id: 7_777, seenAt: NOON } as never);
  onTestFinished(() => {
    asked.mockRestore();
    worked.mockRestore();
  });
  const sound = await open(`${path}/${recorded}.wav`);
  expect(sound.status).toBe(503);
  const text = await sound.text();
  expect(text).toContain('The recording can not be had now');
  expect(text).not.toMatch(/7777|other\.wav/);
});

test('unknown, over, revoked and in the trash look the same', async () => {
  const [over, revoked, trashed] = [await share({ days: 1 }, 2 * 86_400), await share(), await share()];
  expect((await daemon.get(`/cgi/webserve/30059?id=${revoked.id}&reason=lost`)).status).toBe(200);
  const before = await (await open(`/share/${'x'.repeat(43)}`)).text();
  expect(before).toContain('There is nothing here');
  const looks = async (path: string) => {
    const answer = await open(path);
    return {
      status: answer.status,
      text: await answer.text(),
      headers: [...answer.headers].filter(([name]) => name !== 'date'),
    };
  };
  const unknown = await looks('/share/');
  expect(unknown.status).toBe(404);
  expect(unknown.text).toBe(before);
  for (const { path } of [over, revoked]) {
    expect(await looks(path)).toEqual(unknown);
    expect(await looks(`${path}/${recorded}.wav`)).toEqual(unknown);
  }
  const deleted = await daemon.json('/cgi/webserve/9004?startdate=2021-05-07 11:59&enddate=2021-05-07 12:00:30');
  expect(deleted).toMatchObject({ deleted: 1 });
  expect(await looks(trashed.path)).toEqual(unknown);
  expect(await looks(`${trashed.path}/${recorded}.wav`)).toEqual(unknown);
  const both = await share({ calls: [recorded, hostile] });
  const left = await (await open(both.path)).text();
  expect([left.includes(`call-${recorded}"`), left.includes(`call-${hostile}"`)]).toEqual([false, true]);
  expect((await daemon.get(`/cgi/webserve/30003?undo=${deleted['undo']}`)).status).toBe(200);
  await eventually(async () => (await open(trashed.path)).status === 200);
});

describe('whoever made it goes, and it with him', () => {
  const status = async (path: string) => (await open(path)).status;
  const number = async (asked: string) => (await daemon.get(`/cgi/webserve/${asked}`)).status;
  const failing = () => {
    const write = vi.spyOn(daemon.store, 'write').mockRejectedValue(new StoreError('disk_full', 'no room'));
    onTestFinished(() => write.mockRestore());
    return write;
  };
  const setAccount = () => number(`30008?UserName=anna&role=admin&Password=${'5'.repeat(32)}`);

  test('an account: not even another of its name opens it', async () => {
    await setAccount();
    const { path } = await share({}, 0, 'anna');
    expect(await status(path)).toBe(200);
    expect(await number('30009?UserName=anna')).toBe(200);
    expect(await status(path)).toBe(404);
    await setAccount();
    expect(await status(path)).toBe(404);
  });

  test('an account that may read calls no more: its links show nothing, until it may again', async () => {
    await setAccount();
    const { path } = await share({}, 0, 'anna');
    expect(await status(path)).toBe(200);
    expect(await number('30008?UserName=anna&role=monitor')).toBe(200);
    expect(await status(path)).toBe(404);
    expect(await number('30008?UserName=anna&role=admin')).toBe(200);
    expect(await status(path)).toBe(200);
  });

  test('a key, when it is revoked or its days are over', async () => {
    const { id } = await daemon.json('/cgi/webserve/30011?name=crm&role=admin');
    const { path } = await share({}, 0, 'key:crm');
    const { path: over } = await share({}, 0, 'key:none');
    expect([await status(path), await status(over)]).toEqual([200, 404]);
    expect(await number(`30012?id=${id}`)).toBe(200);
    expect(await status(path)).toBe(404);
    await daemon.json('/cgi/webserve/30011?name=crm&role=admin');
    expect(await status(path)).toBe(404);
  });

  test('at once where the disk takes no writes, a link that is revoked too; both are listed until it does', async () => {
    const { id } = await daemon.json('/cgi/webserve/30011?name=till&role=admin');
    const [ofKey, other] = [await share({}, 0, 'key:till'), await share()];
    const write = failing();
    expect(await number(`30012?id=${id}`)).not.toBe(200);
    expect(await number(`30059?id=${other.id}`)).not.toBe(200);
    expect([await status(ofKey.path), await status(other.path)]).toEqual([404, 404]);
    write.mockRestore();
    const listed = async () => JSON.stringify(await daemon.json('/cgi/webserve/30058'));
    expect(await listed()).toContain(`"id":"${other.id}"`);
    expect(await number(`30059?id=${other.id}&reason=lost`)).toBe(200);
    expect(await listed()).not.toContain(`"id":"${other.id}"`);
    expect(await status(other.path)).toBe(404);
  });
});

test('none is made while the clock of the box is not set: nobody would know when it ends', async () => {
  await expect(share({}, Math.floor(Date.now() / 1000) - 60)).rejects.toMatchObject({ code: 'conflict' });
});

test('one that needs a log-in sends to it and back, and lets in whoever has an account', async () => {
  const { path } = await share({ kind: 'login' });
  const stranger = await open(path);
  expect([stranger.status, stranger.headers.get('Location'), await stranger.text()]).toEqual([303, `/#${path}`, '']);
  expect((await open(`${path}/${recorded}.wav`)).status).toBe(303);
  const monitor = await logIn(daemon.url, 'monitor');
  const headers = { Cookie: `cdrd_session=${monitor}` };
  expect((await open(path, { headers })).status).toBe(200);
  const sound = await open(`${path}/${recorded}.wav`, { headers });
  expect(Buffer.from(await sound.arrayBuffer()).equals(SOUND)).toBe(true);
  const { key } = await daemon.json('/cgi/webserve/30011?name=one&role=admin&numbers=9006');
  expect((await open(path, { headers: { Authorization: `Bearer ${key}` } })).status).toBe(303);
});

test('the list shows what there is, without what opens it; uses are in the audit log, once', async () => {
  const { path, id } = await share({ kind: 'login', calls: [recorded, hostile], recordings: false, days: 90 });
  const { json_array_shares: rows } = (await daemon.json('/cgi/webserve/30058')) as { json_array_shares: object[] };
  expect(rows[0]).toMatchObject({
    ...{
      id: String(id),
      kind: 'login',
      calls: `${recorded},${hostile}`,
      recordings: false,
      made_by: 'admin',
      used: '',
    },
  });
  expect(JSON.stringify(rows)).not.toContain(path.slice(7));
  expect((await daemon.get('/cgi/webserve/30059?id=999')).status).toBe(404);
  const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?action=share.*')) as {
    json_array_audit: { action: string; reason: string }[];
  };
  const actions = lines.map(({ action }) => action);
  for (const each of ['share.made', 'share.opened', 'share.played', 'share.revoked', 'share.refused'])
    expect(actions).toContain(each);
  expect(lines.find(({ action }) => action === 'share.revoked')?.reason).toBe('lost');
});

test('guesses are as few as a stranger’s requests, and nobody else is kept waiting', async () => {
  // One connection: beyond some of one address at a time the newest is turned away.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const guess = (from: string, path: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = request(daemon.url + path, { localAddress: from, agent }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', reject).end();
    });
  const { strangerBurst } = httpLimits;
  const tried: number[] = [];
  for (let index = 0; index < 2 * strangerBurst && tried.at(-1) !== 429; index++)
    tried.push(await guess('127.66.6.6', `/share/${randomBytes(32).toString('base64url')}`));
  expect(tried.length).toBeGreaterThan(strangerBurst);
  expect([...new Set(tried)]).toEqual([404, 429]);
  const { path } = await share({ calls: [hostile] });
  expect(await guess('127.77.7.7', path)).toBe(200);
});

test('the secret of a link is in no log, no audit line and not in the store', async () => {
  const audit = await (await daemon.get('/cgi/webserve/30018?limit=1000')).text();
  const state = join(daemon.folder, 'state');
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
  for (const token of tokens) {
    expect(daemon.log.join('')).not.toContain(token);
    expect(audit).not.toContain(token);
    expect(bytes.includes(token)).toBe(false);
  }
  expect(tokens.length).toBeGreaterThan(5);
});
