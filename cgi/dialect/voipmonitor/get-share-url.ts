/**
 * `task=getShareURL`: a link that shows the calls of a Call-ID to whoever holds it, for some days; with `rtp` their
 * recordings can be heard. It shows them as Asterisk recorded them: SIP isn't captured, so `sip_history` is an error.
 */
import { CgiError } from '../../reply.ts';
import { CALLS_MAX } from '../../share/shares.ts';
import { callsNamed } from './call-id.ts';
import { daysIn } from './days.ts';
import { oneOf } from './names.ts';
import { yesIn } from './request.ts';
import { linkTo, SHARING } from './share-link.ts';
import { NO_CAPTURE, notHere, type Task } from './task.ts';

export const getShareUrl: Task = {
  like: SHARING,
  async handle(asked) {
    const params = oneOf(asked.sent, ['callId', 'cidInterval', 'rtp', 'sip_history', 'days']);
    if (yesIn(params, 'sip_history')) throw notHere('the SIP history', NO_CAPTURE);
    const days = daysIn(params);
    const calls = await callsNamed(params, asked.services);
    if (calls.length > CALLS_MAX)
      throw new CgiError('conflict', `it has ${calls.length} rows: a link shows ${CALLS_MAX} at most`, 'callId');
    return linkTo({ kind: 'public', calls, recordings: yesIn(params, 'rtp') ?? false, days }, asked);
  },
};
