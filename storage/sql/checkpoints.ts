/**
 * When the log is brought into the file: where it has so many pages, at the end of the commit that finds it so. Each time
 * costs three fsyncs beside that commit's, in which no record goes in, and writes a page once, however often the log holds
 * it. So a longer log stalls records less often and writes less: with 16 MiB for 4 a call came to 40 % fewer bytes on the
 * disk one by one, and 30 % fewer in a burst. But it takes room, and a start after a kill looks through it (16 MiB: 0.2 s of
 * the processor more). So it is long only where there is room; near the reserve all is as disk.ts reckons.
 */
import type { Database } from './database.ts';

export interface Checkpoints {
  /** Makes the log as long as there is room for. @param room Bytes that may be written before the reserve is touched. */
  fit(room: number): void;
  /** There are none until {@link Checkpoints.goOn}. */
  hold(): void;
  goOn(): void;
  /** The file was opened anew, which is back at what SQLite does by itself. */
  begunAnew(): void;
  /** A log longer than this, bytes, has lost its checkpoints: a transaction may add 4 MiB and more before the next. */
  readonly overdueBytes: number;
}

interface Length {
  /** Pages at which it's brought in. SQLite's own default is the short one's. */
  readonly pages: number;
  /** Bytes of its file that stay: written over they cost less than new ones, whose place is to be made durable as well. */
  readonly kept: number;
  readonly overdueBytes: number;
}

const MIB = 1024 * 1024;
const SHORT: Length = { pages: 1_000, kept: 4 * MIB, overdueBytes: 16 * MIB };
const LONG: Length = { pages: 4_000, kept: 16 * MIB, overdueBytes: 32 * MIB };
/** Room below which a long log becomes short: what it holds then still goes into the file without touching the reserve. */
const SHORT_BELOW = 32 * MIB;
/** Room from which it is long: becoming short gives 12 MiB back, which must not make it long again. */
const LONG_FROM = 64 * MIB;

export function createCheckpoints(database: Database): Checkpoints {
  let length = SHORT;
  let held = false;

  function set(pages: number, { kept }: Length): void {
    database.first(`PRAGMA wal_autocheckpoint=${pages}`);
    database.first(`PRAGMA journal_size_limit=${kept}`);
  }

  return {
    fit(room) {
      const fitting = room < SHORT_BELOW ? SHORT : room >= LONG_FROM ? LONG : length;
      if (fitting === length) return;
      length = fitting;
      set(held ? 0 : length.pages, length);
    },
    hold() {
      held = true;
      set(0, length);
    },
    goOn() {
      held = false;
      set(length.pages, length);
    },
    begunAnew() {
      length = SHORT;
    },
    get overdueBytes() {
      return length.overdueBytes;
    },
  };
}
