/**
 * The whole daemon on a disk that refuses: it goes on serving and says so, is stopped and started on that very disk, and
 * when the disk takes writes again everything that Asterisk told or wrote meanwhile is there, once.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { customCsvLine } from '../simulator/cdr.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';
import { audit } from './audit.ts';
import { type Box, figure, folders, logIn, startBox, until } from './box.ts';
import { slowDisk } from './disk.ts';
import { emptyLedger, nextCall, startPeer } from './peer.ts';

/** Of any single wait: the disk is probed every 2 s. */
const WAIT_SECONDS = 30;
const ALL = '?&startdate=2000-01-01%2000:00';

/** A daemon on such a disk, beside a PBX that tells each record and writes it into its CSV. */
async function openStage(atEnd: AtEnd) {
  const root = temporaryFolder(atEnd);
  const place = folders(root);
  const csv = `${root}/cdrd.csv`;
  writeFileSync(csv, '');
  const ledger = emptyLedger();
  const peer = await startPeer(ledger);
  const disk = slowDisk(place.state, root);
  disk.plan('');
  let box: Box | null = null;
  let url = '';
  atEnd(async () => {
    box?.signal('SIGKILL');
    await box?.ended;
    await peer.close();
  });
  return {
    place,
    ledger,
    disk,
    async start() {
      box = startBox(place, peer.port, { ...disk.env, CDRD_ASTERISK_CDR_CSV: csv });
      url = await box.ready;
      await until('the daemon logs in to the PBX', () => peer.up, WAIT_SECONDS);
    },
    async stop() {
      box?.signal('SIGTERM');
      return box?.ended;
    },
    call(count: number) {
      for (let calls = 0; calls < count; calls++) {
        const records = nextCall(ledger);
        peer.send(records);
        appendFileSync(csv, records.map(customCsvLine).join(''));
      }
    },
    /** How often the log has this text. */
    logged: (text: string) => (box?.log().split(text).length ?? 1) - 1,
    figure: (name: string) => figure(url, name),
    async health() {
      const answer = await fetch(`${url}/healthz`);
      const { status, store } = (await answer.json()) as { status: string; store: { state: string } };
      return { code: answer.status, status, state: store.state };
    },
    async medium() {
      const health = (await (await fetch(`${url}/healthz`)).json()) as { recordings: { state: string } };
      return health.recordings.state;
    },
    /** As the administrator. */
    async answer(path: string): Promise<{ code: number; body: Record<string, unknown> }> {
      const { token } = await logIn(url, place, 'admin');
      const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
      const isJson = answer.headers.get('content-type')?.startsWith('application/json');
      const text = await answer.text();
      return { code: answer.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text } };
    },
  };
}
type Stage = Awaited<ReturnType<typeof openStage>>;

async function shown(stage: Stage): Promise<string[]> {
  const { body } = await stage.answer(`/cgi/webserve/9006${ALL}`);
  return (body['json_array_astcdrs'] as { UniqueID: string }[]).map(({ UniqueID }) => UniqueID);
}

/** Waits until every call that there was is shown. */
async function allShown(stage: Stage): Promise<void> {
  const { calls } = stage.ledger;
  await until('every call is shown', async () => (await shown(stage)).length >= calls, WAIT_SECONDS);
  const there = await shown(stage);
  expect([there.length, new Set(there).size]).toEqual([calls, calls]);
}

/** What holds while nothing can be written: so many calls are shown. */
async function serves(stage: Stage, calls: number, told: { state: string; code: number; error: string }) {
  expect(await stage.health()).toEqual({ code: 503, status: 'not storing', state: told.state });
  expect(await shown(stage)).toHaveLength(calls);
  for (const path of [`9005${ALL}`, `30002${ALL}`, '30018?', `20053${ALL}`])
    expect({ path, code: (await stage.answer(`/cgi/webserve/${path}`)).code }).toEqual({ path, code: 200 });
  await until('recordings are served', async () => (await stage.medium()) === 'mounted', WAIT_SECONDS);
  const deletion = await stage.answer(`/cgi/webserve/9004${ALL}`);
  expect(deletion).toMatchObject({ code: told.code, body: { error: { code: told.error } } });
  expect(await shown(stage)).toHaveLength(calls);
  expect(await stage.figure('cdrd_records_total{result="lost"}')).toBe(0);
}

const KINDS = [
  ['full', 'free 0\nfail any any ENOSPC 1\n', { state: 'full', code: 507, error: 'disk_full' }],
  ['failing', 'fail any any EIO 1\n', { state: 'failing', code: 503, error: 'disk_failing' }],
  ['read-only', 'fail any any EROFS 1\n', { state: 'read_only', code: 503, error: 'disk_failing' }],
] as const;

describe.concurrent('a daemon on a disk that is', () => {
  test.for(KINDS)(
    '%s serves, is started anew on it, and misses nothing when it is better',
    {
      timeout: 120_000,
    },
    async ([, plan, told], { onTestFinished }) => {
      const stage = await openStage(onTestFinished); // of this test: others run beside it
      await stage.start();
      stage.call(3);
      await allShown(stage);

      stage.disk.plan(plan);
      stage.call(5);
      await until('the state is told', async () => (await stage.health()).code === 503, WAIT_SECONDS);
      await until('records are held', () => stage.figure('cdrd_records_held'), WAIT_SECONDS);
      await serves(stage, 3, told);
      expect(stage.logged('the disk of the store refuses')).toBe(1);
      // Better, and the daemon is still the same one: what it held comes from memory.
      stage.disk.plan('');
      await until('the state is over', async () => (await stage.health()).code === 200, WAIT_SECONDS);
      await allShown(stage);
      expect(await stage.figure('cdrd_records_held')).toBe(0);
      expect(stage.logged('takes writes again')).toBe(1);

      // Once more, and now it is stopped and started on that disk: what was held comes from the CSV.
      stage.disk.plan(plan);
      stage.call(4);
      await until('records are held', () => stage.figure('cdrd_records_held'), WAIT_SECONDS);
      expect(await stage.stop()).toEqual({ code: 0, signal: null });
      await stage.start();
      stage.call(2);
      await until('the state is told', async () => (await stage.health()).code === 503, WAIT_SECONDS);
      await serves(stage, 8, told);
      stage.disk.plan('');
      await until('the state is over', async () => (await stage.health()).code === 200, WAIT_SECONDS);
      await allShown(stage);

      for (const name of stage.ledger.sent) stage.ledger.acknowledged.add(name);
      expect(await stage.stop()).toEqual({ code: 0, signal: null });
      const { losses, doubles, faults, calls, open } = audit(stage.place, stage.ledger);
      expect({ losses, doubles, faults, calls, open }).toEqual({
        losses: [],
        doubles: [],
        faults: [],
        calls: stage.ledger.calls,
        open: 0,
      });
    },
  );
});
