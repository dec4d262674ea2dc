/**
 * Password checks one at a time: each costs 16 MB and up to half a second of a core. Who waits is served by turns, address
 * by address, so that one who asks a thousand times keeps nobody waiting but itself; and browsers that have logged in
 * before wait in a line of their own, which strangers can't fill from however many addresses.
 */
import { CgiError } from '../reply.ts';

export interface GateLimits {
  readonly checks: number;
  /** In each of the two lines. */
  readonly checksWaiting: number;
  /** Of one address. */
  readonly addressWaiting: number;
}

/** Whose check it is: of a browser that has logged in before, by its id, or of an address. */
export interface Waiter {
  readonly known: boolean;
  readonly id: string;
}

/** @throws {CgiError} `busy` when there is no room to wait. */
export type Gate = <T>(waiter: Waiter, work: () => Promise<T>) => Promise<T>;

interface Waiting {
  begin(): void;
  refuse(): void;
}

/** One line: by whom, in the order of their turns. */
interface Line {
  readonly turns: Map<string, Waiting[]>;
  size: number;
}

export function createGate(limits: GateLimits): Gate {
  let running = 0;
  const lines = { known: newLine(), strangers: newLine() };
  let lastWasKnown = false;

  function takeFrom(line: Line): Waiting | null {
    const [first] = line.turns;
    if (!first) return null;
    const [id, [next, ...more]] = first;
    line.turns.delete(id);
    if (more.length > 0) line.turns.set(id, more); // behind all others
    line.size--;
    return next ?? null;
  }

  /** By turns of the two lines, so that neither stands still. */
  function next(): Waiting | null {
    const { known, strangers } = lines;
    const [first, second] = lastWasKnown ? [strangers, known] : [known, strangers];
    const taken = takeFrom(first);
    if (taken) lastWasKnown = !lastWasKnown;
    return taken ?? takeFrom(second);
  }

  /** Whether there is room for one more of this id. Where somebody waits twice, the last of the greediest gives way. */
  function makeRoom(line: Line, id: string): boolean {
    const mine = line.turns.get(id)?.length ?? 0;
    if (mine >= limits.addressWaiting) return false;
    if (line.size < limits.checksWaiting) return true;
    const [greediest] = [...line.turns.values()].sort((a, b) => b.length - a.length);
    if (!greediest || greediest.length <= mine + 1) return false;
    greediest.pop()?.refuse();
    line.size--;
    return true;
  }

  function wait({ known, id }: Waiter): Promise<void> {
    const line = known ? lines.known : lines.strangers;
    if (!makeRoom(line, id)) throw tooMany();
    return new Promise((begin, refuse) => {
      const waiting: Waiting = { begin, refuse: () => refuse(tooMany()) };
      const mine = line.turns.get(id);
      if (mine) mine.push(waiting);
      else line.turns.set(id, [waiting]);
      line.size++;
    });
  }

  return async (waiter, work) => {
    if (running >= limits.checks) await wait(waiter);
    else running++;
    try {
      return await work();
    } finally {
      const waiting = next();
      if (waiting)
        waiting.begin(); // it takes this one's place
      else running--;
    }
  };
}

function newLine(): Line {
  return { turns: new Map(), size: 0 };
}

function tooMany(): CgiError {
  return new CgiError('busy', 'too many log-ins at a time');
}
