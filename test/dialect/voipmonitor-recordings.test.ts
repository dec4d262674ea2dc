/** `getVoiceRecording`, `listActiveCalls` and `handleActiveCall`, as far as a box without Asterisk has them. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { wavHeader } from '../simulator/wav.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';

const atEnd = atFileEnd();
const NOON = 1_620_417_600;
const DAY = '20210507';
const nameOf = (start: number, dst: string) => `${DAY}/${DAY}-1200-${start + 2}-Internal-205-${dst}.wav`;
const SOUND = Buffer.concat([wavHeader(16_000), Buffer.alloc(16_000, 7)]);

let daemon: TestDaemon;
/** Ids of: a recorded call; one not recorded; one whose file never came; the two rows of a transfer, both recorded. */
let ids: number[] = [];

beforeAll(async () => {
  daemon = await startDaemon({ CDRD_VOIPMONITOR_ENABLED: 'yes' }, { atEnd });
  const dir = join(daemon.folder, 'recordings');
  mkdirSync(join(dir, DAY));
  const record = async (start: number, change: object = {}, dst = '204', lay = true) => {
    if (lay) writeFileSync(join(dir, nameOf(start, dst)), SOUND);
    const recordingFile = join(dir, nameOf(start, dst)).replace('.wav', '');
    await daemon.store.write({ kind: 'leg', leg: leg(start, { recordingFile, ...change }), source: 'ami' });
  };
  await record(NOON);
  await daemon.store.write({ kind: 'leg', leg: leg(NOON + 60), source: 'ami' });
  await record(NOON + 120, {}, '204', false);
  await record(NOON + 180);
  const second = { linkedId: `${NOON + 180}.0`, destination: '206', destinationChannel: 'SIP/206-00000007' };
  await record(NOON + 190, second, '206');
  for (const group of await daemon.store.ask('openGroups')) await daemon.store.write({ kind: 'close', group });
  await eventually(async () => {
    const found = await daemon.json(`/cgi/webserve/20053?startdate=2021-05-01 00:00`);
    return (found['json_obj_filter'] as { totalcount: number }).totalcount === 3;
  });
  const { json_array_astcdrs: rows } = await daemon.json('/cgi/webserve/9006?startdate=2021-05-01 00:00&order=asc');
  ids = (rows as { id: string }[]).map(({ id }) => Number(id));
  expect(ids).toHaveLength(5);
});

const WHO = { user: 'admin', password: 'admin' };

function post(task: string, params: object, more: object = {}): Promise<Response> {
  const body = JSON.stringify({ task, ...WHO, params, ...more });
  return fetch(`${daemon.url}/php/api.php`, { method: 'POST', body });
}

async function reasonOf(answer: Response): Promise<[number, string]> {
  const { success, errors } = (await answer.json()) as { success: boolean; errors: { reason: string } };
  expect(success).toBe(false);
  return [answer.status, errors.reason];
}

const fault = async (params: object, task = 'getVoiceRecording') => reasonOf(await post(task, params));

describe('getVoiceRecording', () => {
  test('is the very file, by cdrId and by callId, by POST and by GET', async () => {
    const query = `task=getVoiceRecording&user=admin&password=admin&params=${JSON.stringify({ cdrId: ids[0] })}`;
    const answers = [
      await post('getVoiceRecording', { cdrId: String(ids[0]), saveaudio_afterconnect: 'yes' }),
      await post('getVoiceRecording', { callId: `${NOON}.0`, cidInterval: 10 }),
      await fetch(`${daemon.url}/php/api.php?${query}`),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('Content-Type')).toBe('audio/wav');
      expect(answer.headers.get('Content-Disposition')).toContain('attachment; filename="20210507-1200-');
      expect(Buffer.from(await answer.arrayBuffer()).equals(SOUND)).toBe(true);
    }
  });

  test('of several recordings all come in a zip, and one of them by its own id', async () => {
    const callId = `${NOON + 180}.0`;
    expect(await fault({ callId })).toEqual([200, expect.stringContaining('there are 2 recordings of it')]);
    const zip = await post('getVoiceRecording', { callId, zip: true });
    expect(zip.headers.get('Content-Type')).toBe('application/zip');
    const bytes = Buffer.from(await zip.arrayBuffer());
    for (const name of [nameOf(NOON + 180, '204'), nameOf(NOON + 190, '206')]) expect(bytes.includes(name)).toBe(true);
    const own = await post('getVoiceRecording', { callId: `${NOON + 190}.0` });
    expect(own.headers.get('Content-Disposition')).toContain('-206.wav');
    await own.arrayBuffer();
    const near = await post('getVoiceRecording', { callId, cidInterval: 5 });
    expect(near.headers.get('Content-Disposition')).toContain('-206.wav');
    await near.arrayBuffer();
  });

  test('not recorded, gone, and no such call are told apart; so is what the box has not', async () => {
    expect(await fault({ cdrId: ids[1] })).toEqual([200, `call ${ids[1]} was not recorded`]);
    const gone = nameOf(NOON + 120, '204');
    expect(await fault({ cdrId: ids[2] })).toEqual([200, `the recording ${gone} is not there any more`]);
    expect(await fault({ cdrId: 999 })).toEqual([200, 'there is no call 999, or it was deleted']);
    expect(await fault({ callId: '1.1' })).toEqual([200, expect.stringContaining('has the Call-ID 1.1')]);
    expect(await fault({ cdrId: ids[0], ogg: true })).toEqual([200, expect.stringContaining('no encoder')]);
    const byHeader = { customHeader: 'X', customHeaderValue: 'Y', calldate: '2015-03-01' };
    expect(await fault(byHeader)).toEqual([200, expect.stringContaining('customHeader')]);
    expect(await fault({})).toEqual([200, 'cdrId or callId is missing']);
    expect(await fault({ cdrId: 'x' })).toEqual([200, 'cdrId must be a whole number']);
    expect(await fault({ cdrId: 1, colour: 1 })).toEqual([200, 'colour is no parameter of this task']);
    expect(await fault([{ cdrId: 1 }, { cdrId: 2 }])).toEqual([200, 'params must be one object']);
  });

  test('is in the audit log with its reason, and needs the right of 20036', async () => {
    await (await post('getVoiceRecording', { cdrId: ids[0] }, { auditReason: 'ticket 7' })).arrayBuffer();
    const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?action=recordings.downloaded')) as {
      json_array_audit: { reason: string; user: string; detail: { paths: string } }[];
    };
    const line = lines.find(({ reason }) => reason === 'ticket 7');
    expect(line?.detail.paths).toBe(nameOf(NOON, '204'));
    const { key } = await daemon.json('/cgi/webserve/30011?name=one&role=admin&numbers=9006');
    const denied = await post('getVoiceRecording', { cdrId: ids[0] }, { user: 'one', password: key });
    expect(await reasonOf(denied)).toEqual([200, expect.stringContaining('may not')]);
    const wrong = await post('getVoiceRecording', { cdrId: ids[0] }, { password: 'wrong' });
    expect((await reasonOf(wrong))[1]).toContain('wrong password');
  });

  test('of a medium that is away is told with status 503', async () => {
    const dir = join(daemon.folder, 'recordings');
    renameSync(dir, `${dir}.away`);
    try {
      await eventually(async () => (await post('getVoiceRecording', { cdrId: ids[0] })).status === 503);
      expect((await fault({ cdrId: ids[0] }))[0]).toBe(503);
    } finally {
      rmSync(dir, { recursive: true, force: true });
      renameSync(`${dir}.away`, dir);
    }
    await eventually(async () => (await post('getVoiceRecording', { cdrId: ids[0] })).headers.get('Accept-Ranges'));
  });
});

test('without Asterisk nothing is told of calls in progress', async () => {
  expect((await fault({}, 'listActiveCalls'))[1]).toContain('Asterisk is away');
  expect((await fault({ sensorId: 2 }, 'listActiveCalls'))[1]).toContain('there is no sensor 2');
  const hangUp = { sensorId: '1', command: 'hangup', callRef: 'x' };
  expect((await fault(hangUp, 'handleActiveCall'))[1]).toBe('command must be pausecall or unpausecall');
  expect((await fault({ ...hangUp, command: 'pausecall', callRef: '' }, 'handleActiveCall'))[1]).toContain('callRef');
  expect(await fault({ ...hangUp, command: 'pausecall' }, 'handleActiveCall')).toEqual([200, 'Asterisk is away']);
});
