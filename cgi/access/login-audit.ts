/** Log-ins in the audit log, so few that neither a guesser nor a program that logs in for every request fills the flash. */
import type { AuditNotes } from '../audit/notes.ts';

export interface LoginAudit {
  /** @param what `login` for one that succeeded; `code.failed`: the password was right, and the code behind it wasn't. */
  note(what: 'login' | 'login.failed' | 'password.failed' | 'code.failed', user: string, address: string): void;
}

/** @param notes The same for all that happens often: so bounded, and their counts are written at a stop. */
export function createLoginAudit(notes: Pick<AuditNotes, 'done' | 'refused'>): LoginAudit {
  return {
    note(what, user, address) {
      const line = { address, action: what, detail: { user } };
      if (what === 'login') notes.done({ ...line, who: user });
      // Whoever failed is nobody: the name typed is a claim.
      else notes.refused({ ...line, who: what === 'login.failed' ? '' : user });
    },
  };
}
