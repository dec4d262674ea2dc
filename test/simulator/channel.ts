/** A channel of the simulated PBX, and the block of headers by which Asterisk describes one in every event. */
import type { CdrRecord, Header } from './cdr.ts';

/** Asterisk's channel states, as far as calls pass through them (main/channel.c). */
export const CHANNEL_STATE = { Down: 0, Rsrvd: 1, OffHook: 2, Dialing: 3, Ring: 4, Ringing: 5, Up: 6 } as const;
export type ChannelState = keyof typeof CHANNEL_STATE;

/** Channel drivers that the simulated PBX has lines of. */
export type Technology = 'SIP' | 'PJSIP' | 'IAX2' | 'DAHDI' | 'GSM' | 'Local';

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
  /** UniqueID of the oldest channel of the call; changes when two calls meet in a bridge. */
  linkedId: string;
  readonly technology: Technology;
  /** Empty where the technology has none (Local, DAHDI …). */
  readonly sipCallId: string;
  /** Opened by a Dial (AST_FLAG_OUTGOING): never party A beside one that called. A pick-up changes it. */
  dialled: boolean;
  /** Runs a Gosub: its records keep the extension that it came from. */
  inSubroutine: boolean;
  /** Q.850 cause of its end; 0 = lives. */
  hangupCause: number;
  /** Where the records of its call are collected. */
  readonly ledger: CdrRecord[];
  /** Milliseconds since 1970 UTC. */
  readonly created: number;
  application: string;
  applicationData: string;
  bridgeId: string;
  /** MixMonitor runs on it. */
  monitored?: boolean;
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
