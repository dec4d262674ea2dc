/**
 * Which mount a path lies on, from the text of /proc/self/mountinfo (proc(5)). Pure: text in, mounts out. A pulled stick
 * stays in this list, so it tells what is mounted, not whether that is alive.
 */

export interface Mount {
  /** Mount id; the kernel uses numbers again. */
  readonly id: string;
  /** `MAJ:MIN`; major 0 = no block device behind it (tmpfs, overlay, cifs, fuse, btrfs). */
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  /** What was mounted: `/dev/sda1`, `//server/share`. */
  readonly source: string;
  /** Nothing can be written: mounted so, or the kernel made it so after errors. */
  readonly readOnly: boolean;
  /**
   * A folder that is bound onto itself: it shows what was there before. A service manager's sandbox does so with each folder
   * that may be written (`ReadWritePaths=/media`).
   */
  readonly ontoItself: boolean;
}

/** mountinfo writes blank, tab, newline and backslash as three octal digits; the bytes are UTF-8. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Lines that can't be read are left out: a mount that we can't name can't be ours. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  /** By mount id: of which device which folder is mounted where. */
  const known = new Map<string, Shown>();
  for (const line of text.split('\n')) {
    // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    const dash = line.indexOf(' - ');
    if (dash < 0) continue;
    const [id, parent = '', device, root, mountPoint, options] = line.slice(0, dash).split(' ');
    const [type, source, superOptions] = line.slice(dash + 3).split(' ');
    if (!id || !device || !root || !mountPoint || !type) continue;
    if (!/^\d+:\d+$/.test(device)) continue;
    const readOnly = [options, superOptions].some((list) => list?.split(',').includes('ro'));
    const shown = { device, root, mountPoint };
    known.set(id, shown);
    const ontoItself = isOntoItself(shown, known.get(parent));
    const [at, from] = [unescaped(mountPoint), unescaped(source ?? '')];
    mounts.push({ id, device, mountPoint: at, type, source: from, readOnly, ontoItself });
  }
  return mounts;
}

interface Shown {
  readonly device: string;
  readonly root: string;
  readonly mountPoint: string;
}

/** Whether it shows at its place what the mount below it has there. Names as they are written, escapes and all. */
function isOntoItself({ device, root, mountPoint }: Shown, parent: Shown | undefined): boolean {
  if (!parent || device !== parent.device || mountPoint === parent.mountPoint) return false;
  const trimmed = (path: string) => (path === '/' ? '' : path);
  return root === trimmed(parent.root) + mountPoint.slice(trimmed(parent.mountPoint).length);
}

/** True when `path` is `folder` or lies below it. Both absolute and without `..`. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** The mount that an absolute, resolved path lies on: the longest mount point, and of equals the last, which covers the others. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    if (!isAtOrBelow(path, mount.mountPoint)) continue;
    if (!best || mount.mountPoint.length >= best.mountPoint.length) best = mount;
  }
  return best;
}

/** Where sticks and shares are mounted: under these `requireMount: 'auto'` means yes (design.md, recordings.require_mount). */
export const MEDIUM_ROOTS = ['/media', '/run/media', '/mnt'] as const;

const inMemory = new Set(['tmpfs', 'ramfs']);

/** Whether a path must lie on a medium of its own. */
export function demandsMount(path: string, require: 'auto' | 'yes' | 'no'): boolean {
  if (require !== 'auto') return require === 'yes';
  return MEDIUM_ROOTS.some((root) => isAtOrBelow(path, root));
}

/**
 * Why a path doesn't lie on a medium of its own; '' = it does, or it needn't. Without its stick a box must not record to
 * flash, and a path on the root filesystem is that flash.
 */
export function missingMount(path: string, mount: Mount | undefined, require: 'auto' | 'yes' | 'no'): string {
  if (!demandsMount(path, require)) return '';
  const base = MEDIUM_ROOTS.find((root) => isAtOrBelow(path, root));
  if (!mount) return `no mount holds ${path}`;
  const covered = base ? isAtOrBelow(mount.mountPoint, base) : mount.mountPoint !== '/';
  // A memory filesystem on /media itself only holds the mount points.
  const onlyHolder = mount.mountPoint === base && inMemory.has(mount.type);
  if (covered && !onlyHolder && !mount.ontoItself && mount.type !== 'autofs') return '';
  return `no medium: nothing is mounted for ${path} (it lies on ${mount.ontoItself ? 'the disk of ' : ''}${mount.mountPoint})`;
}

/** Network filesystems stamp files with the server's clock. */
export function isRemote(mount: Mount | undefined): boolean {
  return mount !== undefined && /^(cifs|smb|nfs|9p|afs|ceph|fuse\.(sshfs|rclone|smb))/.test(mount.type);
}
