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
   * @param channel Name of the channel that is recorded, as MixMonitorStart told it.
   * @throws with Asterisk's own words when it refuses, or why it can't be asked.
   */
  pause(channel: string, direction: Direction, paused: boolean, by: By): Promise<void>;
}

export function createRecordingControl(
  { action }: Pick<AsteriskConnection, 'action'>,
  live: Pick<LiveChannels, 'list' | 'paused'>,
  store: Pick<StoreClient, 'write'>,
): RecordingControl {
  return {
    async pause(channel, direction, paused, by) {
      const answer = await action([
        ['Action', 'MixMonitorMute'],
        ['Channel', channel],
        ['Direction', direction],
        ['State', paused ? '1' : '0'],
      ]);
      if (answer.get('Response') !== 'Success') throw new Error(answer.get('Message') || 'Asterisk refuses');
      const linkedId = live.list().find(({ name }) => name === channel)?.linkedId ?? '';
      live.paused(channel, paused);
      const detail = { channel: channel.slice(0, 80), direction };
      await store.write({
        kind: 'pause',
        pause: { linkedId, channel, direction, paused },
        audit: { ...by, action: paused ? 'recording.paused' : 'recording.resumed', detail },
      });
    },
  };
}
