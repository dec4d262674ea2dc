/** A call as the guide reports it: one row, folded from its legs. */
import type { CallType, Disposition, Moment } from './leg.ts';

export interface CallRow {
  /** Call start. */
  readonly start: Moment;
  /** Moment a person answered, epoch seconds; null = nobody did. */
  readonly answer: number | null;
  readonly end: Moment;
  readonly src: string;
  /** Shown destination: `204`, `s`, `*97`, or `620(202)`. */
  readonly dst: string;
  /** Source and destination trunk as the guide names them: `96`, `pstn2`, `GSM3` or ''. */
  readonly srcTrunk: string;
  readonly dstTrunk: string;
  /** GSM port number, source side first; 0 = none. */
  readonly port: number;
  /** Last leg's end − first leg's start, seconds. */
  readonly duration: number;
  /** End − moment a person answered, seconds. */
  readonly billsec: number;
  readonly disposition: Disposition;
  readonly callType: CallType;
  readonly accountCode: string;
  readonly cidName: string;
  readonly ivr: string;
  readonly uniqueId: string;
  /** Path relative to the recordings folder with `.wav` (`20210507/….wav`), or ''. One stored value, spelled at the edge. */
  readonly recording: string;
}
