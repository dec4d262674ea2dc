/** Changes of what lies in a setting as a whole, one at a time: of two that read at once the second would lose the first one's. */
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';

/** Changes of one setting waiting for their turn. */
const WAITING_MAX = 16;

interface Turn {
  last: Promise<unknown>;
  waiting: number;
}

/** Of each box, by the setting's name, as long as somebody waits. */
const turns = new WeakMap<Services['store'], Map<string, Turn>>();

/** @param what Is being changed, for people. @throws {CgiError} `busy` when too many wait */
export function inTurn<T>(
  { store, setting, what }: { readonly store: Services['store']; readonly setting: string; readonly what: string },
  change: () => Promise<T>,
): Promise<T> {
  const ofBox = turns.get(store) ?? new Map<string, Turn>();
  turns.set(store, ofBox);
  const turn = ofBox.get(setting) ?? { last: Promise.resolve(), waiting: 0 };
  ofBox.set(setting, turn);
  if (turn.waiting >= WAITING_MAX)
    return Promise.reject(new CgiError('busy', `${what} are being changed`, undefined, 5));
  turn.waiting += 1;
  const done = turn.last.then(change).finally(() => {
    turn.waiting -= 1;
    if (turn.waiting === 0) ofBox.delete(setting);
  });
  turn.last = done.catch(() => {});
  return done;
}
