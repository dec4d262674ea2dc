/** Accounts of the web pages and the numbered CGI. Only a slow salted hash of the password digest rests here. */
import type { Role } from '../model/rights.ts';
import type { Database, Row } from './database.ts';

export interface User {
  readonly name: string;
  readonly role: Role;
  /** `scrypt$N$r$p$SALT$KEY`, of the MD5 digest that the guide's clients send. */
  readonly hash: string;
}

export function userByName(database: Database, name: string): User | null {
  const row = database.first('SELECT name, role, hash FROM user WHERE name = ?', [name]);
  return row ? toUser(row) : null;
}

export function users(database: Database): User[] {
  return database.all('SELECT name, role, hash FROM user ORDER BY name').map(toUser);
}

/** @returns whether there was one. */
export function removeUser(database: Database, name: string): boolean {
  return database.run('DELETE FROM user WHERE name = ?', [name]).changes > 0;
}

/** Makes the account or changes its role and password. @param now Epoch seconds. */
export function putUser(database: Database, user: User, now: number): void {
  database.run(
    `INSERT INTO user (name, role, hash, created_at, changed_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, hash = excluded.hash, changed_at = excluded.changed_at`,
    [user.name, user.role, user.hash, now, now],
  );
}

function toUser(row: Row): User {
  return { name: String(row['name']), role: String(row['role']) as Role, hash: String(row['hash']) };
}
