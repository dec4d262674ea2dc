/**
 * The places that recordings may be sent to, each as it is now. The chosen one is the watcher's; of the others nobody knows
 * until somebody asks, and a share that is away hangs whoever looks at it. So they are looked at by a worker of their own,
 * one after another, which may be left behind: it delays neither the watcher nor who plays a recording.
 */
import type { Place, Places } from '../../cgi/recording/port.ts';
import type { Config } from '../config.ts';
import { askFile } from './ask-file.ts';
import { FILES_IDLE_MS, PLACE_DEADLINE_MS, PLACES_FRESH_MS } from './limits.ts';
import type { Recordings } from './recordings.ts';
import { createStepClient, createThreads, WorkerLost } from './step-client.ts';

export interface PlacesOptions {
  readonly config: Pick<Config, 'recordings'>;
  /** The bundled `file-worker.mjs`. */
  readonly worker: URL;
  readonly recordings: Pick<Recordings, 'state' | 'space'>;
  /** The chosen one's folder at this moment. */
  chosen(): string;
  /** Monotonic milliseconds. */
  mono(): number;
  readonly deadlineMs?: number;
  readonly freshMs?: number;
}

export interface BoxPlaces extends Places {
  /** Whether a look hangs still after so many milliseconds. */
  stuck(ms: number): Promise<boolean>;
  close(): void;
}

type Seen = Omit<Place, 'name' | 'dir' | 'chosen'>;

const NOTHING = { writable: false, free: null, total: null };

export function createPlaces(options: PlacesOptions): BoxPlaces {
  const { config, worker, recordings, chosen, mono, deadlineMs = PLACE_DEADLINE_MS } = options;
  const { places, requireMount } = config.recordings;
  const where = { dir: '', requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' };
  const threads = createThreads();
  const client = createStepClient({
    worker,
    settings: where,
    threads,
    deadlineMs,
    slowMs: deadlineMs,
    late: () => () => {},
    idleMs: FILES_IDLE_MS,
  });
  const seen = new Map<string, { readonly at: number; readonly seen: Seen }>();
  let turn: Promise<unknown> = Promise.resolve();

  async function lookAt(dir: string): Promise<Seen> {
    const before = seen.get(dir);
    if (before && mono() - before.at < (options.freshMs ?? PLACES_FRESH_MS)) return before.seen;
    where.dir = dir;
    client.renew('');
    const found = await look();
    seen.set(dir, { at: mono(), seen: found });
    return found;
  }

  async function look(): Promise<Seen> {
    try {
      const { medium, value } = await askFile(client, { kind: 'room' });
      if (medium.state !== 'mounted' || !value) return { ...NOTHING, state: medium.state, why: medium.why };
      const { space, readOnly } = value;
      const why = readOnly ? 'read-only' : space?.free === 0 ? 'full' : '';
      return { state: 'mounted', why, writable: why === '', free: space?.free ?? null, total: space?.total ?? null };
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      return { ...NOTHING, state: 'dead', why: error.message };
    }
  }

  function ofChosen(): Seen {
    const { state, why, writable } = recordings.state();
    const space = recordings.space();
    return { state, why, writable, free: space?.free ?? null, total: space?.total ?? null };
  }

  async function list(): Promise<readonly Place[]> {
    const all = Object.entries(places);
    // A folder that the file names and no place has.
    if (!all.some(([, dir]) => dir === chosen())) all.unshift([chosen(), chosen()]);
    const rows: Place[] = [];
    for (const [name, dir] of all) {
      const isChosen = dir === chosen();
      rows.push({ name, dir, chosen: isChosen, ...(isChosen ? ofChosen() : await lookAt(dir)) });
    }
    return rows;
  }

  return {
    list() {
      // One after the other: there is one worker.
      const mine = turn.then(list);
      turn = mine.catch(() => {});
      return mine;
    },
    stuck: threads.stuck,
    close: client.close,
  };
}
