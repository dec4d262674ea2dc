/**
 * Where the secrets of dialects lie: `state.dir/secret/dialects`, 0600, and never in the store, a backup or the log. Their
 * clients send hashes made with them, so that they must be had in the clear.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Throttle } from '../cgi/access/throttle.ts';
import type { AuditNotes } from '../cgi/audit/notes.ts';
import { type DialectSecrets, SECRET_DIALECTS, type SecretDialect } from '../cgi/dialect/secret-port.ts';
import { atomicWrite } from '../storage/atomic-write.ts';
import type { StoreClient } from '../storage/client.ts';
import type { Log } from './log.ts';
import { secretDir } from './state.ts';

const FILE = v.array(
  v.strictObject({ dialect: v.picklist(SECRET_DIALECTS), secret: v.pipe(v.string(), v.minLength(6)) }),
);

export interface DialectSecretsOptions {
  readonly stateDir: string;
  readonly store: Pick<StoreClient, 'write'>;
  readonly notes: Pick<AuditNotes, 'refused'>;
  /** That of passwords. */
  readonly throttle: Pick<Throttle, 'begin'>;
  readonly log: Pick<Log, 'error'>;
}

/** A damaged file lets nobody in by a hash until a secret is set anew. */
export async function openDialectSecrets(options: DialectSecretsOptions): Promise<DialectSecrets> {
  const { stateDir, store, notes, throttle, log } = options;
  const path = join(stateDir, 'secret', 'dialects');
  let secrets = await read(path, log);
  let last: Promise<unknown> = Promise.resolve();

  async function set(...[dialect, secret, by]: Parameters<DialectSecrets['set']>): Promise<void> {
    const next = new Map(secrets);
    if (secret === '') next.delete(dialect);
    else next.set(dialect, secret);
    await secretDir(stateDir);
    const kept = [...next].map(([name, text]) => ({ dialect: name, secret: text }));
    await atomicWrite(path, `${JSON.stringify(kept, null, 1)}\n`, 0o600);
    secrets = next;
    const action = secret === '' ? 'dialect.secret.removed' : 'dialect.secret.set';
    await store.write({ kind: 'audit', audit: { ...by, action, detail: { dialect } } });
  }

  return {
    has: (dialect) => secrets.has(dialect),
    set(...change) {
      const turn = last.then(() => set(...change));
      last = turn.catch(() => {});
      return turn;
    },
    check(dialect, address, isRight) {
      const secret = secrets.get(dialect);
      if (secret === undefined) return false;
      // No account is called so: a blank stands in it.
      const done = throttle.begin(address, `dialect ${dialect}`);
      let right: boolean | null = null;
      try {
        right = isRight(secret);
      } finally {
        done(right);
      }
      if (!right) notes.refused({ who: '', address, action: 'dialect.refused', detail: { dialect } });
      return right;
    },
  };
}

/** Why it can't be read is not told: that would quote the secrets. */
async function read(path: string, log: Pick<Log, 'error'>): Promise<ReadonlyMap<SecretDialect, string>> {
  try {
    const kept = v.parse(FILE, JSON.parse(await readFile(path, 'utf8')));
    return new Map(kept.map(({ dialect, secret }) => [dialect, secret]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error(`${path} can not be read or is damaged: programs that share a secret with the box are not let in`, {
        after: 'set the secrets anew',
      });
    return new Map();
  }
}
