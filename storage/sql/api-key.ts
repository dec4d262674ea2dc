/** API keys: long random secrets for programs, of which only a hash rests here. */
import type { Role } from '../model/rights.ts';
import type { Database, Row } from './database.ts';

export interface ApiKey {
  /** Public part of the key, by which it is listed and revoked. */
  readonly id: string;
  /** What it is for, in its maker's words. */
  readonly name: string;
  readonly role: Role;
  /** Numbers that it may call; null: all that its role may. */
  readonly numbers: readonly number[] | null;
  /** SHA-256 of the whole key, hex: 256 random bits need no slow hash. */
  readonly hash: string;
  /** Who made it. */
  readonly who: string;
  /** Epoch seconds. */
  readonly createdAt: number;
}

export function apiKeys(database: Database): ApiKey[] {
  return database.all('SELECT * FROM api_key ORDER BY created_at, id').map(toKey);
}

export function putApiKey(database: Database, key: ApiKey): void {
  database.run('INSERT INTO api_key (id, name, role, numbers, hash, who, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)', [
    key.id,
    key.name,
    key.role,
    key.numbers === null ? null : JSON.stringify(key.numbers),
    key.hash,
    key.who,
    key.createdAt,
  ]);
}

export function removeApiKey(database: Database, id: string): boolean {
  return database.run('DELETE FROM api_key WHERE id = ?', [id]).changes > 0;
}

function toKey(row: Row): ApiKey {
  return {
    id: String(row['id']),
    name: String(row['name']),
    role: String(row['role']) as Role,
    numbers: row['numbers'] === null ? null : (JSON.parse(String(row['numbers'])) as number[]),
    hash: String(row['hash']),
    who: String(row['who']),
    createdAt: Number(row['created_at']),
  };
}
