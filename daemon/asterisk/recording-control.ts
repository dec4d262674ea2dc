/**
 * Pausing and resuming a recording: the one function for it, whoever asks (a page, an AMI client, a dialect), and the one
 * place where it is written down. Asterisk fills the pause with silence, so the file's time goes on with the call's.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { AsteriskConnection } from './connection.ts';
import type { LiveChannels } from './live-channels.ts';

export type Direction = 'read' | 'write' | 'both';

export interface RecordingControl {
  /**
   * @param channel Name of the channel that is recorded, as MixMonitorStart told it, or its UniqueID.
   * @throws with Asterisk's own words when it refuses, or why it can't be asked.
   */
  pause(channel: string, direction: Direction, paused: boolean, by: By): Promise<void>;
}

export function createRecordingControl(
  { action }: Pick<AsteriskConnection, 'action'>,
  live: Pick<LiveChannels, 'find' | 'paused'>,
  store: Pick<StoreClient, 'write'>,
): RecordingControl {
  return {
    async pause(asked, direction, paused, by) {
      // Before Asterisk is asked: the call may be over when the answer comes, and its pause belongs to it all the same.
      const found = live.find(asked);
      const answer = await action([
        ['Action', 'MixMonitorMute'],
        ['Channel', asked],
        ['Direction', direction],
        ['State', paused ? '1' : '0'],
      ]);
      if (answer.get('Response') !== 'Success') throw new Error(answer.get('Message') || 'Asterisk refuses');
      if (found) live.paused(found, paused);
      const { name: channel, linkedId } = found ?? { name: asked, linkedId: '' };
      const detail = { channel: channel.slice(0, 80), direction };
      await store.write({
        kind: 'pause',
        pause: { linkedId, channel, direction, paused },
        audit: { ...by, action: paused ? 'recording.paused' : 'recording.resumed', detail },
      });
    },
  };
}
