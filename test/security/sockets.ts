/** What a process listens on, as the kernel tells it: not what the program believes, but what there is. Linux only. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

const LISTEN = '0A';
/** Of a unix socket: one that listens has this bit. */
const ACCEPTS = 0x10000;

export interface ListeningSocket {
  /** `tcp 127.0.0.1`, `tcp6 [::]`, `udp …`, or a unix socket's path and mode. */
  readonly what: string;
  /** 0: it has none. */
  readonly port: number;
}

/** In order of `what`. @param pid A process of one's own. */
export function listeningSockets(pid: number): ListeningSocket[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`)
      .map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1])
      .filter((inode) => inode !== undefined),
  );
  const found: ListeningSocket[] = [];
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'])
    for (const cells of rowsOf(`/proc/${pid}/net/${protocol}`)) {
      const [, local = '', , state = ''] = cells;
      if (!inodes.has(cells[9] ?? '')) continue;
      if (protocol.startsWith('tcp') && state !== LISTEN) continue;
      found.push({ what: `${protocol} ${addressOf(local)}`, port: Number.parseInt(local.split(':')[1] ?? '', 16) });
    }
  for (const [, , , flags = '', , , inode = '', path] of rowsOf(`/proc/${pid}/net/unix`)) {
    if (!inodes.has(inode) || (Number.parseInt(flags, 16) & ACCEPTS) === 0) continue;
    // An abstract one has a name of 107 bytes, filled up, and no mode.
    const name = path?.replace(/(?<=^@.*?)@+$/, '') ?? '(unnamed)';
    const mode = name.startsWith('/') ? ` ${(statSync(name).mode & 0o7777).toString(8)}` : '';
    found.push({ what: `unix ${name}${mode}`, port: 0 });
  }
  // What else a process may hear by: packets as they pass, and what no IP carries.
  for (const kind of ['packet', 'sctp/eps', 'icmp', 'icmp6'])
    for (const cells of rowsOf(`/proc/${pid}/net/${kind}`))
      if (cells.some((cell) => inodes.has(cell))) found.push({ what: kind, port: 0 });
  return found.sort((a, b) => (a.what < b.what ? -1 : 1));
}

/** Without the head; none where this kernel has no such list. */
function rowsOf(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}

/** One may be closed while it is looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** `0100007F:13AE` of the kernel: words of four bytes, each in the machine's order. */
function addressOf(local: string): string {
  const [hex = ''] = local.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  return `[${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}]`;
}
