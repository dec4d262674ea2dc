/** Accounts of the web pages and the numbered CGI. Only a slow salted hash of the password digest rests here. */
import type { Role } from '../model/rights.ts';
import type { Database, Row } from './database.ts';
import { removeSharesOf } from './share.ts';
import { removeViewsOf } from './view.ts';

export interface NewUser {
  readonly name: string;
  readonly role: Role;
  /** `scrypt$N$r$p$SALT$KEY`, of the MD5 digest that the guide's clients send. */
  readonly hash: string;
  /** The password was chosen by somebody else, or by nobody: its owner is asked for another. */
  readonly isInitial: boolean;
}

export interface User extends NewUser {
  /** When somebody last logged in by it, to some minutes, epoch seconds; null: nobody has. */
  readonly usedAt: number | null;
}

export function userByName(database: Database, name: string): User | null {
  const row = database.first('SELECT name, role, hash, initial, used_at FROM user WHERE name = ?', [name]);
  return row ? toUser(row) : null;
}

export function users(database: Database): User[] {
  return database.all('SELECT name, role, hash, initial, used_at FROM user ORDER BY name').map(toUser);
}

/** Its own saved views and the links that it made go with it. @returns whether there was one. */
export function removeUser(database: Database, name: string): boolean {
  removeViewsOf(database, name);
  removeSharesOf(database, name);
  return database.run('DELETE FROM user WHERE name = ?', [name]).changes > 0;
}

/** Makes the account or changes its role and password. @param now Epoch seconds. */
export function putUser(database: Database, { name, role, hash, isInitial }: NewUser, now: number): void {
  database.run(
    `INSERT INTO user (name, role, hash, initial, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET
       role = excluded.role, hash = excluded.hash, initial = excluded.initial, changed_at = excluded.changed_at`,
    [name, role, hash, isInitial ? 1 : 0, now, now],
  );
}

/** @param at Epoch seconds. */
export function noteUserUse(database: Database, name: string, at: number): void {
  database.run('UPDATE user SET used_at = ? WHERE name = ?', [at, name]);
}

function toUser(row: Row): User {
  return {
    name: String(row['name']),
    role: String(row['role']) as Role,
    hash: String(row['hash']),
    isInitial: row['initial'] === 1,
    usedAt: row['used_at'] === null ? null : Number(row['used_at']),
  };
}
