/**
 * The box's processes and who listens where, as /proc tells root: names, users, groups, umask, and the service that each
 * belongs to. A process that ends meanwhile is none.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** A process, as far as who may do what is concerned. */
export interface Process {
  readonly pid: number;
  readonly name: string;
  /** Of its file: what it calls itself may be a thread's (Node 24: `MainThread`). */
  readonly program: string;
  /** Effective ones. */
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** null: the kernel doesn't tell (before 4.7). */
  readonly umask: number | null;
  /** The systemd service that it belongs to, without `.service`; null: none. */
  readonly service: string | null;
}

/** A socket that waits for connections. */
export interface Listener {
  /** As a person writes it: `127.0.0.1`, `0.0.0.0`, `::`. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

export function processIds(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** null: it has ended. */
export function processOf(pid: number): Process | null {
  const status = textOf(`/proc/${pid}/status`);
  if (status === null) return null;
  const words = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  const [umask] = words('Umask');
  return {
    pid,
    name: words('Name')[0] ?? '',
    program: programOf(pid) ?? words('Name')[0] ?? '',
    uid: Number(words('Uid')[1]),
    gid: Number(words('Gid')[1]),
    groups: words('Groups').filter(Boolean).map(Number),
    umask: umask === undefined ? null : Number.parseInt(umask, 8),
    service: /\/([^/\n]+)\.service(?:\/|$)/m.exec(textOf(`/proc/${pid}/cgroup`) ?? '')?.[1] ?? null,
  };
}

function programOf(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

/** Its namespace of processes. */
function boxOf(pid: number | 'self'): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

/** All of a program's on this box. One in a container is another box's, and one that has ended and waits for its parent none. */
export function processesNamed(name: string): readonly Process[] {
  const here = boxOf('self');
  return processIds().flatMap((pid) => {
    if (textOf(`/proc/${pid}/comm`)?.trim() !== name || boxOf(pid) !== here) return [];
    return processOf(pid) ?? [];
  });
}

export function listeners(): readonly Listener[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    (textOf(`/proc/net/${table}`) ?? '')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        const [address = '', port = ''] = local.split(':');
        return state === '0A' ? [{ address: addressOf(address), port: Number.parseInt(port, 16), inode }] : [];
      }),
  );
}

/** The kernel prints words of 32 bits in the machine's own order; every box of ours is little-endian. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

/** Who holds a port, whatever the address; empty: nobody. systemd, which holds it for a service, is pid 1. */
export function holdersOf(port: number): readonly { readonly at: Listener; readonly by: Process }[] {
  const wanted = listeners().filter((each) => each.port === port);
  if (wanted.length === 0) return [];
  const inodes = new Map(wanted.map((each) => [`socket:[${each.inode}]`, each]));
  return processIds().flatMap((pid) => {
    const held = descriptorsOf(pid).flatMap((target) => inodes.get(target) ?? []);
    const by = held.length > 0 ? processOf(pid) : null;
    return by ? held.map((at) => ({ at, by })) : [];
  });
}

function descriptorsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`);
      } catch {
        return []; // closed meanwhile
      }
    });
  } catch {
    return []; // ended, or not ours to see
  }
}
