/**
 * The channels that Asterisk has at this moment: which calls have one (a call whose LinkedID still has one isn't over,
 * however long no record of it has come), and what is known of each, for those who watch. Kept from Asterisk's channel
 * events, and put right by its own list of channels after each log-in and now and then. Of channels that only the list
 * told of it is asked once more, for what the events before would have said: what was dialled, since when they are
 * answered, whether they are recorded.
 */
import { uniqueIdEpoch } from '../../storage/model/local-time.ts';
import type { Packet } from '../wire/packet.ts';
import { pastOf, STATUS } from './channel-status.ts';
import type { AsteriskConnection } from './connection.ts';

export interface LiveChannel {
  readonly uniqueId: string;
  /** `SIP/205-00000008`. */
  name: string;
  linkedId: string;
  /** Asterisk's channel state: 0 down, 4 ring, 5 ringing, 6 up … */
  state: number;
  number: string;
  callerName: string;
  connected: string;
  /** What was dialled on it at first; '' where it was dialled itself. */
  dialled: string;
  /** Epoch milliseconds. */
  readonly since: number;
  upSince: number | null;
  bridge: string;
  onHold: boolean;
  /** MixMonitor runs on it; null: it doesn't. */
  recording: 'on' | 'paused' | null;
}

/** Whether the recording of a channel was paused. */
type WasPaused = (linkedId: string, channel: string) => boolean;

export interface LiveChannels {
  /** Takes every event, in order; what doesn't concern channels is passed over. */
  hear(packet: Packet): void;
  /**
   * Asks Asterisk for its channels; those that it doesn't list by the end of the list are forgotten, and of those that are
   * new it is asked what they have been through. While a list is under way no other is asked for.
   * @param wasPaused Whether the recording of a channel that is new was paused before; Asterisk doesn't tell.
   * @throws when there is no list or it breaks off: then nothing is forgotten.
   */
  resync(list: AsteriskConnection['list'], wasPaused?: WasPaused): Promise<void>;
  /** Asterisk is away: nothing is known. No call is reported over by this. */
  forget(): void;
  isLive(linkedId: string): boolean;
  readonly channels: number;
  /** By its name in any case, or its UniqueID: as Asterisk itself finds one (main/channel.c, ast_channel_get_by_name). */
  find(channel: string): LiveChannel | undefined;
  /** Its recording was paused or goes on: an Asterisk that says so by no event. */
  paused(channel: LiveChannel, paused: boolean): void;
  /** Every channel, oldest first. */
  list(): readonly LiveChannel[];
}

/** Channels remembered: far above what any box carries. The oldest goes first; its call is then closed by silence alone. */
const CHANNELS_MAX = 5_000;

/** Events that say a channel is there. */
const APPEARING = new Set(['newchannel', 'coreshowchannel']);
/** Events that tell under which LinkedID a channel is now: bridging and transfers change it. They may come after its Hangup
 * (NewConnectedLine for a queue's member does), so they bring no channel back to life. */
const MOVING = new Set([
  'newstate',
  'newconnectedline',
  'newcallerid',
  'bridgeenter',
  'bridgeleave',
  'hold',
  'unhold',
  'mixmonitorstart',
  'mixmonitorstop',
  'mixmonitormute',
  'status',
]);

export interface LiveListener {
  /** A LinkedID has lost its last channel. */
  over(linkedId: string): void;
  /** Something of this call has changed: of both where a channel has moved. */
  changed?(linkedId: string): void;
}

/**
 * Which channel it is, and how old, Asterisk says once and behind the caller's number: who has line breaks in that can put
 * another one before it. Such an event tells nothing. @param name In lower case.
 */
function onlyOne({ headers }: Packet, name: string): string {
  const [first, second] = headers.filter(([each]) => each.toLowerCase() === name);
  return second ? '' : (first?.[1] ?? '');
}

/** @param clock Epoch milliseconds. */
export function createLiveChannels(listener: LiveListener, clock: () => number = Date.now): LiveChannels {
  /** By UniqueID, oldest first. */
  const channels = new Map<string, LiveChannel>();
  /** Channels by LinkedID. */
  const counts = new Map<string, number>();
  /** While a list is under way: channels known before it that it hasn't shown yet. */
  let unlisted: Set<string> | null = null;
  let listing: Promise<void> | null = null;
  /** Whether the list that is under way shows a channel that wasn't known. */
  let strangers = false;
  let isPaused: WasPaused = () => false;

  function count(linkedId: string): void {
    counts.set(linkedId, (counts.get(linkedId) ?? 0) + 1);
  }

  function add(event: string, packet: Packet, uniqueId: string, linkedId: string): LiveChannel {
    const now = clock();
    const listed = event === 'coreshowchannel' ? onlyOne(packet, 'duration') : ''; // elsewhere it is a caller's
    if (listed !== '') strangers = true;
    const since = now - secondsOf(listed) * 1000;
    const created = (uniqueIdEpoch(uniqueId) ?? 0) * 1000;
    const channel: LiveChannel = {
      uniqueId,
      name: '',
      linkedId,
      state: 0,
      number: '',
      callerName: '',
      connected: '',
      // Known at its first event alone: the dialplan goes on to other extensions.
      dialled: packet.get('Context') === '' ? '' : packet.get('Exten'),
      // The id tells the second itself, unless the clock was set since. By the event that told of it too: that comes a
      // moment later, which may be another second, and after a restart the list would tell of the first one.
      since: Math.abs(created - since) <= CUT_MS ? created : since,
      upSince: null,
      bridge: '',
      onHold: false,
      recording: null,
    };
    channels.set(uniqueId, channel);
    count(linkedId);
    const [oldest] = channels.keys();
    if (channels.size > CHANNELS_MAX && oldest !== undefined) remove(oldest);
    return channel;
  }

  function move(channel: LiveChannel, linkedId: string): void {
    const before = channel.linkedId;
    if (before === linkedId) return;
    // The new one first: a channel that moves to another call must not end a call of one channel.
    count(linkedId);
    channel.linkedId = linkedId;
    release(before);
  }

  function remove(uniqueId: string): void {
    const channel = channels.get(uniqueId);
    if (!channel) return;
    channels.delete(uniqueId);
    release(channel.linkedId);
  }

  function release(linkedId: string): void {
    const left = (counts.get(linkedId) ?? 1) - 1;
    if (left > 0) counts.set(linkedId, left);
    else {
      counts.delete(linkedId);
      listener.over(linkedId);
    }
    listener.changed?.(linkedId);
  }

  /** What any event about a channel tells of it. */
  function update(channel: LiveChannel, event: string, packet: Packet): void {
    const text = (name: string) => known(packet.get(name));
    channel.name = packet.get('Channel');
    channel.number = text('CallerIDNum');
    channel.callerName = text('CallerIDName');
    channel.connected = text('ConnectedLineNum');
    const state = packet.get('ChannelState');
    if (/^\d{1,2}$/.test(state)) channel.state = Number(state);
    if (channel.state === UP) channel.upSince ??= clock();
    if (event === 'bridgeenter') channel.bridge = packet.get('BridgeUniqueid');
    else if (event === 'bridgeleave') channel.bridge = '';
    else if (event === 'coreshowchannel') channel.bridge = packet.get('BridgeId');
    else if (event === 'hold' || event === 'unhold') channel.onHold = event === 'hold';
    else if (event === 'mixmonitorstart') channel.recording = 'on';
    else if (event === 'mixmonitorstop') channel.recording = null;
    else if (event === 'mixmonitormute') channel.recording = isOn(packet.get('State')) ? 'paused' : 'on';
    else if (event === 'status') learn(channel, packet);
  }

  /** From an answer to {@link STATUS}, of a channel whose events were missed. */
  function learn(channel: LiveChannel, packet: Packet): void {
    const { dialled, answered, recorded } = pastOf(packet, channel.uniqueId === channel.linkedId);
    channel.dialled = dialled || channel.dialled;
    if (channel.state === UP && answered !== null) channel.upSince = answered;
    if (recorded) channel.recording ??= isPaused(channel.linkedId, channel.name) ? 'paused' : 'on';
  }

  function hear(packet: Packet): void {
    const event = packet.first[1].toLowerCase();
    if (event === 'rename') {
      rename(channels.get(packet.get('Uniqueid')), packet.get('Newname'));
      return;
    }
    const over = event === 'hangup';
    const appears = APPEARING.has(event);
    if (!over && !appears && !MOVING.has(event)) return;
    const [uniqueId, linkedId] = [onlyOne(packet, 'uniqueid'), onlyOne(packet, 'linkedid')];
    if (!uniqueId || !linkedId) return;
    unlisted?.delete(uniqueId);
    if (over) {
      remove(uniqueId);
      return;
    }
    const channel = channels.get(uniqueId) ?? (appears ? add(event, packet, uniqueId, linkedId) : null);
    if (!channel) return;
    move(channel, linkedId);
    update(channel, event, packet);
    listener.changed?.(linkedId);
  }

  /** Rename tells nothing else, not even the LinkedID. A pause asks by name, so the old one must not stay. */
  function rename(channel: LiveChannel | undefined, name: string): void {
    if (!channel || name === '') return;
    channel.name = name;
    listener.changed?.(channel.linkedId);
  }

  async function listChannels(list: AsteriskConnection['list']): Promise<void> {
    const before = new Set(channels.keys());
    unlisted = before;
    strangers = false;
    try {
      await list([['Action', 'CoreShowChannels']], hear);
      for (const uniqueId of before) remove(uniqueId);
    } finally {
      unlisted = null;
    }
    // Where Asterisk goes away meanwhile, all are strangers to the next list.
    if (strangers) await list(STATUS, hear).catch(() => {});
  }

  return {
    hear,
    resync(list, wasPaused) {
      if (wasPaused) isPaused = wasPaused;
      listing ??= listChannels(list).finally(() => {
        listing = null;
      });
      return listing;
    },
    forget() {
      const calls = [...counts.keys()];
      channels.clear();
      counts.clear();
      unlisted?.clear();
      for (const linkedId of calls) listener.changed?.(linkedId);
    },
    isLive: (linkedId) => counts.has(linkedId),
    get channels() {
      return channels.size;
    },
    find(wanted) {
      const name = wanted.toLowerCase();
      return [...channels.values()].find((each) => each.name.toLowerCase() === name) ?? channels.get(wanted);
    },
    paused(channel, paused) {
      channel.recording = paused ? 'paused' : 'on';
      listener.changed?.(channel.linkedId);
    },
    list: () => [...channels.values()],
  };
}

/** A channel's age and its id are both cut to whole seconds, each at its own time; an event takes a moment. */
const CUT_MS = 2_000;
/** AST_STATE_UP. */
const UP = 6;

/** Asterisk writes `<unknown>` where nothing is known. */
function known(text: string): string {
  return text === '<unknown>' ? '' : text;
}

function isOn(text: string): boolean {
  return /^(1|yes|true|y|t|on)$/i.test(text);
}

/** `00:01:05` in seconds; 0 for anything else. No call is eleven years long: from an earlier moment no time could be told. */
function secondsOf(text: string): number {
  const [, hours, minutes, seconds] = /^(\d{1,5}):(\d\d):(\d\d)$/.exec(text) ?? [];
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}
