/**
 * API keys: the better way for programs. A key is shown once, when it is made; limited to a role and, if wanted, to some
 * numbers; revoked at once. They are few and asked for with every request, so they are held in memory.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoreClient } from '../../storage/client.ts';
import type { Role, Scope } from '../../storage/model/rights.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { ApiKey } from '../../storage/store.ts';
import { CgiError } from '../reply.ts';
import type { Known } from './session.ts';

/** Keys at a time: one a program. */
const KEYS_MAX = 100;
/** Seconds between two notes of a key's use: one small write a day for each keeps the flash whole. */
const USED_SECONDS = 86_400;

export interface ApiKeys {
  /** Who this key is, or null. */
  find(text: string): Known | null;
  /** Whether a key of this name is good now, and none of that name is on its way out. @param user `key:NAME` */
  vouchesFor(user: string): boolean;
  list(): readonly ApiKey[];
  /** @returns the whole key, which exists nowhere else. @throws {CgiError} `conflict` when there are too many. */
  make(
    wanted: {
      readonly name: string;
      readonly role: Role;
      readonly numbers: readonly number[] | null;
      /** Absent: none. */
      readonly scopes?: readonly Scope[];
      /** From now on; absent: without an end. */
      readonly days?: number | undefined;
    },
    by: By,
  ): Promise<{ readonly id: string; readonly key: string }>;
  /** @returns whether there was one. */
  revoke(id: string, by: By): Promise<boolean>;
}

/** @param now Epoch seconds. @param saneClock Epoch seconds; a clock that shows less has not been set. @throws {StoreError} */
export async function openApiKeys(
  store: StoreClient,
  now: () => number = () => Math.floor(Date.now() / 1000),
  saneClock = 0,
): Promise<ApiKeys> {
  const keys = new Map((await store.ask('apiKeys')).map((key) => [key.id, key]));
  /** Keys on their way to the disk: they count. */
  let making = 0;
  /** Revoked, and not so on the disk yet: they open nothing, and are listed, because the next start would take them again. */
  const revoked = new Set<string>();

  /**
   * Whether its time isn't over. A clock that shows less than when the key was made has not been set, as on a box that has
   * just got its power: then nobody knows whether it is over, so that it opens nothing.
   */
  const holds = ({ createdAt, endsAt }: ApiKey) => endsAt === null || (createdAt <= now() && now() < endsAt);

  function noteUse(key: ApiKey): void {
    const at = now();
    if (key.usedAt !== null && Math.abs(at - key.usedAt) < USED_SECONDS) return;
    keys.set(key.id, { ...key, usedAt: at });
    store.write({ kind: 'apiKeyUsed', id: key.id, at }).catch(() => {}); // by a full disk no program is kept out
  }

  return {
    find(text) {
      const id = keyId(text);
      const key = id === null ? undefined : keys.get(id);
      if (
        !key ||
        revoked.has(key.id) ||
        !timingSafeEqual(Buffer.from(hashOf(text), 'hex'), Buffer.from(key.hash, 'hex'))
      )
        return null;
      if (!holds(key)) return null;
      noteUse(key);
      const { name, role, numbers, scopes } = key;
      return { user: `key:${name}`, role, numbers: numbers && new Set(numbers), scopes: new Set(scopes) };
    },
    vouchesFor(user) {
      const named = [...keys.values()].filter(({ name }) => `key:${name}` === user);
      return named.some(holds) && !named.some(({ id }) => revoked.has(id));
    },
    list: () => [...keys.values()],
    async make({ name, role, numbers, scopes = [], days }, by) {
      if (keys.size + making >= KEYS_MAX)
        throw new CgiError('conflict', `there are ${KEYS_MAX} keys already: revoke one first`);
      if (days !== undefined && now() < saneClock)
        throw new CgiError('conflict', 'days: the clock of the box is not set, by which they are counted', 'days');
      const id = randomBytes(4).toString('hex');
      const text = `cdrd-${id}-${randomBytes(32).toString('base64url')}`;
      const key: ApiKey = {
        id,
        name,
        role,
        numbers,
        scopes,
        hash: hashOf(text),
        who: by.who,
        createdAt: now(),
        endsAt: days === undefined ? null : now() + days * 86_400,
        usedAt: null,
      };
      const besides = scopes.length > 0 ? { scopes: scopes.join(',') } : {};
      const detail = { id, name, role, numbers: numbers?.join(',') ?? 'all', ...besides, days: days ?? 'without end' };
      making++;
      try {
        await store.write({ kind: 'apiKey', key, audit: { ...by, action: 'key.made', detail } });
      } finally {
        making--;
      }
      keys.set(id, key); // only now: what a crash takes back was never good
      return { id, key: text };
    },
    async revoke(id, by) {
      if (keys.has(id)) revoked.add(id); // at once, whatever the disk does
      const audit = { ...by, action: 'key.revoked', detail: { id } };
      const { removed } = await store.write({ kind: 'apiKeyGone', id, audit });
      keys.delete(id);
      revoked.delete(id);
      return removed > 0;
    },
  };
}

/** What a key says of itself, in the open; null: it is no key. */
export function keyId(text: string): string | null {
  return /^cdrd-([a-z0-9]{8})-[A-Za-z0-9_-]{43}$/.exec(text)?.[1] ?? null;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
