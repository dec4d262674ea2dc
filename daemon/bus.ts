/** What the daemon's parts tell each other: few things, each said after it has become true. */
import { EventEmitter } from 'node:events';
import type { DiskStatus } from '../storage/disk.ts';
import type { Leg, LegSource } from '../storage/model/leg.ts';
import type { MediumChange } from '../storage/store.ts';
import type { AsteriskStatus } from './asterisk/connection.ts';
import type { DiskUse } from './disk-use.ts';
import type { FoundRecording, MediumState } from './recordings/recordings.ts';

export interface BusEvents {
  /**
   * A record is stored; said after its commit, in the order of its source. `sequence` is its EventSequence.
   * @param source By which of the two it came first.
   */
  leg: [leg: Leg, sequence: number, source: LegSource];
  /** Calls were closed or amended: the EventSequences. */
  calls: [sequences: readonly number[]];
  /** Recordings are complete and in the index. */
  recordings: [files: readonly FoundRecording[], sequences: readonly number[]];
  /** Something of this call in progress has changed: its LinkedID. */
  live: [linkedId: string];
  asterisk: [status: AsteriskStatus];
  /** The disk of the store has come into another state. */
  store: [disk: DiskStatus];
  medium: [state: MediumState];
  /** The same, after it has its place in the outbox: its EventSequence. */
  mediumChange: [change: MediumChange, sequence: number];
  /** A disk has come to be nearly full, or has room again. */
  fullness: [use: DiskUse];
}

export type Bus = EventEmitter<BusEvents>;

export function createBus(): Bus {
  return new EventEmitter<BusEvents>();
}
