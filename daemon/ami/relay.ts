/**
 * The stream of events to all listeners, in Asterisk's order. A call record holds its place until it is durably stored,
 * and everything behind it waits: no client sees a Cdr that a kill could take back. The wait is bounded; what is later
 * than the bound comes when it is stored, and holds up nobody.
 *
 * What bears an EventSequence is sent in the order of the commits and waits for nothing: a client that resumes from the
 * last one that it saw must have seen all before it. That agrees with the places of the records, because the store takes
 * them in the order in which they came; and an event of our own has no place in Asterisk's order to keep.
 *
 * Events of one turn of the loop go out together, and listeners that want the same get the same bytes: with fifty of them
 * and a thousand events a second the writes alone would fill a core otherwise.
 */
import type { AmiLimits } from '../limits.ts';
import type { Packet } from '../wire/packet.ts';
import { ALL_CLASSES, type Classes, classesOf as classesOfName, includes, NO_CLASSES } from './classes.ts';

/** One event, ready to be sent. */
export interface AmiEvent {
  /** null: it is for users with extras on alone. */
  readonly bytes: Buffer | null;
  /** The same with further headers, for users with extras on; null: there are none. */
  readonly extras: Buffer | null;
  /** A listener needs all of them. */
  readonly classes: Classes;
  /** EventSequence of what we made or completed; null: it's Asterisk's own, and no replay knows it. */
  readonly sequence: number | null;
}

export interface Listener {
  /** Classes that reach it now: what its user may read and what it asked for. */
  readonly classes: Classes;
  readonly extras: boolean;
  /** Decides on each event; null: all of its classes pass. */
  readonly passes: ((event: AmiEvent) => boolean) | null;
  send(bytes: Buffer): void;
}

export interface Relay {
  /** An event as Asterisk wrote it. */
  event(packet: Packet): void;
  /**
   * A call record, held at this place until what it gives is called, for the first time: with its event as soon as it is
   * stored, in the order of the commits; with null when it was announced before, or the store refused it.
   */
  record(): (event: AmiEvent | null) => void;
  /** One of ours; what it tells of is durable already. Called in the order of the commits. */
  own(event: AmiEvent): void;
  /** Sends what may be sent now, before an answer that must not overtake it. */
  flush(): void;
  join(listener: Listener): void;
  leave(listener: Listener): void;
  /** Classes that somebody listens to. */
  readonly wanted: Classes;
  readonly figures: { readonly events: number; readonly held: number; readonly late: number };
  close(): void;
}

interface Place {
  /** null while its record is being stored. */
  event: AmiEvent | null;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly bytes: number;
  /** Let go: nothing waits for it any more. */
  over: boolean;
}

export function createRelay(limits: AmiLimits, clock: () => number = () => performance.now()): Relay {
  const listeners = new Set<Listener>();
  /** What waits behind a record that is being stored, from `front` on; empty most of the time. */
  let queue: Place[] = [];
  let front = 0;
  let queueBytes = 0;
  /** To be sent in this turn. */
  let ready: AmiEvent[] = [];
  let turn: NodeJS.Immediate | null = null;
  /** Looks whether the front has waited too long; set for one that has gone meanwhile, it looks again. */
  let late: NodeJS.Timeout | null = null;
  const figures = { events: 0, late: 0 };

  function sendSoon(event: AmiEvent): void {
    figures.events++;
    if (listeners.size === 0) return;
    ready.push(event);
    turn ??= setImmediate(flush);
  }

  function flush(): void {
    if (turn) clearImmediate(turn);
    turn = null;
    if (ready.length === 0) return;
    const events = ready;
    ready = [];
    const shared = new Map<string, Buffer>();
    for (const listener of [...listeners]) {
      const { classes, extras, passes } = listener;
      if (classes === NO_CLASSES) continue;
      const wanted = () => events.filter((event) => includes(classes, event.classes) && (passes?.(event) ?? true));
      let bytes: Buffer | undefined;
      if (passes) bytes = joined(wanted(), extras);
      else {
        const key = `${classes} ${extras}`;
        bytes = shared.get(key);
        if (!bytes) {
          bytes = joined(wanted(), extras);
          shared.set(key, bytes);
        }
      }
      if (bytes.length > 0) listener.send(bytes);
    }
  }

  function hold(place: Place): void {
    queue.push(place);
    queueBytes += place.bytes;
    if (isFull()) letGo();
    watch();
  }

  const held = () => queue.length - front;
  const isFull = () => held() > limits.heldEvents || queueBytes > limits.heldBytes;

  /** Sends from the front whatever waits for nothing. */
  function advance(): void {
    for (let place = queue[front]; place && (place.event || place.over); place = queue[++front]) {
      if (place.event) sendSoon(place.event);
      queueBytes -= place.bytes;
    }
    // Half of it at a time: after each record what waits would be copied once for each that waits.
    if (front * 2 >= queue.length) {
      queue = queue.slice(front);
      front = 0;
    }
    watch();
  }

  /** The record at the front takes too long, or too much waits behind it: nothing waits for those records any more. */
  function letGo(): void {
    const due = clock() - limits.heldMs;
    const full = isFull();
    for (let at = front; at < queue.length; at++) {
      const place = queue[at];
      if (!place || place.event || place.over || (!full && place.since > due)) continue;
      place.over = true;
      figures.late++;
    }
    advance();
  }

  /** One timer for all: to set one for each record that comes to the front would cost more than the record's event. */
  function watch(): void {
    const first = queue[front];
    if (late || !first) return;
    late = setTimeout(look, Math.max(1, first.since + limits.heldMs - clock() + 1));
  }

  function look(): void {
    late = null;
    const first = queue[front];
    if (first && first.since <= clock() - limits.heldMs) letGo();
    else watch();
  }

  return {
    event(packet) {
      const classes = classesOfEvent(packet.raw);
      if (classes === null) return;
      const event = { bytes: packet.raw, extras: null, classes, sequence: null };
      if (held() === 0) sendSoon(event);
      else hold({ event, since: clock(), bytes: packet.raw.length, over: false });
    },
    record() {
      const place: Place = { event: null, since: clock(), bytes: 0, over: false };
      let settled = false;
      hold(place);
      return (event) => {
        if (settled) return;
        settled = true;
        if (event && place.over) return sendSoon(event);
        if (event) {
          place.event = event;
          // The store answers in order: what came before this one and has no event yet will have none.
          for (let at = front; at < queue.length; at++) {
            const earlier = queue[at];
            if (!earlier || earlier === place) break;
            earlier.over = true;
          }
        }
        place.over = true;
        advance();
      };
    },
    own: sendSoon,
    flush,
    join: (listener) => void listeners.add(listener),
    leave: (listener) => void listeners.delete(listener),
    get wanted() {
      let classes = NO_CLASSES;
      for (const listener of listeners) classes |= listener.classes;
      return classes;
    },
    get figures() {
      return { ...figures, held: held() };
    },
    close() {
      if (turn) clearImmediate(turn);
      if (late) clearTimeout(late);
      turn = null;
      late = null;
      listeners.clear();
      queue = [];
      front = 0;
      ready = [];
    },
  };
}

/** What a listener gets of an event; null: nothing. */
export function formOf(event: Pick<AmiEvent, 'bytes' | 'extras'>, withExtras: boolean): Buffer | null {
  // The one that isn't asked for need not be made.
  return (withExtras ? event.extras : null) ?? event.bytes;
}

/** What filters look at: the guide's form where there is one, so that a filter means the same to all. */
export function textOf(event: Pick<AmiEvent, 'bytes' | 'extras'>): string {
  return (event.bytes ?? event.extras)?.toString('utf8') ?? '';
}

function joined(events: readonly AmiEvent[], extras: boolean): Buffer {
  const parts = events.flatMap((event) => formOf(event, extras) ?? []);
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

const PRIVILEGE = 'Privilege: ';
/** Privilege line → classes: Asterisk writes some thirty different ones. */
const known = new Map<string, Classes>();
const KNOWN_MAX = 256;

/**
 * The classes of an event by its second line, where Asterisk writes them before anything that a caller chose
 * (main/manager.c, `__ast_manager_event_multichan`). null: it has none, and is relayed to nobody.
 */
export function classesOfEvent(raw: Buffer): Classes | null {
  const from = raw.indexOf(0x0a) + 1;
  const to = raw.indexOf(0x0a, from);
  if (from === 0 || to < 0) return null;
  const line = raw.toString('latin1', from, to).trimEnd();
  const before = known.get(line);
  if (before !== undefined) return before;
  if (!line.startsWith(PRIVILEGE)) return null;
  const classes = classesOfPrivilege(line.slice(PRIVILEGE.length));
  if (known.size < KNOWN_MAX) known.set(line, classes);
  return classes;
}

/** `call,all`: the class, and the word that stands behind every one; `<none>`: everybody who listens at all. */
function classesOfPrivilege(text: string): Classes {
  const names = text.split(',').filter((name) => name !== 'all' && name !== '<none>');
  let classes = NO_CLASSES;
  for (const name of names) {
    const one = classesOfName(name);
    // A class that we don't know is for those alone who may read all.
    classes |= one === NO_CLASSES ? ALL_CLASSES : one;
  }
  return classes;
}
