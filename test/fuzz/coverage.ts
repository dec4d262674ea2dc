/**
 * Which parts of the code have been reached: by V8's own counters of blocks, asked through the inspector. Asking takes some
 * 2 ms whatever ran, so it is done once for a batch of inputs; the counters themselves cost nothing that could be measured.
 */
import { type Profiler, Session } from 'node:inspector';

/** Of these folders a block counts: what is fuzzed, not what fuzzes. */
const OURS = /\/(?:daemon|cgi|storage)\/|node_modules\/smol-toml\//;

export interface Coverage {
  /** Blocks that have run since the last look, of either kind, and in none before. */
  look(): readonly string[];
  /** Those of some that have run since the last look. */
  reached(wanted: ReadonlySet<string>): readonly string[];
  /** How many are known by now. */
  readonly blocks: number;
  close(): void;
}

export function watchCoverage(): Coverage {
  const session = new Session();
  session.connect();
  // The inspector of one's own thread answers before `post` comes back.
  const post = (method: string, parameters: object = {}): unknown => {
    let answer: unknown;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const known = new Set<string>();
  function* ran(): Generator<string> {
    const { result } = post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    for (const { scriptId, url, functions } of result) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) yield `${scriptId} ${startOffset} ${endOffset}`;
    }
  }
  return {
    look() {
      const fresh = [...ran()].filter((block) => !known.has(block));
      for (const block of fresh) known.add(block);
      return fresh;
    },
    reached: (wanted) => [...ran()].filter((block) => wanted.has(block)),
    get blocks() {
      return known.size;
    },
    close: () => session.disconnect(),
  };
}
