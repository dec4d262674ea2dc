/**
 * Asterisk's actions and the classes that grant them (main/manager.c and its modules, 16.28: `ListCommands`), so that what
 * is forwarded is decided here before Asterisk is asked. Nothing is granted by default; and what can start a program, read
 * or write a file or rewrite the dialplan is granted by its own name alone and by no class: `--write call,DBPut`. The
 * classes `originate`, `command`, `config` and `agi` are not in `all`: they must be named, and then `command` grants
 * Command and `agi` AGI. An Originate that starts an application is granted as `OriginateApplication`.
 */

import type { Packet } from '../wire/packet.ts';
import type { Classes } from './classes.ts';
import { classesOf, isClass, NO_CLASSES } from './classes.ts';
import type { AmiUser } from './users.ts';

/** Actions by the classes of which one suffices; `''` = everybody who is logged in. */
const GRANTED_BY: Readonly<Record<string, string>> = {
  '': 'BridgeInfo BridgeList BridgeTechnologyList QueueRule QueueStatus QueueSummary',
  'system,call': 'StopMixMonitor LocalOptimizeAway Hangup MixMonitorMute',
  'system,reporting':
    'CoreSettings CoreShowChannels CoreStatus DBGet DBGetTree LoggerRotate PJSIPQualify PJSIPShowSubscriptionsOutbound SIPpeers SIPqualifypeer SIPshowpeer SIPshowregistry IAXpeerlist IAXpeers IAXregistry IAXnetstats DAHDIShowChannels PRIShowSpans',
  'system,call,reporting': 'Status',
  'call,reporting':
    'DeviceStateList ExtensionState ExtensionStateList Getvar MailboxCount MailboxStatus PresenceState PresenceStateList VoicemailUsersList VoicemailUserStatus',
  reporting: 'ConfbridgeList ConfbridgeListRooms FAXStats MeetmeList MeetmeListRooms',
  call: 'AbsoluteTimeout Atxfer BlindTransfer Bridge CancelAtxfer ConfbridgeKick ConfbridgeLock ConfbridgeMute ConfbridgeSetSingleVideoSrc ConfbridgeUnlock ConfbridgeUnmute ControlPlayback FAXSession FAXSessions MeetmeMute MeetmeUnmute Park ParkedCalls Parkinglots PauseMonitor PlayDTMF PlayMF Redirect SendText StopMonitor UnpauseMonitor',
  agent: 'AgentLogoff Agents QueueAdd QueueLog QueueMemberRingInUse QueuePause QueuePenalty QueueRemove',
  system:
    'DAHDIDialOffhook DAHDIDNDoff DAHDIDNDon DAHDIHangup DAHDIRestart DAHDITransfer ModuleCheck MuteAudio PJSIPShowAors PJSIPShowContacts PJSIPShowEndpoints PJSIPShowRegistrationInboundContactStatuses PJSIPShowRegistrationsInbound PJSIPShowResourceLists PJSIPShowSubscriptionsInbound SIPpeerstatus',
  user: 'UserEvent',
  'config,reporting': 'ShowDialPlan',
  message: 'MessageSend',
  aoc: 'AOCMessage',
  originate: 'Originate',
  command: 'Command',
  agi: 'AGI',
};

/** What no class grants. Of PJSIP's lists those that show passwords (`AuthDetail`). */
const BY_NAME_ALONE = new Set(
  (
    'BridgeDestroy BridgeKick BridgeTechnologySuspend BridgeTechnologyUnsuspend ChangeMonitor ' +
    'ConfbridgeStartRecord ConfbridgeStopRecord CreateConfig DBDel DBDelTree DBPut DialplanExtensionAdd ' +
    'DialplanExtensionRemove GetConfig GetConfigJSON JabberSend ListCategories MixMonitor ModuleLoad Monitor ' +
    'PJSIPNotify PJSIPRegister PJSIPShowAuths PJSIPShowEndpoint PJSIPShowRegistrationsOutbound PJSIPUnregister QueueChangePriorityCaller QueueReload QueueReset ' +
    'QueueWithdrawCaller Reload Setvar SIPnotify SorceryMemoryCacheExpire SorceryMemoryCacheExpireObject ' +
    'SorceryMemoryCachePopulate SorceryMemoryCacheStale SorceryMemoryCacheStaleObject UpdateConfig'
  )
    .toLowerCase()
    .split(' '),
);

const CLASSES = new Map<string, Classes>(
  Object.entries(GRANTED_BY).flatMap(([classes, names]) =>
    names.split(' ').map((name) => [name.toLowerCase(), classesOf(classes)] as const),
  ),
);

/** Whether a name is one of Asterisk's actions that we know of. */
export function isAction(name: string): boolean {
  const plain = name.toLowerCase();
  return CLASSES.has(plain) || BY_NAME_ALONE.has(plain);
}

/** Functions whose value a Getvar may ask for: they tell of calls and phones, of no password, start nothing and read no file. */
const HARMLESS_FUNCTIONS = new Set(
  (
    'CALLERID CDR CHANNEL CONNECTEDLINE DEVICE_STATE EXTENSION_STATE GROUP GROUP_COUNT GROUP_LIST HINT IAXPEER LANGUAGE ' +
    'MASTER_CHANNEL PJSIP_AOR PJSIP_CONTACT PRESENCE_STATE QUEUE_MEMBER QUEUE_MEMBER_COUNT QUEUE_MEMBER_LIST ' +
    'QUEUE_WAITING_COUNT REDIRECTING SIPCHANINFO SIPPEER'
  ).split(' '),
);

/**
 * Whether a user may have an action forwarded. What an action's parameters could turn it into stands among those granted by
 * name, but for three: a Getvar or a Status may ask for variables and harmless functions, an Originate by class `originate`
 * may ring an extension and set such, but start no application.
 * @param request null: the action in general.
 */
export function mayForward(user: AmiUser, name: string, request: Packet | null): boolean {
  const plain = name.toLowerCase();
  if (user.granted.has(plain)) return true;
  if (plain === 'originate' && user.granted.has('originateapplication')) return true;
  const classes = CLASSES.get(plain);
  if (classes === undefined) return false;
  if (classes !== NO_CLASSES && (user.writeClasses & classes) === 0) return false;
  const headers = request?.headers ?? [];
  if (plain === 'originate' && headers.some(([each]) => /^(application|data)$/i.test(each.trim()))) return false;
  const named = NAMES_VARIABLES[plain];
  return !named || headers.every(([each, value]) => !named.test(each.trim()) || onlyHarmless(value));
}

/** Actions that read or set variables, and in which headers those stand. */
const NAMES_VARIABLES: Readonly<Record<string, RegExp>> = {
  getvar: /^variable$/i,
  originate: /^variable$/i,
  status: /^variables$/i,
  messagesend: /^variable$/i,
};

/** Whether every function in a text is harmless: whatever stands before a parenthesis is one, inside of others too. */
function onlyHarmless(text: string): boolean {
  return [...text.matchAll(/([^\s,=(){}$]*)\s*\(/g)].every(([, called = '']) =>
    HARMLESS_FUNCTIONS.has(called.toUpperCase()),
  );
}

/** Actions that a class grants with a look at what they ask for, and their name without. */
const LOOKED_AT = new Set(['originate', ...Object.keys(NAMES_VARIABLES)]);

/**
 * Whether a word of a write list lets its user start a program, read or write a file, spend money or rewrite the box: all
 * that is granted by name and isn't known to be harmless, and the classes `command` and `agi`. Who holds an admin's log-in
 * has the box's calls; this would be the telephone system, and so it is granted at the box's own console.
 */
export function isForConsole(word: string): boolean {
  const plain = word.toLowerCase();
  if (isClass(plain)) return plain === 'command' || plain === 'agi';
  return !CLASSES.has(plain) || LOOKED_AT.has(plain);
}

/** Whether an action that is answered here may be called by a user: one of its classes suffices; none: everybody. */
export function mayCall(user: AmiUser, { name, classes }: { readonly name: string; readonly classes: Classes | null }) {
  return !classes || (user.writeClasses & classes) !== 0 || user.granted.has(name.toLowerCase());
}
