/**
 * Calls whose records may still be coming. Each waits for a silence, or is held: by its channels, or by the disk. However many
 * there are, a record and a hang-up look at their own call alone: those that fall silent at about one time share a timer, and
 * those that are held are found by their LinkedID.
 */
import { keyOf } from '../../storage/model/identity.ts';

/** One wait of one call. A record that comes meanwhile begins another. */
export interface Wait {
  readonly group: string;
  readonly held: boolean;
}

export interface OpenCalls {
  readonly size: number;
  has(group: string): boolean;
  /** Its silence begins. @param ms After which it is told of, up to {@link GRAIN_MS} later. */
  wait(group: string, ms: number): void;
  /** It waits for something that no timer tells. */
  hold(group: string): void;
  /** Groups of this LinkedID that are held: more than one where it came again after a start of Asterisk. */
  heldOf(linkedId: string): readonly string[];
  /** All groups that are held. */
  readonly held: readonly string[];
  /** What a group waits for. */
  waitOf(group: string): Wait | undefined;
  /** Whether its call still waits for this. */
  isNow(wait: Wait): boolean;
  /** Its call is open no longer, unless it waits for something else by now. */
  end(wait: Wait): void;
  /** Tells of none any more. */
  stop(): void;
}

/** Those that fall silent within so many milliseconds are told of together. */
export const GRAIN_MS = 16;

interface Moment {
  readonly waits: Wait[];
  readonly timer: NodeJS.Timeout;
}

/** @param quiet Told of those whose silence is over; they stay what they are until somebody decides on them. */
export function createOpenCalls(quiet: (waits: readonly Wait[]) => void): OpenCalls {
  const open = new Map<string, Wait>();
  const heldBy = new Map<string, Set<string>>();
  /** By the number of their grain, monotonic. Waits that are over stay in them until then: taking each out would cost more. */
  const moments = new Map<number, Moment>();
  let stopped = false;

  function begin(wait: Wait): void {
    letGo(wait.group);
    open.set(wait.group, wait);
  }

  /** It is held no longer. */
  function letGo(group: string): void {
    if (!open.get(group)?.held) return;
    const linkedId = keyOf(group);
    const groups = heldBy.get(linkedId);
    groups?.delete(group);
    if (groups?.size === 0) heldBy.delete(linkedId);
  }

  function momentAt(grain: number, now: number): Moment {
    const known = moments.get(grain);
    if (known) return known;
    const timer = setTimeout(() => tell(grain), grain * GRAIN_MS - now);
    const moment = { waits: [], timer };
    moments.set(grain, moment);
    return moment;
  }

  function tell(grain: number): void {
    const over = moments.get(grain)?.waits.filter(isNow) ?? [];
    moments.delete(grain);
    if (over.length > 0) quiet(over);
  }

  const isNow = (wait: Wait) => open.get(wait.group) === wait;

  return {
    get size() {
      return open.size;
    },
    has: (group) => open.has(group),
    wait(group, ms) {
      if (stopped) return;
      const wait = { group, held: false };
      begin(wait);
      const now = performance.now();
      momentAt(Math.ceil((now + ms) / GRAIN_MS), now).waits.push(wait);
    },
    hold(group) {
      if (stopped) return;
      begin({ group, held: true });
      const linkedId = keyOf(group);
      const groups = heldBy.get(linkedId);
      if (groups) groups.add(group);
      else heldBy.set(linkedId, new Set([group]));
    },
    heldOf: (linkedId) => [...(heldBy.get(linkedId) ?? [])],
    get held() {
      return [...heldBy.values()].flatMap((groups) => [...groups]);
    },
    waitOf: (group) => open.get(group),
    isNow,
    end(wait) {
      if (!isNow(wait)) return;
      letGo(wait.group);
      open.delete(wait.group);
    },
    stop() {
      stopped = true;
      for (const { timer } of moments.values()) clearTimeout(timer);
      moments.clear();
      open.clear();
      heldBy.clear();
    },
  };
}
