/** Who is logged in: tokens in memory, bounded in number and life. A restart logs everybody out, and that's fine. */
import { hash, randomBytes } from 'node:crypto';
import type { Role, Scope } from '../../storage/model/rights.ts';

export interface Caller {
  readonly user: string;
  readonly role: Role;
}

/** How somebody may show who it is: a session's token or an API key. */
export interface Known extends Caller {
  /** Numbers that an API key is limited to; null: all that the role may. */
  readonly numbers: ReadonlySet<number> | null;
  /** What it may besides; a person by the role (`scopesOfPerson`). */
  readonly scopes: ReadonlySet<Scope>;
}

export interface SessionLimits {
  readonly sessions: number;
  /** Of one user. */
  readonly userSessions: number;
  readonly idleSeconds: number;
  readonly lifeSeconds: number;
}

/** Where somebody logged in from. */
export interface Origin {
  readonly address: string;
  /** What the client says of itself; a stranger's text. */
  readonly agent: string;
}

/** A session as it is listed. */
export interface SessionShown extends Caller, Origin {
  /** By which it is ended; drawn apart from the token, so that it opens nothing. */
  readonly id: string;
  /** Epoch milliseconds, on today's clock even where it was set meanwhile. */
  readonly begun: number;
  readonly used: number;
  /** When it ends, unless it is used again, and when at the latest. */
  readonly idleEnds: number;
  readonly ends: number;
  /** Whether it is the one that asks. */
  readonly isThis: boolean;
}

/** Times are monotonic milliseconds. */
interface Session extends Caller, Origin {
  readonly id: string;
  readonly begun: number;
  readonly ends: number;
  used: number;
}

export interface Sessions {
  /** @returns the token, which exists nowhere else, and when it ends at the latest (epoch milliseconds). */
  begin(caller: Caller, from?: Origin): { readonly token: string; readonly ends: number };
  /** Who holds this token, or null. Counts as use. */
  find(token: string): Caller | null;
  /** The same for what looks by itself, such as a connection that stays open: it keeps no session from idling out. */
  look(token: string): Caller | null;
  /** Newest use first. @param user Only this one's; null: everybody's. @param token Of the one that asks, or null. */
  list(user: string | null, token: string | null): readonly SessionShown[];
  /** Ends the session of this token. */
  end(token: string): void;
  /** Ends the one of this id. @param user Only if it is this one's; null: whose it may be. @returns whose it was, or null. */
  endById(id: string, user: string | null): string | null;
  /** Ends every session of a user: the password or role has changed. @param except Token of one that goes on. @returns how many. */
  endUser(user: string, except?: string | null): number;
  /** Called whenever sessions were ended, not when one is over by itself: connections opened with them end too. */
  onEnd(listener: () => void): void;
  readonly count: number;
}

/** Characters of what a client says of itself that are kept. */
const AGENT_MAX = 120;
const NOWHERE: Origin = { address: '', agent: '' };

/** @param clock Monotonic milliseconds: a jump of the box's clock ends no session. @param wall Epoch milliseconds. */
export function createSessions(
  limits: SessionLimits,
  clock: () => number = () => performance.now(),
  wall: () => number = Date.now,
): Sessions {
  // By hash of the token: looking one up takes no time that depends on the token itself. The map's order is that of the
  // last use.
  const sessions = new Map<string, Session>();
  const listeners: (() => void)[] = [];

  function ended(keys: readonly string[]): number {
    for (const key of keys) sessions.delete(key);
    if (keys.length > 0) for (const listener of listeners) listener();
    return keys.length;
  }

  /** Those that are over go; then, of a user who has too many, or else of all, the one unused for longest. */
  function makeRoom(user: string, now: number): void {
    for (const [key, session] of sessions) if (over(session, now)) sessions.delete(key);
    const mine = [...sessions].filter(([, session]) => session.user === user);
    const [[oldest] = []] = mine.length >= limits.userSessions ? mine : sessions;
    if ((mine.length >= limits.userSessions || sessions.size >= limits.sessions) && oldest !== undefined)
      ended([oldest]);
  }

  function sessionOf(key: string, now: number): Session | null {
    const session = sessions.get(key);
    if (!session) return null;
    if (!over(session, now)) return session;
    sessions.delete(key);
    return null;
  }

  return {
    begin({ user, role }, { address, agent } = NOWHERE) {
      const now = clock();
      makeRoom(user, now);
      const token = randomBytes(32).toString('base64url');
      const id = randomBytes(8).toString('hex');
      const ends = now + limits.lifeSeconds * 1000;
      sessions.set(keyOf(token), { id, user, role, address, agent: cleaned(agent), begun: now, ends, used: now });
      return { token, ends: wall() + limits.lifeSeconds * 1000 };
    },
    find(token) {
      const key = keyOf(token);
      const now = clock();
      const session = sessionOf(key, now);
      if (!session) return null;
      session.used = now;
      sessions.delete(key); // to the end of the order
      sessions.set(key, session);
      return { user: session.user, role: session.role };
    },
    look(token) {
      const session = sessionOf(keyOf(token), clock());
      return session && { user: session.user, role: session.role };
    },
    list(user, token) {
      const now = clock();
      const asks = token === null ? null : keyOf(token);
      const at = (mono: number) => wall() + mono - now;
      return [...sessions]
        .filter(([, session]) => !over(session, now) && (user === null || session.user === user))
        .map(([key, { id, user, role, address, agent, begun, used, ends }]) => ({
          ...{ id, user, role, address, agent },
          begun: at(begun),
          used: at(used),
          idleEnds: at(Math.min(ends, used + limits.idleSeconds * 1000)),
          ends: at(ends),
          isThis: key === asks,
        }))
        .reverse();
    },
    end(token) {
      const key = keyOf(token);
      if (sessions.has(key)) ended([key]);
    },
    endById(id, user) {
      const now = clock();
      for (const [key, session] of sessions) {
        if (session.id !== id || over(session, now) || (user !== null && session.user !== user)) continue;
        ended([key]);
        return session.user;
      }
      return null;
    },
    endUser(user, except = null) {
      const kept = except === null ? null : keyOf(except);
      return ended([...sessions].filter(([key, session]) => session.user === user && key !== kept).map(([key]) => key));
    },
    onEnd(listener) {
      listeners.push(listener);
    },
    get count() {
      return sessions.size;
    },
  };

  function over(session: Session, now: number): boolean {
    return now >= session.ends || now - session.used >= limits.idleSeconds * 1000;
  }
}

/** As it may stand in a list: no control, no mark that turns text round, and not endless. */
function cleaned(agent: string): string {
  return agent.slice(0, AGENT_MAX).replaceAll(/[^\x20-\x7e]/g, '?');
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
