/**
 * `task=listActiveCalls`: the calls in progress, oldest first, under the names that VoIPmonitor's sensor gives them (its
 * published source, manager command `listcalls`), all of them texts. What is read from packets, such as addresses and
 * codecs, is left out; `state`, `direction`, the trunks and `recording` are ours.
 */
import { CgiError, json } from '../../reply.ts';
import { oneOf } from './names.ts';
import { onlySensor } from './sensor.ts';
import type { Task } from './task.ts';

export const listActiveCalls: Task = {
  like: { number: 30019, right: 'live.read' },
  handle({ sent, services: { live, zone, now } }) {
    onlySensor(oneOf(sent, ['sensorId']));
    const calls = live.calls();
    if (!calls) throw new CgiError('conflict', 'Asterisk is away: nothing is known of its calls');
    const secondsSince = (epoch: number) => String(Math.max(0, now() - epoch));
    return json(
      calls.map((call) => ({
        // Both are its LinkedID: by the one handleActiveCall knows it, by the other getVoiceRecording when it is over.
        callreference: call.id,
        callid: call.id,
        caller: call.src,
        callername: call.srcName,
        called: call.dst,
        calldate: zone.text(call.since),
        duration: secondsSince(call.since),
        connect_duration: call.talkingSince === null ? '0' : secondsSince(call.talkingSince),
        state: call.state,
        direction: call.callType,
        callertrunk: call.srcTrunk,
        calledtrunk: call.dstTrunk,
        recording: call.recording ? (call.recording.paused ? 'paused' : 'on') : 'off',
      })),
    );
  },
};
