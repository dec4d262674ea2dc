/**
 * From root to a user of its own, for init systems that can't do it: the ports that only root may bind are bound, the
 * folders are the user's, and then there is no way back. Whatever parses what strangers send, opens the store or starts a
 * thread comes after it.
 */
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, ConfigError } from './config.ts';

/** A user of the system. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A fault of a key's value that only the running system knows: exit 78, like all others. */
function fault(config: Config, key: string, message: string): ConfigError {
  return new ConfigError([{ place: { line: null }, key, message }], config.fixed(key) ?? 'built-in');
}

/**
 * The user that the process is to become; null: it is to stay what it is.
 * @throws {ConfigError} for a user or group that isn't there or is root's, and for one that this process can't become.
 */
export function accountOf(config: Config): Account | null {
  const { user, group } = config.run;
  if (user === '') {
    if (group !== '') throw fault(config, 'run.group', 'needs run.user');
    return null;
  }
  if (process.getuid?.() !== 0) {
    // The init system has seen to it, or it is somebody who can't.
    if (ownName() === user) return null;
    throw fault(config, 'run.user', `only root can become ${user}, this process is ${ownName()}`);
  }
  const account = { name: user, ...idsOf(config, user, group) };
  if (account.uid === 0) throw fault(config, 'run.user', 'is root; leave the key out to stay root');
  if (account.gid === 0) throw fault(config, 'run.group', `is root's for ${user}: name another group`);
  return account;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`; // it has a number and no name
  }
}

/** Node looks names up only on the way to becoming them: so root becomes them for a moment. */
function idsOf(config: Config, user: string, group: string): { uid: number; gid: number } {
  const known = (key: string, what: string, become: () => void) => {
    try {
      become();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_CREDENTIAL') throw error;
      throw fault(config, key, `there is no ${what} on this system`);
    }
  };
  known('run.user', `user ${user}`, () => process.seteuid?.(user));
  const { uid, gid } = userInfo();
  process.seteuid?.(0);
  if (group === '') return { uid, gid };
  known('run.group', `group ${group}`, () => process.setegid?.(group));
  const own = process.getegid?.() ?? gid;
  process.setegid?.(0);
  return { uid, gid: own };
}

/** What may lie in a folder that root's own runs have left; anything else is no folder of ours. */
const OURS = {
  'state.dir': /^(secret|backup|mail|cdrd\.db.*|lost\+found)$/,
  'run.dir': /^reading$/,
} as const;

/** @returns the name of a folder in it that is none of cdrd's; undefined: it may be given away. */
export function strangeFolder(key: keyof typeof OURS, path: string): string | undefined {
  return readdirSync(path, { withFileTypes: true }).find((entry) => entry.isDirectory() && !OURS[key].test(entry.name))
    ?.name;
}

/**
 * Makes state.dir and run.dir the account's, with what an earlier run as root left in them.
 * @throws {ConfigError} where one is somebody else's, or doesn't look like one of cdrd's: nobody's /etc is given away.
 */
export function giveFolders(config: Config, account: Account): void {
  for (const key of ['state.dir', 'run.dir'] as const) {
    const path = key === 'state.dir' ? config.state.dir : config.run.dir;
    const faultHere = (message: string) => fault(config, key, `${path} ${message}`);
    makeFolder(path);
    const real = realpathSync(path); // root's own links are followed, and none in it
    const { uid, mode } = lstatSync(real);
    if (uid === account.uid) continue;
    if (uid !== 0) throw faultHere(`belongs to user ${uid}, not to ${account.name}`);
    // Where others may write, what root gives away may be a link that somebody has just laid there.
    if ((mode & 0o022) !== 0)
      throw faultHere(`is root's and others may write in it: give it to ${account.name} by hand`);
    const strange = strangeFolder(key, real);
    if (strange) throw faultHere(`is root's and holds ${strange}: is it a folder of its own?`);
    give(real, account);
  }
}

/** What a command does before it acts as the owner of state.dir: where root has made none yet, it is the account's. */
export function giveFoldersFirst(config: Config): void {
  if (process.getuid?.() !== 0) return;
  const account = accountOf(config);
  if (account) giveFolders(config, account);
}

/** The folder itself 0750; those above it as any program makes them. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (!existsSync(above)) {
    makeFolder(above);
    chmodSync(above, 0o755);
  }
  mkdirSync(path, { mode: 0o750 });
}

/** From the inside out: as long as a folder is root's, nobody exchanges what lies in it. */
function give(path: string, account: Account): void {
  const found = lstatSync(path);
  if (found.uid !== 0) return;
  if (found.isDirectory()) {
    if ((found.mode & 0o022) !== 0) return; // none of ours
    for (const name of readdirSync(path)) if (name !== 'lost+found') give(join(path, name), account);
  }
  lchownSync(path, account.uid, account.gid);
}

/** Node has it, its types don't. */
const { initgroups } = process as unknown as { initgroups(user: string, group: number): void };

/**
 * Gives root's process the groups of a user by the system's own list (asterisk, say); a user without a name there has its
 * one group alone.
 */
export function takeGroups(uid: number, gid: number): void {
  process.seteuid?.(uid);
  let name: string | null = null;
  try {
    name = userInfo().username;
  } catch {
    // It has a number and no name.
  } finally {
    process.seteuid?.(0);
  }
  if (name === null) process.setgroups?.([gid]);
  else initgroups(name, gid);
}

/** Becomes the account, with its groups of the system's own list (asterisk, say). @throws when root could be had again. */
export function leaveRoot({ name, uid, gid }: Account): void {
  initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid); // last: after it the others would be refused
  proveLeft(uid, gid);
}

/** Every thread has the four ids of the account and no capability, and root is refused. */
function proveLeft(uid: number, gid: number): void {
  const left = (what: string, stayed: boolean) => {
    if (stayed) throw new Error(`root's rights could not be given up: ${what}`);
  };
  for (const thread of readdirSync('/proc/self/task')) {
    const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
    const values = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
    for (const [name, id] of [
      ['Uid', uid],
      ['Gid', gid],
    ] as const)
      left(
        `${name} of thread ${thread}`,
        values(name).length !== 4 || values(name).some((each) => Number(each) !== id),
      );
    for (const name of ['CapPrm', 'CapEff'])
      left(
        `${name} of thread ${thread}`,
        values(name).some((each) => !/^0+$/.test(each)),
      );
  }
  for (const become of [process.setuid, process.seteuid, process.setgid, process.setegid]) {
    try {
      become?.(0);
    } catch {
      continue;
    }
    left('the system gives them back', true);
  }
}
