/**
 * One client's conversation, apart from any socket: packets in, bytes out. It says what a real Asterisk says, to the byte
 * (main/manager.c, `process_message`); its actions are worked off one after the other, as Asterisk's own session thread
 * does, while events go on.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { formatPacket, type Packet, type PacketFault } from '../wire/packet.ts';
import { isAction, mayCall, mayForward } from './actions.ts';
import { auditOf } from './audited.ts';
import { ALL_CLASSES, NO_CLASSES } from './classes.ts';
import { type Conversation, header, type SessionServices, type Wire } from './conversation.ts';
import { passesFilters } from './filter.ts';
import { ownActions } from './own-actions.ts';
import { type AmiEvent, formOf, type Listener, textOf } from './relay.ts';

export interface AmiSession {
  packet(packet: Packet): void;
  fault(fault: PacketFault, actionId: string): void;
  /** An empty line where a packet should begin. */
  empty(): void;
  /** The client sends no more: when what it asked is answered, the session ends. */
  inputEnded(): void;
  /** Whether so much waits that no more should be read. */
  readonly full: boolean;
  /** null: it hasn't logged in. */
  readonly user: string | null;
  /** The user was changed or removed: who may no longer come from where it is ends. */
  userChanged(): void;
  /** The client is gone. */
  close(): void;
}

/** Bytes of what is told at length that may lie unread before more of it is asked for; milliseconds between two looks. */
const UNREAD_MAX = 256 * 1024;
const LOOK_MS = 20;
/** Actions of one client worked off in one turn of the loop: a flood of them is answered between everybody else's. */
const TURN_ACTIONS = 16;
/** Milliseconds in which one line tells of what a client is refused: a flood of it must not become one of the log. */
const DENIED_LOG_MS = 10_000;
/** The longest that a timer of Node's can be set to. */
const TIMER_MAX = 2 ** 31 - 1;

export function createAmiSession(wire: Wire, services: SessionServices): AmiSession {
  const { users, relay, limits, log } = services;
  let name: string | null = null;
  let closed = false;
  let waiting = 0;
  let worked = 0;
  let silentUntil = 0;
  let turn: Promise<void> = Promise.resolve();
  /** Events held back from a client that waits for one, and what is called at the first. */
  let held: Buffer[] | null = null;
  let wake = () => {};

  const conversation: Conversation = {
    services,
    address: wire.address,
    mask: ALL_CLASSES,
    filters: [],
    replayed: null,
    challenge: '',
    get loggedIn() {
      return name !== null;
    },
    user() {
      const user = name === null ? undefined : users.get(name);
      if (!user) throw new Error('nobody is logged in');
      return user;
    },
    answer(request, response, ...more) {
      const id = header(request, 'ActionID');
      send(formatPacket([['Response', response], ...(id === '' ? [] : [['ActionID', id] as const]), ...more]));
    },
    event: send,
    async drained() {
      while (!closed && wire.unread > UNREAD_MAX) await pause(LOOK_MS);
    },
    nextEvent(ms) {
      relay.flush(); // what was before isn't the next
      held = [];
      return new Promise((resolve) => {
        const late = setTimeout(() => wake(), Math.min(ms, TIMER_MAX));
        wake = () => {
          clearTimeout(late);
          resolve(() => {
            const events = held ?? [];
            held = null;
            if (!closed) for (const bytes of events) wire.send(bytes);
          });
        };
        if (closed) wake();
      });
    },
    get closed() {
      return closed;
    },
    logIn(user) {
      if (closed) return; // dropped while it was answered: what joined now would never leave
      name = user.name;
      relay.join(listener);
      services.onListening();
    },
    end() {
      close();
      wire.end();
    },
  };

  const listener: Listener = {
    get classes() {
      const user = name === null ? undefined : users.get(name);
      return user ? user.readClasses & conversation.mask : NO_CLASSES;
    },
    get extras() {
      return (name === null ? undefined : users.get(name))?.extras ?? false;
    },
    get passes() {
      const { filters, replayed } = conversation;
      if (filters.length === 0 && !replayed) return null;
      return (event: AmiEvent) => {
        if (filters.length > 0 && !passesFilters(filters, textOf(event))) return false;
        if (!replayed || event.sequence === null) return true;
        const bytes = formOf(event, listener.extras);
        if (bytes) replayed.events.push({ sequence: event.sequence, bytes });
        return false;
      };
    },
    send(bytes) {
      if (!held) return wire.send(bytes);
      held.push(bytes);
      wake();
    },
  };

  /** An answer never overtakes an event that was there before it. */
  function send(bytes: Buffer | string): void {
    if (closed) return;
    relay.flush();
    if (!closed) wire.send(bytes);
  }

  function close(): void {
    closed = true;
    wake();
    relay.leave(listener);
    if (name !== null) services.onListening();
  }

  async function perform(request: Packet): Promise<void> {
    const action = header(request, 'Action');
    if (action === '') return refuse(request, 'Missing action in request');
    const own = ownActions.get(action.toLowerCase());
    if (name === null) {
      if (own?.withoutLogIn) return own.perform(request, conversation);
      return refuse(request, 'Permission denied');
    }
    const user = conversation.user();
    if (own) {
      if (!mayCall(user, own)) return denied(request, action);
      return own.perform(request, conversation);
    }
    if (mayForward(user, action, request)) {
      const line = auditOf(user, wire.address, request);
      if (line) services.notes.done(line);
      return forward(request);
    }
    if (isAction(action)) return denied(request, action);
    refuse(request, `Invalid/unknown command: ${action}. Use Action: ListCommands to show available commands.`);
  }

  function refuse(request: Packet, message: string): void {
    conversation.answer(request, 'Error', ['Message', message]);
  }

  /** To something that is no packet. */
  function answerTo(actionId: string, message: string): void {
    const id = actionId === '' ? [] : [['ActionID', actionId] as const];
    send(formatPacket([['Response', 'Error'], ...id, ['Message', message]]));
  }

  function denied(request: Packet, action: string): void {
    if (performance.now() > silentUntil) {
      silentUntil = performance.now() + DENIED_LOG_MS;
      log.warn('an AMI action was refused', { user: name, address: wire.address, action: action.slice(0, 40) });
    }
    const who = `ami:${name}`;
    services.notes.refused({
      who,
      address: wire.address,
      action: 'ami.denied',
      detail: { action: action.slice(0, 40) },
    });
    refuse(request, 'Permission denied');
  }

  function forward(request: Packet): Promise<void> {
    const id = header(request, 'ActionID');
    const headers = request.headers.filter(([each]) => each.toLowerCase() !== 'actionid');
    return new Promise((resolve) => {
      services.upstream.forward(headers, id === '' ? null : id, {
        heard: send,
        done: resolve,
        failed(error) {
          refuse(request, error.message);
          resolve();
        },
      });
    });
  }

  function queue(work: () => Promise<void> | void): void {
    if (closed) return;
    waiting++;
    turn = turn.then(async () => {
      try {
        if (++worked % TURN_ACTIONS === 0) await nextTurn();
        if (!closed) await work();
      } catch (error) {
        log.error('an AMI action failed', { user: name, error });
        conversation.end();
      } finally {
        waiting--;
      }
    });
  }

  return {
    packet: (request) => queue(() => perform(request)),
    empty: () => queue(() => answerTo('', 'Missing action in request')),
    fault: (fault, actionId) => queue(() => answerTo(actionId, FAULTS[fault])),
    inputEnded: () => queue(conversation.end),
    get full() {
      return waiting >= limits.waiting;
    },
    get user() {
      return name;
    },
    userChanged() {
      if (name === null) return;
      if (users.get(name)?.permits(wire.address)) services.onListening();
      else conversation.end();
    },
    close,
  };
}

/** As Asterisk answers them (main/manager.c, `do_message`). */
const FAULTS: Readonly<Record<PacketFault, string>> = {
  'line too long': 'Failed to parse message: line too long',
  'too many lines': 'Too many lines in message or allocation failure',
  'packet too long': 'Too many lines in message or allocation failure',
};
