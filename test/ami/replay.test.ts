/**
 * Catching up: a client that remembers the last EventSequence it saw misses nothing and sees nothing twice, across pages,
 * live traffic, its own absences and a daemon that is killed.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { folders, startBox, until } from '../fault/box.ts';
import { emptyLedger, nextCall, startPeer } from '../fault/peer.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { type AmiTestClient, amiPort, connectClient, logInClient, SECRET, setUser } from './client.ts';

const atEnd = atFileEnd();

const START = 1_619_082_110;

describe('of a running daemon', () => {
  let daemon: TestDaemon;
  let lastCall = 0;
  const record = () => daemon.ingest.record(leg(START + ++lastCall * 10));
  /** So many that the daemon hears nothing of: it would close their calls by itself, in the midst of the others. */
  const put = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        daemon.store.write({ kind: 'leg', leg: leg(START + ++lastCall * 10), source: 'ami' }),
      ),
    );

  beforeAll(async () => {
    daemon = await startDaemon({}, { atEnd });
    await setUser(daemon, 'crm', { read: 'cdr', extras: true });
    await setUser(daemon, 'plain', { read: 'cdr' });
    await setUser(daemon, 'deaf', { read: 'call' });
    // 450 records, then 450 rows of calls, then 5 records: pages of 200 end anywhere, and two of them hold no event.
    await put(450);
    const groups = Array.from({ length: 450 }, (_, index) => `${START + (index + 1) * 10}.0`);
    await Promise.all(groups.map((group) => daemon.store.write({ kind: 'close', group })));
    await put(5);
  });

  const sequences = (client: AmiTestClient) => client.events('Cdr').map((event) => Number(event.get('EventSequence')));
  const ended = (client: AmiTestClient) => client.find(({ first }) => first[1] === 'CdrdReplayComplete');

  test('all of them, over every border, with what lies between', async () => {
    const page = await daemon.store.ask('outbox', 450);
    expect(page).toMatchObject({ events: [], last: 650 });
    const client = await logInClient(amiPort(daemon), 'crm', { events: 'off' });
    for (const since of [0, 1, 199, 200, 201, 399, 400, 449, 450, 451, 650, 899, 900, 904, 905]) {
      client.packets.length = 0;
      await client.ask('CdrdReplay', { Since: String(since) });
      expect((await ended(client)).get('EventSequence')).toBe('905');
      const wanted = Array.from({ length: 905 }, (_, index) => index + 1).filter(
        (id) => id > since && (id <= 450 || id > 900),
      );
      expect(sequences(client)).toEqual(wanted);
      expect((await ended(client)).get('ListItems')).toBe(String(wanted.length));
    }
  });

  test('each event as it was told live', async () => {
    const live = await logInClient(amiPort(daemon), 'crm');
    await record();
    await live.until('the record', () => live.events('Cdr').length === 1);
    const [event] = live.events('Cdr');
    const later = await logInClient(amiPort(daemon), 'crm', { events: 'off' });
    await later.ask('CdrdReplay', { Since: String(Number(event?.get('EventSequence')) - 1) });
    await ended(later);
    expect(later.events('Cdr').map(({ raw }) => raw.toString())).toEqual([event?.raw.toString()]);
  });

  test('without extras the guide’s fields alone; without the right nothing', async () => {
    const plain = await logInClient(amiPort(daemon), 'plain', { events: 'off' });
    await plain.ask('CdrdReplay', { Since: '449' });
    await ended(plain);
    const [first] = plain.events('Cdr');
    expect(first?.headers.at(-1)?.[0]).toBe('Recording File Name');
    const deaf = await logInClient(amiPort(daemon), 'deaf', { events: 'off' });
    await deaf.ask('CdrdReplay', { Since: '0' });
    expect((await ended(deaf)).get('ListItems')).toBe('0');
    expect(deaf.events('Cdr')).toEqual([]);
  });

  test('beside live traffic: clients that come at any moment see each record once, in order', {
    timeout: 60_000,
  }, async () => {
    const clients: { since: number; client: AmiTestClient }[] = [];
    let traffic = true;
    const flowing = (async () => {
      while (traffic) await Promise.all([record(), record(), record()]);
    })();
    for (let index = 0; index < 12; index++) {
      const since = index * 60;
      const client = await connectClient(amiPort(daemon));
      client.send(`Action: Login\r\nUsername: crm\r\nSecret: ${SECRET}\r\nEvents: off\r\n\r\n`);
      if (index % 2) await client.find(({ first }) => first[1] === 'Success');
      client.send(`Action: CdrdReplay\r\nSince: ${since}\r\nEventMask: cdr\r\n\r\n`);
      clients.push({ since, client });
    }
    for (const { client } of clients) await ended(client);
    traffic = false;
    await flowing;
    const stored = (await daemon.store.ask('outbox', Number.MAX_SAFE_INTEGER)).newest;
    const all = await logInClient(amiPort(daemon), 'crm', { events: 'off' });
    await all.ask('CdrdReplay', { Since: '0' });
    await ended(all);
    const every = sequences(all);
    expect(every.at(-1)).toBeLessThanOrEqual(stored);
    for (const { since, client } of clients) {
      await client.until('the last record', () => sequences(client).at(-1) === every.at(-1));
      expect(sequences(client)).toEqual(every.filter((id) => id > since));
    }
  });
});

/** A client that comes back for ever, and goes on where it was. */
function follower() {
  const seen: { readonly sequence: number; readonly uniqueId: string }[] = [];
  const faults: string[] = [];
  const last = () => seen.at(-1)?.sequence ?? 0;
  async function follow(port: number): Promise<AmiTestClient> {
    const client = await connectClient(port);
    let taken = 0;
    client.socket.on('data', () => {
      for (; taken < client.packets.length; taken++) {
        const packet = client.packets[taken];
        if (packet?.first[0] === 'Response' && packet.first[1] === 'Error') faults.push(packet.get('Message'));
        if (packet?.first[1] === 'Cdr')
          seen.push({
            sequence: Number(packet.get('EventSequence')),
            uniqueId: packet.get('UniqueID') + packet.get('DestinationChannel'),
          });
      }
    });
    client.send(`Action: Login\r\nUsername: crm\r\nSecret: ${SECRET}\r\nEvents: off\r\n\r\n`);
    client.send(`Action: CdrdReplay\r\nSince: ${last()}\r\nEventMask: cdr\r\n\r\n`);
    return client;
  }
  return { seen, faults, follow };
}

test('a daemon killed at any moment: its client sees each stored record once, in order', {
  timeout: 300_000,
}, async () => {
  const place = folders(temporaryFolder());
  const ledger = emptyLedger();
  const peer = await startPeer(ledger);
  onTestFinished(() => peer.close());
  const { seen, faults, follow } = follower();
  const portOf = (log: string) => Number(/listening ami=127\.0\.0\.1:(\d+)/.exec(log)?.[1]);

  /** One life: so many calls are sent so fast, and it is killed so many milliseconds after the first. */
  async function life(calls: number, betweenMs: number, killMs: number | null): Promise<void> {
    const box = startBox(place, peer.port);
    const before = ledger.sent.length;
    try {
      await box.ready;
      await until('the daemon logs in', () => peer.up, 30);
      if (ledger.calls === 0) await setUser({ folder: place.root }, 'crm', { read: 'cdr', extras: true });
      const client = await follow(portOf(box.log()));
      const killed =
        killMs === null
          ? null
          : new Promise<void>((resolve) =>
              setTimeout(() => {
                box.signal('SIGKILL');
                resolve();
              }, killMs),
            );
      for (let index = 0; index < calls; index++) {
        peer.send(nextCall(ledger));
        if (betweenMs > 0) await new Promise((resolve) => setTimeout(resolve, betweenMs));
      }
      await killed;
      if (killed) await client.until('the end', () => client.closed);
      else {
        await client.find(({ first }) => first[1] === 'CdrdReplayComplete');
        const sent = ledger.sent.slice(before).map((name) => name.split('/')[0]);
        const told = () => seen.filter(({ uniqueId }) => sent.includes(uniqueId.split('SIP/')[0])).length;
        await until('every record of this life is told', () => told() === sent.length, 30);
        client.end();
      }
    } finally {
      box.signal('SIGKILL');
      await box.ended;
    }
  }

  await life(5, 0, null);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(0, 1, 10),
      fc.integer({ min: 1, max: 500 }),
      (calls, betweenMs, killMs) => life(calls, betweenMs, killMs),
    ),
    { numRuns: 7, endOnFailure: true },
  );
  await life(5, 0, null);

  expect(faults).toEqual([]);
  const ids = seen.map(({ sequence }) => sequence);
  expect(ids).toEqual([...ids].sort((one, other) => one - other));
  expect(new Set(ids).size).toBe(ids.length);
  // What the store has now is what it should have seen.
  const daemon = await startDaemon({ CDRD_RECORDINGS_DIR: place.recordings }, { folder: place.root });
  const stored: number[] = [];
  for (let after = 0; ; ) {
    const page = await daemon.store.ask('outbox', after);
    if (page.last === after) break;
    stored.push(...page.events.map(({ sequence }) => sequence));
    after = page.last;
  }
  expect(ids).toEqual(stored);
  expect(stored.length).toBeGreaterThan(10);
  expect(new Set(seen.map(({ uniqueId }) => uniqueId)).size).toBe(seen.length);
});
