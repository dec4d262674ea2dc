/** A disk that is really full, and one that is really read-only: by the kernel, not by a library that plays them. */
import { mkdirSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { fillDisk, mountDisk, remount, whyNoMounts } from '../support/mount.ts';
import { type Box, type Folders, folders, logIn, startBox, until } from './box.ts';
import { emptyLedger, nextCall, startPeer } from './peer.ts';

const MB = 1_000_000;
const WAIT_SECONDS = 30;
const ALL = '?&startdate=2000-01-01%2000:00';

const why = whyNoMounts();
if (why !== '') afterAll(() => console.warn(`the tests of real disks were skipped: ${why}`));

/** A box whose state lies on a disk of its own. */
function place(bytes: number): Folders {
  const made = folders(temporaryFolder());
  mountDisk(made.state, bytes, onTestFinished);
  return made;
}

async function started(where: Folders, peer: { port: number } | null, env: Record<string, string> = {}) {
  const box = startBox(where, peer?.port ?? 0, env);
  onTestFinished(async () => {
    box.signal('SIGKILL');
    await box.ended;
  });
  return { box, url: await box.ready };
}

async function stop(box: Box): Promise<void> {
  box.signal('SIGTERM');
  expect(await box.ended).toEqual({ code: 0, signal: null });
}

const stateOf = async (url: string) =>
  ((await (await fetch(`${url}/healthz`)).json()) as { store: { state: string } }).store.state;

describe.skipIf(why !== '')('a disk that is really', () => {
  test('full: calls are deleted on it, settings set, and records taken when there is room', {
    timeout: 60_000,
  }, async () => {
    const where = place(24 * MB);
    const ledger = emptyLedger();
    const peer = await startPeer(ledger);
    onTestFinished(() => peer.close());
    const { box, url } = await started(where, peer, { CDRD_STATE_RESERVE_MB: '4' });
    await until('the daemon logs in to the PBX', () => peer.up, WAIT_SECONDS);
    const get = await logIn(url, where, 'admin');
    const total = async () => {
      const { json_obj_filter: filter } = await get(`/cgi/webserve/9006${ALL}`);
      return (filter as { totalcount: number }).totalcount;
    };
    peer.send(nextCall(ledger));
    await until('the call is shown', async () => (await total()) === 1, WAIT_SECONDS);

    const filler = fillDisk(where.state, 2 * MB);
    await until('the disk is seen to be full', async () => (await stateOf(url)) === 'full', WAIT_SECONDS);
    peer.send(nextCall(ledger));
    expect(await get('/cgi/webserve/30017?recording.internal=no')).toMatchObject({ result: 'success' });
    const { undo, deleted } = await get(`/cgi/webserve/9004${ALL}`);
    expect([deleted, await total()]).toEqual([1, 0]);
    const deletion = async () => {
      const { json_array_deletions: deletions } = await get(`/cgi/webserve/30004?&undo=${undo}`);
      return (deletions as { state: string }[])[0]?.state;
    };
    // One call gives no room that would help against what fills the disk: it can still be brought back.
    await until('the trash is looked at', () => box.log().includes('it stays'), WAIT_SECONDS);
    expect(await deletion()).toBe('deleted');
    rmSync(filler);
    await until('the held record’s call is shown', async () => (await total()) === 1, WAIT_SECONDS);
    expect(await stateOf(url)).toBe('ok');
    await stop(box);
  });

  test('read-only: a start serves what is there, the log of a killed predecessor too, and writes when it may', {
    timeout: 60_000,
  }, async () => {
    const where = place(24 * MB);
    const ledger = emptyLedger();
    const peer = await startPeer(ledger);
    onTestFinished(() => peer.close());
    const env = { CDRD_HTTPS_LISTEN: '127.0.0.1:0' };
    const first = await started(where, peer, env);
    await until('the daemon logs in to the PBX', () => peer.up, WAIT_SECONDS);
    peer.send(nextCall(ledger));
    const shown = async (url: string) => {
      const { json_array_astcdrs: rows } = await (await logIn(url, where, 'admin'))(`/cgi/webserve/9006${ALL}`);
      return (rows as unknown[]).length;
    };
    await until('the call is shown', async () => (await shown(first.url)) === 1, WAIT_SECONDS);
    first.box.signal('SIGKILL'); // what it has stored is in the log alone, and its lock stays
    await first.box.ended;

    remount(where.state, 'ro');
    const { box, url } = await started(where, peer, env);
    expect([await stateOf(url), await shown(url)]).toEqual(['read_only', 1]);
    await until('the daemon logs in to the PBX', () => peer.up, WAIT_SECONDS);
    peer.send(nextCall(ledger));
    remount(where.state, 'rw');
    await until('the other call is shown', async () => (await shown(url)) === 2, WAIT_SECONDS);
    expect(await stateOf(url)).toBe('ok');
    await stop(box);
  });

  test('read-only: a new box has nothing to serve, and says why it does not start', async () => {
    const where = place(24 * MB);
    remount(where.state, 'ro');
    const box = startBox(where, 0);
    expect(await box.ended).toEqual({ code: 74, signal: null });
    expect(box.log()).toMatch(/cdrd did not start error="the disk is read-only: /);
  });

  test('read-only: an older store must be brought up to date first', async () => {
    const where = place(24 * MB);
    mkdirSync(`${where.root}/run`);
    const options = { ...storeOptions(where.state), readingFolder: `${where.root}/run/reading` };
    const older = openStoreHere({ ...options, migrations: migrations.slice(0, -1) });
    await older.close();
    remount(where.state, 'ro');
    expect(() => openStoreHere(options)).toThrow(
      `the store has schema ${migrations.length - 1} and can't be read before it is brought to ${migrations.length}`,
    );
    remount(where.state, 'rw');
    const store = openStoreHere(options);
    onTestFinished(() => store.close());
    await store.write({ kind: 'leg', leg: leg(1_619_082_110), source: 'ami' });
    expect(await store.ask('openGroups')).toHaveLength(1);
  });
});
