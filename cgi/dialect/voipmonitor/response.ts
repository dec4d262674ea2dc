/**
 * How a call ended, as the SIP answer that a monitor on the line would have seen last. Asterisk records the outcome and not
 * the answer, so there are four of them, each the usual one of its outcome.
 */
import type { Disposition } from '../../../storage/model/leg.ts';

export interface Response {
  readonly number: string;
  readonly text: string;
  readonly dispositions: readonly Disposition[];
}

/** By number. */
export const RESPONSES: readonly Response[] = [
  { number: '200', text: '200 OK', dispositions: ['ANSWERED'] },
  { number: '486', text: '486 Busy Here', dispositions: ['BUSY'] },
  { number: '487', text: '487 Request Terminated', dispositions: ['NO ANSWER'] },
  { number: '503', text: '503 Service Unavailable', dispositions: ['FAILED', 'CONGESTION'] },
];

/** @param disposition As a listing shows it. */
export function responseOf(disposition: string): Response {
  const found = RESPONSES.find(({ dispositions }) => dispositions.some((each) => each === disposition));
  if (!found) throw new Error(`no outcome ${disposition}`);
  return found;
}
