/** `days` (ours): how long a link is good for. VoIPmonitor's have no end. */
import { CgiError } from '../../reply.ts';
import { DAYS, DAYS_MAX } from '../../share/shares.ts';
import { type Params, wholeIn } from './request.ts';

/** @throws {CgiError} `invalid` */
export function daysIn(params: Params): number {
  const days = wholeIn(params, 'days') ?? DAYS;
  if (days < 1 || days > DAYS_MAX) throw new CgiError('invalid', `days must be 1 to ${DAYS_MAX}`, 'days');
  return days;
}
