/** What the numbers of calls in progress need from above: the picture of this moment, and a hand on the recording. */
import type { CallType } from '../../storage/model/leg.ts';
import type { By } from '../../storage/sql/audit.ts';

export interface LiveCall {
  /** Its LinkedID. */
  readonly id: string;
  readonly src: string;
  readonly srcName: string;
  /** As the report would show it: `204`, or `620(202)` when 202 has answered what 620 was dialled for. */
  readonly dst: string;
  readonly srcTrunk: string;
  readonly dstTrunk: string;
  /** GSM port, source side first; 0 = none. */
  readonly port: number;
  readonly callType: CallType;
  /** `dialling`: nobody is rung yet, or a prompt talks. */
  readonly state: 'dialling' | 'ringing' | 'up' | 'held';
  /** Epoch seconds. */
  readonly since: number;
  /** When two were connected, epoch seconds; null: not yet. */
  readonly talkingSince: number | null;
  /** The channel that MixMonitor runs on, which is what pausing names; null: not recorded. */
  readonly recording: { readonly channel: string; readonly paused: boolean } | null;
}

export interface Live {
  /** Oldest first. null: Asterisk is away, and nothing is known. */
  calls(): readonly LiveCall[] | null;
  /**
   * Pauses or resumes the recording of a call. @param id Its LinkedID.
   * @throws {CgiError} `not_found` when there is no such call, `conflict` when it isn't recorded or Asterisk refuses.
   */
  pause(id: string, paused: boolean, by: By): Promise<void>;
}
