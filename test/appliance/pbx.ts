/** The PBX inside the box, as the test reaches it: guest/pbx.ts answers. */
import type { CallKind } from '../simulator/scenario.ts';

/** A call that is over. */
export interface Placed {
  readonly uniqueId: string;
  /** CDRs that Asterisk wrote of it. */
  readonly records: number;
  /** Absolute paths with `.wav`; none: it was not recorded. */
  readonly recordings: readonly string[];
}

export interface PbxState {
  /** `family/key` → value. */
  readonly astdb: Readonly<Record<string, string>>;
  /** Calls that are live, and calls of the load that are over. */
  readonly live: number;
  readonly ended: number;
}

export interface BoxPbx {
  /** Resolves when the call is over. @param seconds Its talk. */
  call(kind: CallKind, seconds: number): Promise<Placed>;
  /** Calls of chance from now on; 0 = none. */
  load(callsPerMinute: number, seed: number): Promise<void>;
  state(): Promise<PbxState>;
}

/** @param url Where its door is. */
export function boxPbx(url: string): BoxPbx {
  const ask = async (path: string, seconds: number): Promise<unknown> => {
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(seconds * 1000) });
    if (answer.status !== 200) throw new Error(`PBX: ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    call: async (kind, seconds) => (await ask(`/call?kind=${kind}&ring=0.5&talk=${seconds}`, seconds + 30)) as Placed,
    load: async (calls, seed) => void (await ask(`/load?calls=${calls}&seed=${seed}`, 10)),
    state: async () => (await ask('/state', 10)) as PbxState,
  };
}
