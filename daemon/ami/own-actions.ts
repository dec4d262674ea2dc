/**
 * The actions that are answered here and not by Asterisk: those of the session itself, those that our own events need,
 * and those that must go through a function of ours. Texts are Asterisk's (main/manager.c, 16.28).
 */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isBoxItself } from '../../storage/model/address.ts';
import { formatPacket, type Header, type Packet } from '../wire/packet.ts';
import { mayCall, mayForward } from './actions.ts';
import { reasonOf } from './audited.ts';
import { type Classes, classesOf, includes, maskOf, NO_CLASSES } from './classes.ts';
import { type Conversation, header, type SessionServices } from './conversation.ts';
import { compileFilter, FilterError } from './filter.ts';
import { replay } from './replay.ts';
import { secretMatches } from './users.ts';

export interface OwnAction {
  readonly name: string;
  /** Write classes of which one suffices; `NO_CLASSES`: everybody who is logged in; null: not a matter of rights. */
  readonly classes: Classes | null;
  /** May be called before log-in. */
  readonly withoutLogIn?: true;
  /** For ListCommands, in Asterisk's words where it has the action too. */
  readonly about: string;
  perform(request: Packet, conversation: Conversation): Promise<void> | void;
}

const ACTIONS: readonly OwnAction[] = [
  {
    name: 'CdrdReplay',
    classes: NO_CLASSES,
    about: 'Tell events with a higher EventSequence than Since again.',
    perform: replay,
  },
  {
    name: 'Challenge',
    classes: null,
    withoutLogIn: true,
    about: 'Generate Challenge for MD5 Auth.',
    perform: challenge,
  },
  { name: 'Events', classes: NO_CLASSES, about: 'Control Event Flow.', perform: events },
  {
    name: 'Filter',
    classes: classesOf('system'),
    about: 'Dynamically add filters for the current manager session.',
    perform: filter,
  },
  { name: 'ListCommands', classes: NO_CLASSES, about: 'List available manager commands.', perform: listCommands },
  { name: 'Login', classes: null, withoutLogIn: true, about: 'Login Manager.', perform: logIn },
  { name: 'Logoff', classes: null, withoutLogIn: true, about: 'Logoff Manager.', perform: logOff },
  {
    name: 'MixMonitorMute',
    classes: classesOf('system,call'),
    about: 'Mute / unMute a Mixmonitor recording.',
    perform: mixMonitorMute,
  },
  { name: 'Ping', classes: NO_CLASSES, about: 'Keepalive command.', perform: ping },
  { name: 'WaitEvent', classes: NO_CLASSES, about: 'Wait for an event to occur.', perform: waitEvent },
];

/** By name in lower case. */
export const ownActions: ReadonlyMap<string, OwnAction> = new Map(
  ACTIONS.map((action) => [action.name.toLowerCase(), action]),
);

function refuse(request: Packet, { answer }: Conversation, message: string): void {
  answer(request, 'Error', ['Message', message]);
}

async function logIn(request: Packet, conversation: Conversation): Promise<void> {
  const { services, answer, address } = conversation;
  const { users, limits, log, notes, upstream } = services;
  if (conversation.loggedIn) {
    answer(request, 'Success', ['Message', 'Already authenticated']);
    return;
  }
  const name = header(request, 'Username');
  const user = users.get(name);
  const byKey = header(request, 'AuthType').toUpperCase() === 'MD5';
  const matches = byKey
    ? conversation.challenge !== '' &&
      secretMatches(user, { challenge: conversation.challenge, key: header(request, 'Key') })
    : secretMatches(user, { secret: header(request, 'Secret') });
  // Looked at in any case, so that no time tells who waits.
  const outcome = beginTry(services, address, name);
  const admitted = outcome !== null && matches && user?.permits(address) ? user : null;
  outcome?.(admitted !== null);
  if (!admitted) {
    // A name of nobody's may be a secret in the wrong place.
    const known = user?.name ?? '';
    log.warn('an AMI log-in was refused', { user: known, address });
    notes.refused({ who: '', address, action: 'ami.login.failed', detail: { user: known } });
    await pause(limits.refusedMs);
    refuse(request, conversation, 'Authentication failed');
    conversation.end();
    return;
  }
  const mask = maskOf(header(request, 'Events'));
  if (mask !== null) conversation.mask = mask;
  answer(request, 'Success', ['Message', 'Authentication accepted']);
  const system = classesOf('system');
  const age = upstream.uptime();
  if (age && includes(admitted.readClasses & conversation.mask, system))
    conversation.event(
      formatPacket([
        ['Event', 'FullyBooted'],
        ['Privilege', 'system,all'],
        ['Uptime', age.uptime],
        ['LastReload', age.lastReload],
        ['Status', 'Fully Booted'],
      ]),
    );
  conversation.logIn(admitted);
  log.info('an AMI client has logged in', { user: name, address });
  notes.done({ who: `ami:${name}`, address, action: 'ami.login', detail: {} });
}

/** @returns what is to be told how it ended; null: whoever it is has to wait, and hears what a wrong secret hears. */
function beginTry({ throttle }: SessionServices, address: string, name: string): ((right: boolean) => void) | null {
  // Programs on the box are held up by the second that a refusal takes; a wait for one of them would be one for all.
  if (address === '' || isBoxItself(address)) return () => {};
  try {
    return throttle.begin(address, name);
  } catch {
    return null;
  }
}

function logOff(request: Packet, conversation: Conversation): void {
  conversation.answer(request, 'Goodbye', ['Message', 'Thanks for all the fish.']);
  conversation.end();
}

function challenge(request: Packet, conversation: Conversation): void {
  if (header(request, 'AuthType').toUpperCase() !== 'MD5') {
    refuse(request, conversation, 'Must specify AuthType');
    return;
  }
  // Drawn at the first asking and kept, as Asterisk does.
  conversation.challenge ||= String(randomInt(100_000_000, 2_000_000_000));
  conversation.answer(request, 'Success', ['Challenge', conversation.challenge]);
}

function ping(request: Packet, { answer }: Conversation): void {
  const now = Date.now();
  const timestamp = `${Math.floor(now / 1000)}.${String(now % 1000).padStart(3, '0')}000`;
  answer(request, 'Success', ['Ping', 'Pong'], ['Timestamp', timestamp]);
}

function events(request: Packet, conversation: Conversation): void {
  const mask = maskOf(header(request, 'EventMask'));
  if (mask === null) {
    refuse(request, conversation, 'Invalid event mask');
    return;
  }
  conversation.services.relay.flush(); // what was before the change goes by the old mask
  conversation.mask = mask;
  conversation.services.onListening();
  conversation.answer(request, 'Success', ['Events', mask === NO_CLASSES ? 'Off' : 'On']);
}

/** `Operation: Add`, `Filter: [!]REGEX`: of filters without `!` one must match an event's text, of those with it none. */
function filter(request: Packet, conversation: Conversation): void {
  const { limits } = conversation.services;
  const operation = header(request, 'Operation');
  const text = header(request, 'Filter');
  if (operation.toLowerCase() !== 'add') {
    refuse(request, conversation, 'Unknown operation');
    return;
  }
  if (text.length > limits.filterLength || conversation.filters.length >= limits.filters) {
    refuse(request, conversation, 'Failed to add filter');
    return;
  }
  try {
    const excludes = text.startsWith('!');
    const taken = conversation.filters.reduce((sum, { states }) => sum + states, 0);
    const compiled = compileFilter(excludes ? text.slice(1) : text, limits.filterStates - taken);
    conversation.filters.push({ excludes, ...compiled });
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    refuse(request, conversation, 'Filter did not compile.  Check the syntax of the filter given.');
    return;
  }
  conversation.answer(request, 'Success', ['Message', 'Success']);
}

/** Asterisk's own list, as far as this user may have it forwarded, with ours in their places. */
async function listCommands(request: Packet, conversation: Conversation): Promise<void> {
  const user = conversation.user();
  const mine = ACTIONS.filter((action) => mayCall(user, action)).map(
    ({ name, about, classes }): Header => [name, `${about}  (Priv: ${privilegeText(classes ?? NO_CLASSES)})`],
  );
  const theirs = await conversation.services.upstream.commands();
  const forwarded = theirs.filter(([name]) => !ownActions.has(name.toLowerCase()) && mayForward(user, name, null));
  const all = [...mine, ...forwarded].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  conversation.answer(request, 'Success', ...all);
}

/** As Asterisk prints an action's classes (main/manager.c, `authority_to_str`). */
function privilegeText(classes: Classes): string {
  const names = ['system', 'call'].filter((name) => includes(classes, classesOf(name)));
  return names.length === 0 ? '<none>' : `${names.join(',')},all`;
}

async function mixMonitorMute(request: Packet, conversation: Conversation): Promise<void> {
  const user = conversation.user();
  const channel = header(request, 'Channel');
  const state = header(request, 'State');
  const direction = header(request, 'Direction').toLowerCase();
  // In Asterisk's order (apps/app_mixmonitor.c, manager_mute_mixmonitor).
  if (direction === '') return refuse(request, conversation, 'No direction specified. Must be read, write or both');
  if (direction !== 'read' && direction !== 'write' && direction !== 'both')
    return refuse(request, conversation, 'Invalid direction specified. Must be read, write or both');
  if (channel === '') return refuse(request, conversation, 'No channel specified');
  if (state === '') return refuse(request, conversation, 'No state specified');
  try {
    const paused = !/^(0|no|false|n|f|off)$/i.test(state);
    const reason = reasonOf(request);
    const by = { who: `ami:${user.name}`, address: conversation.address, ...(reason !== '' && { reason }) };
    await conversation.services.upstream.pause(channel, direction, paused, by);
  } catch (error) {
    return refuse(request, conversation, (error as Error).message);
  }
  conversation.answer(request, 'Success');
}

/**
 * `Timeout: SECONDS`, without it for ever: the answer comes with the next event that this client hears, or when the time is
 * over (`action_waitevent`).
 */
async function waitEvent(request: Packet, conversation: Conversation): Promise<void> {
  const seconds = Number.parseInt(header(request, 'Timeout'), 10);
  const letGo = await conversation.nextEvent(seconds >= 0 ? seconds * 1000 : Number.POSITIVE_INFINITY);
  conversation.answer(request, 'Success', ['Message', 'Waiting for Event completed.']);
  letGo();
  const id = header(request, 'ActionID');
  conversation.event(formatPacket([['Event', 'WaitEventComplete'], ...(id === '' ? [] : [['ActionID', id] as const])]));
}
