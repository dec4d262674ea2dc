/**
 * Which recordings of a medium go, oldest first: those over their age, and behind them so many as room is needed. Those
 * marked to be kept are never among them, and the medium's trash goes before the first that goes for room alone.
 */
import type { RetentionRule } from '../../cgi/retention/port.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { AgeRange, OldRecording, OldRecordings, RecordingSum } from '../../storage/store.ts';
import type { Need } from './need.ts';
import { DATED } from './rules.ts';

/** All recordings of a medium, kept ones among them. */
export async function sumOf(store: Pick<StoreClient, 'work'>, medium: number): Promise<RecordingSum> {
  const total = { count: 0, bytes: 0, kept: 0, keptBytes: 0, newest: 0, next: null };
  let range: AgeRange | null = { medium, from: 0, before: Number.MAX_SAFE_INTEGER, after: null };
  while (range) {
    const { next, ...part }: RecordingSum = await store.work('sumRecordings', range);
    total.count += part.count;
    total.bytes += part.bytes;
    total.kept += part.kept;
    total.keptBytes += part.keptBytes;
    total.newest = Math.max(total.newest, part.newest);
    range = next && { ...range, after: next };
  }
  return total;
}

export interface DueRecording extends OldRecording {
  readonly rule: RetentionRule;
}

/**
 * A few at a time, of one rule each, in the order in which they go. Whoever takes them removes them before asking for
 * more, or only looks.
 * @param freeTrash Makes so many bytes free by the trash. @returns how many it was.
 */
export async function* dueRecordings(
  store: Pick<StoreClient, 'work'>,
  need: Need,
  freeTrash: (bytes: number) => Promise<number>,
): AsyncGenerator<readonly DueRecording[]> {
  let freed = 0;
  for await (const files of oldest(store, need.medium, DATED, need.before)) {
    freed += bytesOf(files);
    yield files.map((file) => ({ ...file, rule: 'retention.recordings.days' }));
  }
  const wanted = Math.max(need.over, need.short);
  if (freed < wanted) freed += await freeTrash(wanted - freed);
  const end = Number.MAX_SAFE_INTEGER;
  for (const [from, before] of [[Math.max(need.before, DATED), end] as const, [0, DATED] as const]) {
    for await (const files of oldest(store, need.medium, from, before)) {
      const due: DueRecording[] = [];
      for (const file of files) {
        if (freed >= wanted) break;
        due.push({ ...file, rule: freed < need.over ? 'retention.recordings.mb' : 'retention.recordings.free' });
        freed += file.size;
      }
      for (const rule of ['retention.recordings.mb', 'retention.recordings.free'] as const) {
        const same = due.filter((file) => file.rule === rule);
        if (same.length > 0) yield same;
      }
      if (freed >= wanted) return;
    }
  }
}

async function* oldest(
  store: Pick<StoreClient, 'work'>,
  medium: number,
  from: number,
  before: number,
): AsyncGenerator<readonly OldRecording[]> {
  let range: AgeRange | null = { medium, from, before, after: null };
  while (range && range.before > range.from) {
    const { files, next }: OldRecordings = await store.work('oldestRecordings', range);
    if (files.length > 0) yield files;
    range = next && { ...range, after: next };
  }
}

export function bytesOf(files: readonly OldRecording[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
