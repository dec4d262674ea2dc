/**
 * What a call is made of, as data: who calls whom, the steps of the dialplan that the caller goes through, and what happens
 * while people talk. scenario.ts draws plans, dial.ts and its play-*.ts play them. All times are seconds.
 */
import type { CallType } from '../../storage/model/leg.ts';
import type { CdrVariable } from './cdr-engine.ts';
import type { Party } from './pbx.ts';

/** What becomes of one dialled party. `failed`: it has no address, so no channel is opened to it. */
export type Outcome = 'answered' | 'busy' | 'noanswer' | 'failed' | 'congestion';

export interface Target {
  readonly party: Party;
  /** After `SIP/` in Dial: `204`, `513@96`. */
  readonly dialString: string;
  readonly outcome: Outcome;
  /** Time until it answers or says no; of one that does not answer, until Dial gives up. */
  readonly ring: number;
  /**
   * Reached over a Local channel whose second half runs these steps (the last of them dials). `stays`: dialled with /n,
   * so it stays in the call; otherwise Asterisk takes it out when both its ends are bridged.
   */
  readonly through?: {
    readonly exten: string;
    readonly context: string;
    readonly stays: boolean;
    readonly steps: readonly Step[];
  };
  /** The phone answers with 302: Dial goes on to this one, over a Local channel (apps/app_dial.c, do_forward). */
  readonly forwardsTo?: Target;
  /** Another phone takes the call while this one rings. */
  readonly pickedUpBy?: { readonly party: Party; readonly dialled: string };
}

/** What the dialplan's variables CDRD_* say of the caller's call; they decide about the recording and its name. */
export interface Marks {
  readonly callType: CallType;
  /** '' = none. */
  readonly trunk: string;
  /** '' = the extension that answers. */
  readonly destination: string;
  /** The IVR, queue or ring group first dialled, '' = none. */
  readonly dialled: string;
}

export type Step =
  /** An application without further effect. */
  | { readonly do: 'run'; readonly application: string; readonly data: string; readonly seconds?: number }
  /** A subroutine of etc/asterisk: what it notes in the record, and the marks it leaves. */
  | {
      readonly do: 'gosub';
      readonly entry: string;
      readonly notes?: Partial<Record<CdrVariable, string>>;
      readonly marks?: Partial<Marks>;
    }
  | { readonly do: 'callerName'; readonly name: string }
  | { readonly do: 'answer' }
  | { readonly do: 'goto'; readonly context: string; readonly exten: string }
  | DialStep
  | QueueStep
  | ConferenceStep;

export interface DialStep {
  readonly do: 'dial';
  readonly targets: readonly Target[];
  /** Dial's timeout; default 30. */
  readonly timeout?: number;
  /** The caller hangs up after so long, before anybody answers. */
  readonly cancelledAfter?: number;
  readonly talk: Talk;
}

export interface QueueStep {
  readonly do: 'queue';
  readonly queue: string;
  /** Rounds: the members that ring together, one round after another. */
  readonly rounds: readonly (readonly Target[])[];
  /** Pause after a round that nobody answered. */
  readonly retry: number;
  /** Nobody answers: the caller hangs up so long after the last round; without it, the queue's time runs out. */
  readonly abandonedAfter?: number;
  readonly talk: Talk;
}

export interface ConferenceStep {
  readonly do: 'conference';
  readonly room: string;
  /** Participants besides the caller: when they come after him, and how long they stay. */
  readonly others: readonly {
    readonly party: Party;
    readonly after: number;
    readonly stays: number;
    readonly marks: Marks;
    readonly steps: readonly Step[];
  }[];
  /** How long the caller stays. */
  readonly stays: number;
}

/** Two people talk, then the caller hangs up, unless something else happens first. */
export interface Talk {
  readonly seconds: number;
  /**
   * Two threads of Asterisk end a call, the caller's and the callee's; their order is chance. True: the callee's Hangup
   * comes before the Cdr (as recorded in outbound.ami), false: after it (internal.ami).
   */
  readonly calleeLeavesFirst: boolean;
  readonly then?: Happening;
}

export type Happening =
  /** One of the two sends the other on (REFER), who goes through `steps` at `exten`. */
  | {
      readonly what: 'blindTransfer';
      readonly by: 'caller' | 'callee';
      readonly context: string;
      readonly exten: string;
      readonly steps: readonly Step[];
    }
  /** The callee calls somebody on a second channel, speaks with him, and connects the caller to him. */
  | {
      readonly what: 'attendedTransfer';
      readonly by: Party;
      readonly exten: string;
      readonly entry: string;
      readonly target: Target;
      readonly consult: number;
      readonly talk: number;
    }
  /** The callee parks the caller; `by` fetches him after some time, or nobody, and the caller hangs up. */
  | {
      readonly what: 'park';
      readonly lot: string;
      readonly space: string;
      readonly waits: number;
      readonly by: Party | null;
      readonly talk: number;
    }
  /** The caller puts the callee on hold and makes a second call from the same phone; then the first goes on. */
  | { readonly what: 'secondCall'; readonly plan: CallPlan; readonly talk: number };

export interface CallPlan {
  /** Direction as it begins; whether it is recorded depends on it. */
  readonly callType: CallType;
  readonly caller: Party;
  /** As the caller dialled it. */
  readonly dialled: string;
  /** The phone or line at the other end: the one that answers, where one does. */
  readonly callee: Party;
  /** Trunk in the recording's name; '' = none. */
  readonly trunk: string;
  readonly steps: readonly Step[];
  /** Phones and lines besides the two that take part. */
  readonly others: readonly Party[];
  /** The records are written before the caller's Hangup event (as in the recorded failed.ami). */
  readonly recordsFirst?: boolean;
}
