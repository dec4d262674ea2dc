/**
 * The state of the medium: absent → mounted → slow → dead → absent …, as the looks at it and the deadlines of its workers
 * find it. Each change is told once; what only says it in other words is not.
 */
import type { MediumLook, Writing } from './protocol.ts';

export interface MediumState {
  /**
   * absent = none there; mounted = there and answering; slow = there, and something takes so long that it may never end;
   * dead = there and not answering, or answering with errors.
   */
  readonly state: 'absent' | 'mounted' | 'slow' | 'dead';
  /** For people; '' when all is well. */
  readonly why: string;
  /** Whether recordings can be written on it; of a slow one, whether they could before. */
  readonly writable: boolean;
  /** Wall clock of the change, milliseconds since 1970. */
  readonly since: number;
  /** `MAJ:MIN`. */
  readonly device?: string;
  /** What the index calls the medium that is in place; absent: none is known to be. */
  readonly medium?: number;
  /** Of the medium that is in place. @see MediumLook */
  readonly place?: string;
  /** The recordings must lie on a medium of their own; absent: they needn't. */
  readonly demanded?: boolean;
}

/** Why of the state before the first look, after a start or a change of the folder. */
export const NOT_LOOKED_AT = 'not looked at yet';

/** Where a look found it, or didn't. */
export type Where = Pick<MediumLook, 'device' | 'demanded'>;

/** What is known of where it is. */
type Known = Pick<MediumState, 'device' | 'medium' | 'place' | 'demanded'>;

/** Whether it is in place, and its files may be asked for. */
export function isThere({ state }: Pick<MediumState, 'state'>): boolean {
  return state === 'mounted' || state === 'slow';
}

export interface MediumStateMachine {
  state(): MediumState;
  /** It is proven to be there and alive. @param medium What the index calls it. */
  found(where: Where & Pick<MediumLook, 'place'>, medium: number, writing: Writing): void;
  lost(state: 'absent' | 'dead', why: string, where: Where): void;
  /** It has not answered; where it is is what was known before. */
  silent(why: string): void;
  /** Something takes long: a medium that is there is slow now. @returns what is called when it is over, once. */
  late(): () => void;
  /** A sweep begins; it has gone through. A slow medium is well again when a whole sweep went by without anything late. */
  sweepBegan(): void;
  sweepDone(): void;
}

/**
 * @param now Wall clock, milliseconds since 1970. @param slowMs How long what is late has taken at least, for people.
 * @param demanded What the path says of a medium of its own; whoever has looked knows where its links lead.
 * @param changed Told after each change.
 */
export function createMediumState(
  now: () => number,
  slowMs: number,
  demanded: boolean,
  changed: (state: MediumState) => void,
): MediumStateMachine {
  let current: MediumState = { state: 'absent', why: NOT_LOOKED_AT, writable: false, demanded, since: now() };
  let writing: Writing = { writable: false, why: '' };
  /** What it is like when nobody has looked yet is no state that the first look could leave unsaid. */
  let looked = false;
  /** What is late at this moment, and whether anything was since the sweep began. */
  let lateNow = 0;
  let wasLate = false;

  const become = (next: Omit<MediumState, 'since'>): void => {
    const told = current;
    const inOtherWords = next.why === told.why || next.state === 'absent' || next.state === 'dead';
    const same =
      next.state === told.state &&
      next.writable === told.writable &&
      next.device === told.device &&
      next.demanded === told.demanded &&
      next.medium === told.medium;
    if (looked && same && inOtherWords) {
      current = { ...next, since: told.since };
      return;
    }
    looked = true;
    current = { ...next, since: now() };
    changed(current);
  };

  const known = ({ device, medium, place, demanded }: Known) => ({
    ...(device && { device }),
    ...(medium !== undefined && { medium }),
    ...(place && { place }),
    ...(demanded && { demanded }),
  });

  /** There, well or slow. */
  const there = (state: MediumState['state'], of: Known): void =>
    become({
      state,
      why: state === 'slow' ? `something has taken over ${slowMs / 1000} s` : writing.why,
      writable: writing.writable,
      ...known(of),
    });

  const lost: MediumStateMachine['lost'] = (state, why, { device, demanded }) =>
    // What an absent medium's path lies on instead isn't its device.
    become({ state, why, writable: false, ...known({ device: state === 'dead' ? device : '', demanded }) });

  return {
    state: () => current,
    found({ device, place, demanded }, medium, seen) {
      writing = seen;
      // Whether it is slow no longer is for the whole sweep to say.
      there(current.state === 'slow' ? 'slow' : 'mounted', { device, place, demanded, medium });
    },
    lost,
    silent: (why) => lost('dead', why, { device: current.device ?? '', demanded: current.demanded ?? false }),
    late() {
      lateNow += 1;
      wasLate = true;
      if (current.state === 'mounted') there('slow', current);
      let over = false;
      return () => {
        if (!over) lateNow -= 1;
        over = true;
      };
    },
    sweepBegan() {
      wasLate = false;
    },
    sweepDone() {
      if (current.state === 'slow' && lateNow === 0 && !wasLate) there('mounted', current);
    },
  };
}
