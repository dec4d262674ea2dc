/**
 * Whether each call is in time: hears the PBX itself and the daemon with one clock, and asks 9006 what has changed. A record
 * is late when the daemon's `Event: Cdr` comes more than a second after the PBX's; a call is late when no row of it stands
 * in 9006 a second after the two seconds that follow its end (its last record, or its last channel's hang-up).
 */
import { connect } from 'node:net';
import { listen } from './listener.ts';

const LATE_MS = 1_000;
const CLOSING_MS = 2_000;
/** How often 9006 is asked: what it shows is seen so much later at most. */
const LOOK_MS = 250;

export interface WatchFigures {
  readonly calls: number;
  /** Milliseconds, unsorted: PBX's `Event: Cdr` to ours; a call's end to its row. */
  readonly cdr: readonly number[];
  readonly shown: readonly number[];
  readonly late: readonly string[];
}

export interface Watch {
  /** What came since the last time; calls that are under way stay with it. */
  take(): WatchFigures;
  /** The PBX has begun anew: what was under way is lost there. */
  forget(): void;
  /** Calls whose row is still to come. */
  readonly pending: number;
  stop(): void;
}

interface Awaited {
  end: number;
  readonly uniqueIds: Set<string>;
}

/** @param changed Asks 9006 for what has changed since. */
export async function startWatch(
  pbx: { readonly port: number; readonly secret: string },
  ami: number,
  changed: (since: number) => Promise<readonly { readonly UniqueID: string; readonly changed: string }[]>,
  since: number,
): Promise<Watch> {
  /** By UniqueID: when the PBX told records that the daemon hasn't yet. */
  const told = new Map<string, number[]>();
  /** By LinkedID. */
  const calls = new Map<string, Awaited>();
  /** By a channel's Uniqueid: the LinkedIDs that it has had. One that was transferred goes on in another call. */
  const channels = new Map<string, Set<string>>();
  /** UniqueIDs of records to their call's LinkedID. */
  const callOf = new Map<string, string>();
  let figures = { calls: 0, cdr: [] as number[], shown: [] as number[], late: [] as string[] };
  let stopped = false;

  await hear(pbx, (event) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(event)?.[1] ?? '';
    const now = performance.now();
    if (event.startsWith('Event: Cdr\r\n')) {
      const [uniqueId, linkedId] = [field('UniqueID'), field('LinkedID')];
      told.set(uniqueId, [...(told.get(uniqueId) ?? []), now]);
      const call = calls.get(linkedId) ?? { end: now, uniqueIds: new Set<string>() };
      call.end = now;
      call.uniqueIds.add(uniqueId);
      calls.set(linkedId, call);
      callOf.set(uniqueId, linkedId);
      return;
    }
    const [channel, linkedId] = [field('Uniqueid'), field('Linkedid')];
    if (linkedId === '') return;
    const through = channels.get(channel) ?? new Set<string>();
    channels.set(channel, through.add(linkedId));
    if (!event.startsWith('Event: Hangup\r\n')) return;
    channels.delete(channel);
    for (const each of through) {
      const call = calls.get(each);
      if (call) call.end = now;
    }
  });
  const socket = await listen(ami, (uniqueId) => {
    const at = told.get(uniqueId)?.shift();
    if (at === undefined) return;
    const late = performance.now() - at;
    figures.cdr.push(late);
    if (late > LATE_MS) figures.late.push(`Event: Cdr of ${uniqueId} after ${late.toFixed(0)} ms`);
    if (told.get(uniqueId)?.length === 0) told.delete(uniqueId);
  });

  async function look(): Promise<void> {
    for (;;) {
      const rows = await changed(since);
      const now = performance.now();
      for (const row of rows) {
        since = Math.max(since, Number(row.changed));
        const linkedId = callOf.get(row.UniqueID) ?? '';
        const call = calls.get(linkedId);
        if (!call) continue;
        calls.delete(linkedId);
        for (const uniqueId of call.uniqueIds) callOf.delete(uniqueId);
        figures.calls++;
        figures.shown.push(now - call.end);
        if (now - call.end > CLOSING_MS + LATE_MS + LOOK_MS)
          figures.late.push(`row of ${linkedId} after ${(now - call.end).toFixed(0)} ms`);
      }
      if (rows.length < 100) return;
    }
  }
  void (async () => {
    while (!stopped) {
      await look().catch((error: Error) => !stopped && figures.late.push(`9006: ${error.message}`));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();

  return {
    take() {
      const taken = figures;
      figures = { calls: 0, cdr: [], shown: [], late: [] };
      const overdue = [...calls.values()].filter(({ end }) => performance.now() - end > 10_000).length;
      return overdue === 0 ? taken : { ...taken, late: [...taken.late, `${overdue} calls not there after 10 s`] };
    },
    forget() {
      told.clear();
      calls.clear();
      callOf.clear();
      channels.clear();
    },
    get pending() {
      return calls.size;
    },
    stop() {
      stopped = true;
      socket.destroy();
    },
  };
}

/** The PBX's own events; connects anew when it begins anew. */
async function hear({ port, secret }: { port: number; secret: string }, heard: (event: string) => void): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let rest = '';
  socket.on('data', (text) => {
    const packets = (rest + text).split('\r\n\r\n');
    rest = packets.pop() ?? '';
    packets.forEach(heard);
  });
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(() => void hear({ port, secret }, heard), 100).unref());
  socket.write(`Action: Login\r\nUsername: cdrd\r\nSecret: ${secret}\r\nEvents: on\r\n\r\n`);
}
