/** What dialects need from above besides the services of the numbers: Asterisk itself, asked what it alone knows. */
import { CgiError } from '../reply.ts';

/** Asterisk was asked and has not answered: it may have done what it was asked for, or may yet. */
export class NoAnswer extends CgiError {
  constructor(message: string) {
    super('conflict', message);
  }
}

/** Headers of one packet, in Asterisk's order and spelling, without those of AMI's own matter (`ActionID`). */
export type AsteriskHeaders = readonly (readonly [name: string, value: string])[];

export interface AsteriskList {
  /** Its events. */
  readonly items: readonly AsteriskHeaders[];
  /** The event that ends it. */
  readonly end: AsteriskHeaders;
}

export interface CallCounts {
  /** Channels that run a dialplan of their own. */
  readonly active: number;
  /** Since Asterisk has started. */
  readonly processed: number;
}

/** All throw {@link CgiError} `conflict`: Asterisk is away, refuses, in its own words, or doesn't answer in time ({@link NoAnswer}). */
export interface AskAsterisk {
  /** An action that is answered by one packet. @returns the answer. */
  action(name: string, parameters?: Readonly<Record<string, string>>): Promise<AsteriskHeaders>;
  /** One that is answered by a list of events. */
  list(name: string, parameters?: Readonly<Record<string, string>>): Promise<AsteriskList>;
  /** How many calls there are and have been, which only its console tells; null: it grants cdrd no class `command`. */
  callCounts(): Promise<CallCounts | null>;
}
