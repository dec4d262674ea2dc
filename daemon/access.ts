/** Who comes in and how: sessions, accounts, API keys, and what is remembered of wrong passwords. */
import { type Accounts, createAccounts } from '../cgi/access/accounts.ts';
import { createDevices } from '../cgi/access/device.ts';
import { type ApiKeys, openApiKeys } from '../cgi/access/keys.ts';
import { createSessions, type Sessions } from '../cgi/access/session.ts';
import type { Throttle } from '../cgi/access/throttle.ts';
import type { AuditNotes } from '../cgi/audit/notes.ts';
import type { DialectSecrets } from '../cgi/dialect/secret-port.ts';
import type { Trials } from '../cgi/trial/port.ts';
import type { StoreClient } from '../storage/client.ts';
import { deviceKey } from './device-key.ts';
import { openDialectSecrets } from './dialect-secrets.ts';
import { sessionLimits } from './limits.ts';
import type { Log } from './log.ts';
import { openSecondFactors } from './second-factor-file.ts';
import { firstAccounts, forgetInitialPassword } from './state.ts';
import { openThrottle } from './throttle-file.ts';

export interface AccessOptions {
  readonly stateDir: string;
  readonly store: StoreClient;
  readonly notes: AuditNotes;
  readonly trials: Trials;
  readonly log: Log;
}

export interface Access {
  readonly sessions: Sessions;
  readonly accounts: Accounts;
  readonly keys: ApiKeys;
  /** Of log-ins by AMI; those of pages have one of their own. */
  readonly amiThrottle: Throttle;
  readonly dialectSecrets: DialectSecrets;
  /** Writes down what is remembered of wrong passwords. */
  close(): Promise<unknown>;
}

/** Makes the first accounts where there are none. @throws {StoreError}, and for secrets that can't be read. */
export async function openAccess({ stateDir: dir, store, notes, trials, log }: AccessOptions): Promise<Access> {
  const sessions = createSessions(sessionLimits);
  const throttle = await openThrottle({ dir, log });
  const amiThrottle = await openThrottle({ dir, name: 'throttle-ami', log });
  const accounts = createAccounts(store, sessions, sessionLimits, {
    notes,
    throttle,
    trials,
    devices: createDevices(await deviceKey(dir, log)),
    factors: await openSecondFactors(dir, log),
    passwordChanged: (user) =>
      forgetInitialPassword(dir, user).catch((error: unknown) =>
        log.warn('an initial password could not be forgotten', { user, error }),
      ),
  });
  await firstAccounts(dir, store, accounts, log);
  const keys = await openApiKeys(store, undefined, sessionLimits.saneClock);
  const dialectSecrets = await openDialectSecrets({ stateDir: dir, store, notes, throttle, log });
  return {
    sessions,
    accounts,
    keys,
    amiThrottle,
    dialectSecrets,
    close: () => Promise.all([throttle.close(), amiThrottle.close()]),
  };
}
