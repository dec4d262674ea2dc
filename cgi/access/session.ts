/** Who is logged in: tokens in memory, bounded in number and life. A restart logs everybody out, and that's fine. */
import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../../storage/model/rights.ts';

export interface Caller {
  readonly user: string;
  readonly role: Role;
}

/** How somebody may show who it is: a session's token or an API key. */
export interface Known extends Caller {
  /** Numbers that an API key is limited to; null: all that the role may. */
  readonly numbers: ReadonlySet<number> | null;
}

export interface SessionLimits {
  readonly sessions: number;
  readonly idleSeconds: number;
  readonly lifeSeconds: number;
}

interface Session extends Caller {
  readonly ends: number;
  used: number;
}

export interface Sessions {
  /** @returns the token, which exists nowhere else, and when it ends at the latest (epoch milliseconds). */
  begin(caller: Caller): { readonly token: string; readonly ends: number };
  /** Who holds this token, or null. Counts as use. */
  find(token: string): Caller | null;
  /** Ends the session of this token. */
  end(token: string): void;
  /** Ends every session of a user: the password or role has changed. @param except Token of one that goes on. */
  endUser(user: string, except?: string | null): void;
  readonly count: number;
}

/** @param clock Monotonic milliseconds: a jump of the box's clock ends no session. */
export function createSessions(limits: SessionLimits, clock: () => number = () => performance.now()): Sessions {
  // By hash of the token: looking one up takes no time that depends on the token itself.
  const sessions = new Map<string, Session>();

  return {
    begin(caller) {
      const now = clock();
      for (const [key, session] of sessions) if (over(session, now)) sessions.delete(key);
      // The map's order is that of the last use.
      const [oldest] = sessions.keys();
      if (sessions.size >= limits.sessions && oldest !== undefined) sessions.delete(oldest);
      const token = randomBytes(32).toString('base64url');
      sessions.set(keyOf(token), { ...caller, ends: now + limits.lifeSeconds * 1000, used: now });
      return { token, ends: Date.now() + limits.lifeSeconds * 1000 };
    },
    find(token) {
      const key = keyOf(token);
      const session = sessions.get(key);
      if (!session) return null;
      sessions.delete(key);
      const now = clock();
      if (over(session, now)) return null;
      session.used = now;
      sessions.set(key, session);
      return { user: session.user, role: session.role };
    },
    end(token) {
      sessions.delete(keyOf(token));
    },
    endUser(user, except = null) {
      const kept = except === null ? null : keyOf(except);
      for (const [key, session] of sessions) if (session.user === user && key !== kept) sessions.delete(key);
    },
    get count() {
      return sessions.size;
    },
  };

  function over(session: Session, now: number): boolean {
    return now >= session.ends || now - session.used >= limits.idleSeconds * 1000;
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
