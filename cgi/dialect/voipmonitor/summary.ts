/** Calls summed up by the response that ended them, in the figures of VoIPmonitor's own sample. */
import type { CallFilter } from '../../../storage/filter.ts';
import type { Services } from '../../verb.ts';
import { RESPONSES, responseOf } from './response.ts';

export interface Figures {
  readonly lastSIPresponseNum: string;
  /** Calls. */
  readonly cnt_all: string;
  /** Seconds talked. */
  readonly duration_all: string;
  /** Average call duration: of the answered, seconds; null without one. */
  readonly acd_all: string | null;
  /** Answer-seizure ratio, percent. */
  readonly asr_all: string;
  readonly lastSIPresponse: string;
  readonly id: string;
}

interface Counted {
  count: number;
  answered: number;
  talked: number;
}

export interface Summary {
  readonly all: Counted;
  /** Those that there are, most calls first. */
  readonly rows: readonly Figures[];
}

/** Sums up, with an empty piece while it does. @returns what it came to */
export async function* summary({ store }: Pick<Services, 'store'>, filter: CallFilter): AsyncGenerator<'', Summary> {
  const all: Counted = { count: 0, answered: 0, talked: 0 };
  const sums = new Map(RESPONSES.map((response) => [response, { ...all }]));
  for await (const { groups } of store.totals(filter, ['disposition'])) {
    for (const [dimension, value, { count, answered, talked }] of groups)
      for (const sum of [dimension === null ? all : sums.get(responseOf(String(value)))]) {
        if (!sum) continue;
        sum.count += count;
        sum.answered += answered;
        sum.talked += talked;
      }
    yield '';
  }
  const found = [...sums].filter(([, { count }]) => count > 0).sort(([, a], [, b]) => b.count - a.count);
  return {
    all,
    rows: found.map(([{ number, text }, sum]) => ({
      lastSIPresponseNum: number,
      ...figures(sum),
      ...{ lastSIPresponse: text, id: text },
    })),
  };
}

/** Four decimals, as there. */
export function figures({ count, answered, talked }: Counted) {
  return {
    cnt_all: String(count),
    duration_all: String(talked),
    acd_all: answered === 0 ? null : (talked / answered).toFixed(4),
    asr_all: count === 0 ? '0.0000' : ((answered * 100) / count).toFixed(4),
  };
}
