/** The calls in progress for the numbers and the pages: the picture, and the hand on a recording. */
import type { Live } from '../../cgi/live/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import { type LiveRules, liveCalls } from './live-calls.ts';
import type { Pbx } from './pbx.ts';
import type { RecordingControl } from './recording-control.ts';

export function createLive(
  { connection, live }: Pick<Pbx, 'connection' | 'live'>,
  control: RecordingControl,
  rules: () => LiveRules,
): Live {
  const isUp = () => connection.status.state === 'up';
  return {
    calls: () => (isUp() ? liveCalls(live.list(), rules()) : null),
    async pause(id, paused, by) {
      if (!isUp()) throw new CgiError('conflict', 'Asterisk is away');
      const call = liveCalls(live.list(), rules()).find((each) => each.id === id);
      if (!call) throw new CgiError('not_found', `no call in progress has the id ${id}`, 'id');
      if (!call.recording) throw new CgiError('conflict', 'this call is not recorded');
      try {
        await control.pause(call.recording.channel, 'both', paused, by);
      } catch (error) {
        throw new CgiError('conflict', `Asterisk: ${(error as Error).message}`);
      }
    },
  };
}
