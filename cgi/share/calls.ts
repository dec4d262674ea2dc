/** The calls of a share as its page shows them: what 9006 says of each, the records it was made of, its recording. */
import type { Field } from '../../storage/filter.ts';
import type { CallDetail } from '../../storage/sql/call-detail.ts';
import type { TracedLeg } from '../../storage/sql/trace.ts';
import type { Services } from '../verb.ts';

/** No name of the phone book: whom a number belongs to was not shared. */
const ROW: readonly Field[] = [
  ['id', 'id'],
  ['start', 'start'],
  ['end', 'end'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['from', 'srcTrunk'],
  ['to', 'dstTrunk'],
  ['duration', 'duration'],
  ['billsec', 'billsec'],
  ['outcome', 'disposition'],
  ['direction', 'callType'],
  ['ivr', 'ivr'],
  ['named', 'recording'],
];

export interface SharedCall {
  readonly id: number;
  /** On the box's clock, `YYYY-MM-DD HH:MM:SS`. */
  readonly start: string;
  readonly end: string;
  readonly src: string;
  readonly dst: string;
  /** Trunks of its two sides; '' = inside. */
  readonly from: string;
  readonly to: string;
  /** Whole seconds. */
  readonly duration: number;
  readonly billsec: number;
  readonly outcome: string;
  readonly direction: string;
  readonly ivr: string;
  readonly legs: readonly TracedLeg[];
  /** Of its recording; '' = it was not recorded. */
  readonly named: string;
  /** null: there is none, or none any more. */
  readonly recording: CallDetail['files'][number] | null;
}

/** Those that are shown still, in their order. */
export async function sharedCalls(
  ids: readonly number[],
  services: Pick<Services, 'store' | 'medium'>,
): Promise<SharedCall[]> {
  const calls: SharedCall[] = [];
  for (const id of ids) {
    const call = await sharedCall(id, services);
    if (call) calls.push(call);
  }
  return calls;
}

/** null: there is no such call, or it lies in the trash. */
export async function sharedCall(
  id: number,
  { store, medium }: Pick<Services, 'store' | 'medium'>,
): Promise<SharedCall | null> {
  const detail = await store.ask('callDetail', { id, present: medium.state().medium ?? null });
  const page = await store.ask('callPage', {
    filter: { start: {} },
    fields: ROW,
    order: 'asc',
    after: null,
    limit: 1,
    scan: 1,
    ids: String(id),
  });
  if (!detail || page.rows === 0) return null;
  const row = JSON.parse(Buffer.from(page.bytes).toString('utf8')) as Record<string, string>;
  // Other rows of the same LinkedID were not shared.
  const own = new Set(detail.trace.calls.find((each) => each.id === id)?.legs);
  return {
    ...(row as unknown as Omit<SharedCall, 'id' | 'duration' | 'billsec' | 'legs' | 'recording'>),
    id,
    duration: Number(row['duration']),
    billsec: Number(row['billsec']),
    legs: detail.trace.legs.filter((leg) => own.has(leg.id)),
    recording: detail.files[0] ?? null,
  };
}
