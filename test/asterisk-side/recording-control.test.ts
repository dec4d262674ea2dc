/** Pausing a recording: whoever asks and however the channel is named, it is written down at its call. */
import { expect, test } from 'vitest';
import { createLiveChannels } from '../../daemon/asterisk/live-channels.ts';
import { createRecordingControl } from '../../daemon/asterisk/recording-control.ts';
import { formatPacket, type Header, type Packet, parsePacket } from '../../daemon/wire/packet.ts';
import { NOTHING, type Write } from '../../storage/write.ts';

const packet = (...headers: Header[]): Packet => parsePacket(Buffer.from(formatPacket(headers)));
const about = (event: string, name = 'SIP/205-00000018'): Packet =>
  packet(['Event', event], ['Channel', name], ['Uniqueid', '1700000000.1'], ['Linkedid', '1700000000.0']);
const by = { who: 'ami:crm', address: '192.168.1.5' };

function scene() {
  const changed: string[] = [];
  const live = createLiveChannels({ over() {}, changed: (linkedId) => changed.push(linkedId) });
  const written: Write[] = [];
  let meanwhile = () => {};
  let answer = packet(['Response', 'Success']);
  const control = createRecordingControl(
    {
      async action() {
        meanwhile();
        return answer;
      },
    },
    live,
    {
      async write(item) {
        written.push(item);
        return NOTHING;
      },
    },
  );
  live.hear(about('Newchannel'));
  live.hear(about('MixMonitorStart'));
  changed.length = 0;
  return {
    live,
    control,
    written,
    changed,
    during(work: () => void) {
      meanwhile = work;
    },
    refuse(message: string) {
      answer = packet(['Response', 'Error'], ['Message', message]);
    },
  };
}

const ofCall = (channel: string) => [
  expect.objectContaining({
    kind: 'pause',
    pause: { linkedId: '1700000000.0', channel, direction: 'both', paused: true },
    audit: expect.objectContaining({ ...by, action: 'recording.paused' }),
  }),
];

// Asterisk finds a channel by each of them (main/channel.c, ast_channel_get_by_name).
test.each(['SIP/205-00000018', 'sip/205-00000018', '1700000000.1'])('named as %s it is the call’s', async (name) => {
  const { live, control, written, changed } = scene();
  await control.pause(name, 'both', true, by);
  expect(live.list().map(({ recording }) => recording)).toEqual(['paused']);
  expect(changed).toEqual(['1700000000.0']);
  expect(written).toEqual(ofCall('SIP/205-00000018'));
});

test('a call that ends before Asterisk’s answer keeps its pause', async () => {
  const { live, control, written, during } = scene();
  during(() => live.hear(about('Hangup')));
  await control.pause('SIP/205-00000018', 'both', true, by);
  expect(written).toEqual(ofCall('SIP/205-00000018'));
});

test('what Asterisk refuses is not written down', async () => {
  const { live, control, written, refuse } = scene();
  refuse('No such channel');
  await expect(control.pause('SIP/205-00000018', 'both', true, by)).rejects.toThrow('No such channel');
  expect(written).toEqual([]);
  expect(live.list().map(({ recording }) => recording)).toEqual(['on']);
});
