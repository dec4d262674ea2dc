/**
 * What a client's session is made of, for those who work on its parts: where its bytes go, what it needs of the rest of the
 * daemon, and what an action of ours works with.
 */
import type { Throttle } from '../../cgi/access/throttle.ts';
import type { AuditNotes } from '../../cgi/audit/notes.ts';
import type { Asker } from '../asterisk/forwarding.ts';
import type { RecordingControl } from '../asterisk/recording-control.ts';
import type { AmiLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Header, Packet } from '../wire/packet.ts';
import type { Classes } from './classes.ts';
import type { EventFilter } from './filter.ts';
import type { AmiEvent, Relay } from './relay.ts';
import type { AmiUser, AmiUsers } from './users.ts';

/** Where a session's bytes go. */
export interface Wire {
  /** Remote address; '' for the local socket. */
  readonly address: string;
  send(bytes: Buffer | string): void;
  /** Bytes sent and not taken by the client yet. */
  readonly unread: number;
  /** Ends when what was sent is through. */
  end(): void;
}

/** The PBX behind us, as far as clients' actions need it. */
export interface Upstream {
  forward(headers: readonly Header[], actionId: string | null, asker: Asker): void;
  /** Seconds since Asterisk has started and since its last reload; null while it is away. */
  uptime(): { readonly uptime: number; readonly lastReload: number } | null;
  /** Asterisk's actions as its ListCommands tells them, name and description; none while it is away. */
  commands(): Promise<readonly Header[]>;
  /** Pauses (or resumes) the recording of a channel: the one function for it. @throws with a message for the client. */
  readonly pause: RecordingControl['pause'];
}

/** Events told again from the store. */
export interface Replay {
  /** The next events after a sequence, oldest first; none: that was the last. `last`: how far was looked. */
  after(sequence: number): Promise<{
    readonly events: readonly AmiEvent[];
    readonly last: number;
    /** The oldest that is kept; null: there are none. */
    readonly oldest: number | null;
    /** The newest; 0: there are none. */
    readonly newest: number;
  }>;
}

export interface SessionServices {
  readonly users: AmiUsers;
  readonly relay: Relay;
  readonly upstream: Upstream;
  readonly replay: Replay;
  readonly limits: AmiLimits;
  /** Of log-ins with a wrong secret. */
  readonly throttle: Pick<Throttle, 'begin'>;
  readonly log: Log;
  /** What clients do and are refused, for the audit log. */
  readonly notes: Pick<AuditNotes, 'done' | 'refused'>;
  /** Somebody has logged in, or listens to other classes now. */
  onListening(): void;
}

/** What an action of ours works with. */
export interface Conversation {
  readonly services: SessionServices;
  readonly address: string;
  /** The user logged in. @throws when there is none: rights come before. */
  user(): AmiUser;
  mask: Classes;
  readonly filters: EventFilter[];
  readonly loggedIn: boolean;
  /** null: no replay is under way. */
  replayed: Replayed | null;
  /** `Response: …`, the client's ActionID, and what follows. */
  answer(request: Packet, response: 'Success' | 'Error' | 'Goodbye', ...more: readonly Header[]): void;
  /** An event for this client alone. */
  event(bytes: Buffer | string): void;
  /** Settles when the client has taken most of what was sent to it, or is gone: who tells a lot waits for it. */
  drained(): Promise<void>;
  /**
   * Holds the relay's events for this client back. Settles at the first one, after so many milliseconds or when the client
   * is gone, with what lets them go.
   */
  nextEvent(ms: number): Promise<() => void>;
  /** Whether the client is gone. */
  readonly closed: boolean;
  logIn(user: AmiUser): void;
  /** The number given out by Challenge; '' none yet. */
  challenge: string;
  end(): void;
}

/** A replay under way holds live events of ours back. */
export interface Replayed {
  /** Those since the last page was asked for, in order. */
  events: { readonly sequence: number; readonly bytes: Buffer }[];
}

export function header(request: Packet, name: string): string {
  // Asterisk skips blanks behind the colon (astman_get_header).
  return request.get(name).trimStart();
}
