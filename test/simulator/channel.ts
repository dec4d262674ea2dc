/** A channel of the simulated PBX, and the block of headers by which Asterisk describes one in every event. */
import type { Header } from './cdr.ts';

/** Asterisk's channel states, as far as a chan_sip call passes through them (main/channel.c). */
export const CHANNEL_STATE = { Down: 0, Ring: 4, Ringing: 5, Up: 6 } as const;
export type ChannelState = keyof typeof CHANNEL_STATE;

/** Who stands behind a telephone number or name on the wire; '' is printed as `<unknown>`. */
export interface Channel {
  /** `SIP/205-0000000a`. */
  readonly name: string;
  state: ChannelState;
  callerNumber: string;
  callerName: string;
  connectedNumber: string;
  connectedName: string;
  readonly accountCode: string;
  context: string;
  exten: string;
  priority: number;
  readonly uniqueId: string;
  readonly linkedId: string;
  readonly sipCallId: string;
  /** The CDR that Asterisk's engine opened with this channel. */
  readonly sequence: number;
  /** Milliseconds since 1970 UTC. */
  readonly created: number;
  application: string;
  applicationData: string;
  bridgeId: string;
}

const orUnknown = (value: string): string => (value === '' ? '<unknown>' : value);

/**
 * The channel's headers in wire order (ast_manager_build_channel_state_string_prefix, main/manager_channels.c).
 * `prefix` is `Dest` for the called channel of a Dial event.
 */
export function channelHeaders(channel: Channel, prefix: '' | 'Dest' = ''): readonly Header[] {
  return [
    [`${prefix}Channel`, channel.name],
    [`${prefix}ChannelState`, String(CHANNEL_STATE[channel.state])],
    [`${prefix}ChannelStateDesc`, channel.state],
    [`${prefix}CallerIDNum`, orUnknown(channel.callerNumber)],
    [`${prefix}CallerIDName`, orUnknown(channel.callerName)],
    [`${prefix}ConnectedLineNum`, orUnknown(channel.connectedNumber)],
    [`${prefix}ConnectedLineName`, orUnknown(channel.connectedName)],
    [`${prefix}Language`, 'en'],
    [`${prefix}AccountCode`, channel.accountCode],
    [`${prefix}Context`, channel.context],
    [`${prefix}Exten`, channel.exten],
    [`${prefix}Priority`, String(channel.priority)],
    [`${prefix}Uniqueid`, channel.uniqueId],
    [`${prefix}Linkedid`, channel.linkedId],
  ];
}
