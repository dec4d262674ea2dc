/** Users and groups of the system, as /etc/passwd and /etc/group have them: all a small box asks. */
import { readFileSync } from 'node:fs';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

function linesOf(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

/** null: there is no such user. */
export function identityOf(name: string): Identity | null {
  const [, , uid, gid] = linesOf('/etc/passwd').find(([user]) => user === name) ?? [];
  if (uid === undefined || gid === undefined) return null;
  const groups = linesOf('/etc/group').flatMap(([, , id = '', members = '']) =>
    members.split(',').includes(name) ? Number(id) : [],
  );
  return { uid: Number(uid), gid: Number(gid), groups: [...new Set([Number(gid), ...groups])] };
}

/** Its name, or its number. */
export function userName(uid: number): string {
  return linesOf('/etc/passwd').find(([, , id]) => id === String(uid))?.[0] ?? String(uid);
}

export function groupName(gid: number): string {
  return linesOf('/etc/group').find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
}

/** null: there is no such group. */
export function groupId(name: string): number | null {
  const id = linesOf('/etc/group').find(([group]) => group === name)?.[2];
  return id === undefined ? null : Number(id);
}

/** Does something as another user, and is root again. Only root can. */
export function as<T>({ uid, gid, groups }: Identity, umask: number, work: () => T): T {
  const own = { groups: process.getgroups?.() ?? [], gid: process.getegid?.() ?? 0, umask: process.umask(umask) };
  process.setgroups?.([...groups]);
  process.setegid?.(gid);
  process.seteuid?.(uid); // last: after it the others would be refused
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(own.gid);
    process.setgroups?.(own.groups);
    process.umask(own.umask);
  }
}
