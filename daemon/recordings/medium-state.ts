/** The state of the medium as the looks at it find it. Each change is told once; what only says it in other words is not. */

export interface MediumState {
  /** absent = none there; dead = there and not answering, or answering with errors. */
  readonly state: 'absent' | 'mounted' | 'dead';
  /** For people; '' when mounted. */
  readonly why: string;
  /** Wall clock of the change, milliseconds since 1970. */
  readonly since: number;
  /** `MAJ:MIN`. */
  readonly device?: string;
  /** What the index calls the medium that is in place; absent: none is known to be. */
  readonly medium?: number;
}

export interface MediumStateMachine {
  state(): MediumState;
  /** It is proven to be there and alive. @param medium What the index calls it. */
  found(device: string, medium: number): void;
  /** @param device '' where none is known; a medium that is absent has none. */
  lost(state: 'absent' | 'dead', why: string, device: string): void;
}

/** @param now Wall clock, milliseconds since 1970. @param changed Told after each change. */
export function createMediumState(now: () => number, changed: (state: MediumState) => void): MediumStateMachine {
  let current: MediumState = { state: 'absent', why: 'not looked at yet', since: now() };

  const become = (next: Omit<MediumState, 'since'>): void => {
    const { state, why, device } = current;
    if (next.state === state && next.why === why && next.device === device) return;
    current = { ...next, since: now() };
    changed(current);
  };

  return {
    state: () => current,
    found: (device, medium) => become({ state: 'mounted', why: '', ...(device && { device }), medium }),
    lost: (state, why, device) => become({ state, why, ...(device && { device }) }),
  };
}
