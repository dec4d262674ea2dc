/**
 * Which calls have a live channel: a call whose LinkedID still has one isn't over, however long no record of it has come.
 * Kept from Asterisk's channel events, and put right by its own list of channels after each log-in and now and then.
 */
import type { Header, Packet } from '../wire/packet.ts';

export interface LiveChannels {
  /** Takes every event, in order; what doesn't concern channels is passed over. */
  hear(packet: Packet): void;
  /**
   * Asks Asterisk for its channels; those that it doesn't list by the end of the list are forgotten.
   * @param action Sends one AMI action.
   */
  resync(action: (headers: readonly Header[]) => Promise<Packet>): Promise<void>;
  /** Asterisk is away: nothing is known. No call is reported over by this. */
  forget(): void;
  isLive(linkedId: string): boolean;
  readonly channels: number;
}

/** Channels remembered: far above what any box carries. The oldest goes first; its call is then closed by silence alone. */
const CHANNELS_MAX = 5_000;

/** Events that say a channel is there. */
const APPEARING = new Set(['newchannel', 'coreshowchannel']);
/** Events that tell under which LinkedID a channel is now: bridging and transfers change it. They may come after its Hangup
 * (NewConnectedLine for a queue's member does), so they bring no channel back to life. */
const MOVING = new Set(['newstate', 'newconnectedline', 'newcallerid', 'bridgeenter', 'bridgeleave']);

/** @param onOver A LinkedID has lost its last channel. */
export function createLiveChannels(onOver: (linkedId: string) => void): LiveChannels {
  /** LinkedID by UniqueID, oldest first. */
  const channels = new Map<string, string>();
  /** Channels by LinkedID. */
  const counts = new Map<string, number>();
  /** While a list is under way: channels known before it that it hasn't shown yet. */
  let unlisted: Set<string> | null = null;

  function add(uniqueId: string, linkedId: string): void {
    const before = channels.get(uniqueId);
    if (before === linkedId) return;
    // The new one first: a channel that moves to another call must not end a call of one channel.
    counts.set(linkedId, (counts.get(linkedId) ?? 0) + 1);
    channels.set(uniqueId, linkedId);
    if (before !== undefined) release(before);
    const [oldest] = channels.keys();
    if (channels.size > CHANNELS_MAX && oldest !== undefined) remove(oldest);
  }

  function remove(uniqueId: string): void {
    const linkedId = channels.get(uniqueId);
    if (linkedId === undefined) return;
    channels.delete(uniqueId);
    release(linkedId);
  }

  function release(linkedId: string): void {
    const left = (counts.get(linkedId) ?? 1) - 1;
    if (left > 0) counts.set(linkedId, left);
    else {
      counts.delete(linkedId);
      onOver(linkedId);
    }
  }

  return {
    hear(packet) {
      const event = packet.get('Event').toLowerCase();
      if (event === 'coreshowchannelscomplete') {
        for (const uniqueId of unlisted ?? []) remove(uniqueId);
        unlisted = null;
        return;
      }
      const over = event === 'hangup';
      const appears = APPEARING.has(event);
      if (!over && !appears && !MOVING.has(event)) return;
      const [uniqueId, linkedId] = [packet.get('Uniqueid'), packet.get('Linkedid')];
      if (!uniqueId || !linkedId) return;
      unlisted?.delete(uniqueId);
      if (over) remove(uniqueId);
      else if (appears || channels.has(uniqueId)) add(uniqueId, linkedId);
    },
    async resync(action) {
      unlisted = new Set(channels.keys());
      const answer = await action([['Action', 'CoreShowChannels']]);
      if (answer.get('Response') !== 'Success') unlisted = null;
    },
    forget() {
      channels.clear();
      counts.clear();
      unlisted = null;
    },
    isLive: (linkedId) => counts.has(linkedId),
    get channels() {
      return channels.size;
    },
  };
}
