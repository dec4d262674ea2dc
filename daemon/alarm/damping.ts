/**
 * When a change is told: once it has lasted for a while, so that a restart of Asterisk or a stick that is exchanged wakes
 * nobody. What comes and goes all the time is bad as a whole: it is told as such once, and over only when it has kept still.
 * Pure: times are the caller's, by a clock that nobody sets.
 */
import type { Condition } from './condition.ts';

export interface DampingLimits {
  /** So many changes within so many milliseconds are no good state, whatever it is at the moment. */
  readonly unsteadyChanges: number;
  readonly unsteadyMs: number;
}

export interface Change {
  readonly condition: Condition;
  /** It is bad now; false: it is well again. */
  readonly bad: boolean;
  /** It comes and goes. */
  readonly unsteady: boolean;
  /** Milliseconds for which it has been so. */
  readonly lasted: number;
}

interface Known {
  /** As it was at the last look that knew. */
  bad: boolean;
  /** Since when. */
  since: number;
  /** The last changes, oldest first. */
  changes: number[];
  /** As people were last told. */
  told: boolean;
}

export interface Damping {
  /**
   * Looks at the conditions of this moment. @param after Milliseconds that a change must have lasted.
   * @returns what is to be told now; it counts as told.
   */
  look(conditions: readonly Condition[], now: number, after: number): readonly Change[];
  /** The ids that people were last told are bad. */
  told(): readonly string[];
  /** Nobody is told any more: who is told next learns of all that is bad then. */
  forgetTold(): void;
}

/** @param told The ids that people were told are bad, before a restart. */
export function createDamping(limits: DampingLimits, told: readonly string[] = []): Damping {
  const known = new Map<string, Known>();

  function update({ id, bad }: Condition, now: number): Known {
    const wasTold = told.includes(id);
    let each = known.get(id);
    if (!each) {
      each = { bad: bad ?? wasTold, since: now, changes: [], told: wasTold };
      known.set(id, each);
    } else if (bad !== null && bad !== each.bad) {
      each.changes.push(now);
      each.bad = bad;
      each.since = now;
    }
    each.changes = each.changes.filter((at) => now - at < limits.unsteadyMs).slice(-limits.unsteadyChanges);
    return each;
  }

  return {
    look(conditions, now, after) {
      return conditions.flatMap((condition): Change[] => {
        const each = update(condition, now);
        const unsteady = each.changes.length >= limits.unsteadyChanges;
        const bad = each.bad || unsteady;
        const lasted = now - each.since;
        if (bad === each.told || (!unsteady && lasted < after)) return [];
        each.told = bad;
        return [{ condition, bad, unsteady, lasted }];
      });
    },
    told: () => [...known].filter(([, each]) => each.told).map(([id]) => id),
    forgetTold() {
      for (const each of known.values()) each.told = false;
    },
  };
}
