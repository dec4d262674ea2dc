/** What the daemon's parts tell each other: few things, each said after it has become true. */
import { EventEmitter } from 'node:events';
import type { Leg } from '../storage/model/leg.ts';
import type { AsteriskStatus } from './asterisk/connection.ts';
import type { FoundRecording, MediumState } from './recordings/recordings.ts';

export interface BusEvents {
  /** A record is stored; said after its commit, in Asterisk's order. `sequence` is its EventSequence. */
  leg: [leg: Leg, sequence: number];
  /** Calls were closed or amended: the EventSequences. */
  calls: [sequences: readonly number[]];
  /** Recordings are complete and in the index. */
  recordings: [files: readonly FoundRecording[], sequences: readonly number[]];
  asterisk: [status: AsteriskStatus];
  medium: [state: MediumState];
}

export type Bus = EventEmitter<BusEvents>;

export function createBus(): Bus {
  return new EventEmitter<BusEvents>();
}
