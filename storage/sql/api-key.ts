/** API keys: long random secrets for programs, of which only a hash rests here. */
import { isScope, type Role, type Scope } from '../model/rights.ts';
import type { Database, Row } from './database.ts';
import { removeSharesOf } from './share.ts';

export interface ApiKey {
  /** Public part of the key, by which it is listed and revoked. */
  readonly id: string;
  /** What it is for, in its maker's words. */
  readonly name: string;
  readonly role: Role;
  /** Numbers that it may call; null: all that its role may. */
  readonly numbers: readonly number[] | null;
  /** What it may besides. */
  readonly scopes: readonly Scope[];
  /** SHA-256 of the whole key, hex: 256 random bits need no slow hash. */
  readonly hash: string;
  /** Who made it. */
  readonly who: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** From then on it opens nothing, epoch seconds; null: it has no end. */
  readonly endsAt: number | null;
  /** When it was used, to a day, epoch seconds; null: never. */
  readonly usedAt: number | null;
}

export function apiKeys(database: Database): ApiKey[] {
  return database.all('SELECT * FROM api_key ORDER BY created_at, id').map(toKey);
}

export function putApiKey(database: Database, key: ApiKey): void {
  const { id, name, role, hash, who, createdAt, endsAt, usedAt } = key;
  const numbers = key.numbers === null ? null : JSON.stringify(key.numbers);
  database.run(
    `INSERT INTO api_key (id, name, role, numbers, scopes, hash, who, created_at, ends_at, used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [id, name, role, numbers, JSON.stringify(key.scopes), hash, who, createdAt, endsAt, usedAt],
  );
}

/** @param at Epoch seconds. */
export function noteApiKeyUse(database: Database, id: string, at: number): void {
  database.run('UPDATE api_key SET used_at = ? WHERE id = ?', [at, id]);
}

/** The links go with it that it made, or another of its name. @returns whether there was one. */
export function removeApiKey(database: Database, id: string): boolean {
  const name = database.first('SELECT name FROM api_key WHERE id = ?', [id])?.['name'];
  if (name !== undefined) removeSharesOf(database, `key:${name}`);
  return database.run('DELETE FROM api_key WHERE id = ?', [id]).changes > 0;
}

function toKey(row: Row): ApiKey {
  return {
    id: String(row['id']),
    name: String(row['name']),
    role: String(row['role']) as Role,
    numbers: row['numbers'] === null ? null : (JSON.parse(String(row['numbers'])) as number[]),
    scopes: (JSON.parse(String(row['scopes'])) as string[]).filter(isScope),
    hash: String(row['hash']),
    who: String(row['who']),
    createdAt: Number(row['created_at']),
    endsAt: row['ends_at'] === null ? null : Number(row['ends_at']),
    usedAt: row['used_at'] === null ? null : Number(row['used_at']),
  };
}
