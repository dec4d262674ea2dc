/**
 * What of the actions that clients have forwarded stands in the audit log: whatever changes a call, a queue or the box, and
 * what shows passwords; not what only looks. Who called whom, which key was set and which command was given, but no value,
 * because that may be a secret.
 */
import type { AuditLine } from '../../storage/sql/audit.ts';
import type { Packet } from '../wire/packet.ts';
import { header } from './conversation.ts';
import type { AmiUser } from './users.ts';

/** Those that only look, or tell other clients something. Any other is told, one that we don't know too. */
const LOOKS = new Set(
  (
    'BridgeInfo BridgeList BridgeTechnologyList QueueRule QueueStatus QueueSummary CoreSettings CoreShowChannels CoreStatus ' +
    'DBGet DBGetTree PJSIPShowSubscriptionsOutbound SIPpeers SIPshowpeer SIPshowregistry IAXpeerlist IAXpeers IAXregistry ' +
    'IAXnetstats DAHDIShowChannels PRIShowSpans Status DeviceStateList ExtensionState ExtensionStateList Getvar MailboxCount ' +
    'MailboxStatus PresenceState PresenceStateList VoicemailUsersList VoicemailUserStatus ConfbridgeList ConfbridgeListRooms ' +
    'FAXStats FAXSession FAXSessions MeetmeList MeetmeListRooms ParkedCalls Parkinglots Agents ModuleCheck PJSIPShowAors ' +
    'PJSIPShowContacts PJSIPShowEndpoints PJSIPShowRegistrationInboundContactStatuses PJSIPShowRegistrationsInbound ' +
    'PJSIPShowResourceLists PJSIPShowSubscriptionsInbound SIPpeerstatus ShowDialPlan ListCategories PJSIPQualify ' +
    'SIPqualifypeer UserEvent'
  )
    .toLowerCase()
    .split(' '),
);

/** Headers that say to what it was done. */
const SHOWN = (
  'Channel Exten Context Priority Application ExtraChannel Channel1 Channel2 ChannelId Interface Queue Paused Member ' +
  'Conference Family Key Variable Module LoadType Filename SrcFilename DstFilename Peer Endpoint Agent Mailbox To'
).split(' ');
/** Characters of one of them. */
const SHOWN_MAX = 120;
const REASON_MAX = 200;

/** The line for an action; null: none. */
export function auditOf(user: AmiUser, address: string, request: Packet): AuditLine | null {
  const plain = header(request, 'Action').toLowerCase();
  // Granted by name, even a look may do anything: a Getvar may start a program.
  if (LOOKS.has(plain) && !user.granted.has(plain)) return null;
  const detail: Record<string, string> = {};
  for (const name of SHOWN) {
    const value = header(request, name);
    // Of a variable, its name.
    if (value !== '') detail[name.toLowerCase()] = (name === 'Variable' ? nameIn(value) : value).slice(0, SHOWN_MAX);
  }
  const [first = '', second = ''] = header(request, 'Command').trim().split(/\s+/);
  if (first !== '') detail['command'] = `${first} ${second}`.trim().slice(0, SHOWN_MAX); // what follows may be a secret
  return { who: `ami:${user.name}`, address, action: `ami.${plain}`, reason: reasonOf(request), detail };
}

function nameIn(assignment: string): string {
  return assignment.split('=', 1)[0] ?? '';
}

/** `Reason`, as Asterisk's own QueuePause has it, and any action here may. */
export function reasonOf(request: Packet): string {
  return header(request, 'Reason').slice(0, REASON_MAX);
}
