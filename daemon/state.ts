/** The state folder: who holds it, where what lies in it, and the first accounts that a new one gets. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Accounts, FIRST_ACCOUNTS } from '../cgi/access/accounts.ts';
import { passwordDigest, userName } from '../cgi/fields.ts';
import { atomicWrite } from '../storage/atomic-write.ts';
import type { StoreClient } from '../storage/client.ts';
import { durableFolder } from '../storage/durable-folder.ts';
import { processZone } from '../storage/model/local-time.ts';
import { numberPlan } from '../storage/model/number-plan.ts';
import { isRole, ROLES } from '../storage/model/rights.ts';
import { trunkRules } from '../storage/model/trunk.ts';
import type { StoreOptions } from '../storage/store.ts';
import type { LiveRules } from './asterisk/live-calls.ts';
import { BOX } from './box.ts';
import type { Config } from './config.ts';
import { acquireLock, type Lock, removeStaleDatabaseLock } from './lock.ts';
import type { Log } from './log.ts';
import { takeGroups } from './privileges.ts';

/** Makes the folder if need be, takes it for this process and clears a killed predecessor's lock away. */
export async function takeState(dir: string): Promise<Lock> {
  await durableFolder(dir, 0o750);
  const lock = await acquireLock(dir);
  await removeStaleDatabaseLock(databaseFile(dir));
  return lock;
}

/**
 * Makes a command that root runs act as the owner of the state folder: files of root's in it would lock the daemon's own
 * user out for good. Where the folder isn't there yet, or nobody is root, nothing is done.
 */
export async function becomeOwner(dir: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(dir).catch(() => null);
  if (!owner || owner.uid === 0) return;
  takeGroups(owner.uid, owner.gid); // the CDR CSV and the medium are open to Asterisk's
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid); // last: after it the others would be refused
}

/** The same for a while, where what comes after needs root's rights again. @returns what brings them back. */
export async function actAsOwner(dir: string): Promise<() => void> {
  if (process.getuid?.() !== 0) return () => {};
  const owner = await stat(dir).catch(() => null);
  if (!owner || owner.uid === 0) return () => {};
  const group = process.getegid?.() ?? 0;
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
  return () => {
    process.seteuid?.(0);
    process.setegid?.(group);
  };
}

export function databaseFile(dir: string): string {
  return join(dir, 'cdrd.db');
}

/** What the store needs of the configuration. */
export function storeOptions(config: Config): StoreOptions {
  const { names, fxo, gsm } = config.trunks;
  return {
    file: databaseFile(config.state.dir),
    reserve: config.state.reserveMb * 1_000_000,
    readingFolder: join(config.run.dir, 'reading'),
    rules: {
      numbering: config.numbering,
      trunks: { names, fxo: fxo.map(({ source }) => source), gsm: gsm.map(({ source }) => source) },
      recordingsDir: config.recordings.dir,
      zone: zoneName(config),
    },
  };
}

/** What tells trunks from phones among live channels: the same rules as the store's. */
export function liveRules({ numbering, trunks }: StoreOptions['rules']): LiveRules {
  const plan = numberPlan(numbering);
  return { plan, trunks: trunkRules({ ...trunks, plan }) };
}

/** Name of the box's zone for `zone()`; '' where the process runs in it anyway. */
export function zoneName({ time }: Config): string {
  return time.zone === '' || processZone(time.zone) === process.env['TZ'] ? '' : time.zone;
}

/** The digest that the guide's clients send (guide 4.1). */
export function digestOf(password: string): string {
  return createHash('md5').update(password).digest('hex');
}

/** Folder of what must be recoverable and therefore never lies in the store or a backup. */
export async function secretDir(dir: string): Promise<string> {
  const path = join(dir, 'secret');
  await durableFolder(path, 0o700);
  // Only where it must: a start on a read-only disk changes nothing.
  if (((await stat(path)).mode & 0o777) !== 0o700) await chmod(path, 0o700);
  return path;
}

/**
 * Gives a new box its two accounts with random passwords: there is no universal default. They are kept in
 * `secret/initial-passwords` until changed, and shown only where standard error is a terminal.
 */
export async function firstAccounts(dir: string, store: StoreClient, accounts: Accounts, log: Log): Promise<void> {
  if (await store.ask('setting', ACCOUNTS_MADE)) return;
  const existing = (await store.ask('users')).map(({ name }) => name);
  const missing = FIRST_ACCOUNTS.filter(({ user }) => !existing.includes(user));
  if (missing.length > 0) {
    const fresh = missing.map((account) => ({ ...account, password: randomBytes(9).toString('base64url') }));
    const path = join(await secretDir(dir), INITIAL_PASSWORDS);
    // The file comes first and keeps what it had: a kill at any point leaves no account whose password nobody knows.
    const text = [...(await initialPasswords(path)), ...fresh.map(({ user, password }) => `${user} ${password}`)];
    await atomicWrite(path, `${text.join('\n')}\n`, 0o600);
    for (const { user, role, password } of fresh)
      await accounts.put({ user, role, digest: digestOf(password), isInitial: true }, BOX);
    if (process.stderr.isTTY) process.stderr.write(`\nFirst passwords (kept in ${path}):\n${text.join('\n')}\n\n`);
    else log.info('the first accounts were made; how to log in stands in a file', { path });
  }
  const audit = { ...BOX, action: 'accounts.made', detail: { count: missing.length } };
  await store.write({ kind: 'setting', name: ACCOUNTS_MADE, value: true, audit });
}

/** A user's password was changed: the line that shows the first one has done its work. */
export async function forgetInitialPassword(dir: string, user: string): Promise<void> {
  const path = join(dir, 'secret', INITIAL_PASSWORDS);
  const lines = await initialPasswords(path);
  const left = lines.filter((line) => !line.startsWith(`${user} `));
  if (left.length === 0) await rm(path, { force: true });
  else if (left.length < lines.length) await atomicWrite(path, `${left.join('\n')}\n`, 0o600);
}

const INITIAL_PASSWORDS = 'initial-passwords';
const ACCOUNTS_MADE = 'accounts.made';

/** Lines `USER PASSWORD`; none where the file isn't there. */
async function initialPasswords(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').filter((line) => line !== '');
}

/**
 * The command `user set`, whoever carries it out: the running daemon, or the command itself while none runs.
 * @returns one sentence about what was done. @throws with a message that names what is wrong.
 */
export async function setUser(
  dir: string,
  accounts: Accounts,
  { user, role, digest }: { readonly user: string; readonly role: string; readonly digest: string },
  who: string,
): Promise<string> {
  if (!v.is(userName, user)) throw new Error('the user name must be 1 to 64 letters, digits, . _ -');
  if (!isRole(role)) throw new Error(`the role must be ${ROLES.join(' or ')}`);
  if (!v.is(passwordDigest, digest)) throw new Error('the password digest must be 32 hex digits');
  await accounts.put({ user, role, digest }, { who, address: '' });
  await forgetInitialPassword(dir, user);
  return `user ${user} is set, role ${role}`;
}
