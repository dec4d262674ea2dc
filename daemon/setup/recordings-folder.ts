/**
 * The folder that Asterisk records into and cdrd deletes in: Asterisk's, writable for its group, which is cdrd's as well, and
 * what is made in it belongs to that group.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  demandsMount,
  isAtOrBelow,
  type Mount,
  missingMount,
  mountOf,
  parseMountinfo,
} from '../recordings/mountinfo.ts';
import { accountIds, groupId } from './accounts.ts';
import { asBytes, readTextHere } from './asterisk-tree.ts';
import { refuseStrangeLinks } from './links.ts';
import type { Part } from './part.ts';

const UNIT_DROP_IN = '/etc/systemd/system/cdrd.service.d/recordings.conf';
const SHARED_MODE = 0o2775;
/** What the group needs of it in a folder that is there; whether others may look into that is not ours to say. */
const SHARED_BITS = 0o2070;
/** On a filesystem without such bits of its own. */
const GROUPS_BITS = 0o070;
/** Filesystems whose files have the owner that their mount says, whatever is asked for. */
const BY_MOUNT = new Set(['vfat', 'exfat', 'cifs', 'smb3', 'ntfs3', 'fuseblk']);

/** A folder to be made, or its rights to be changed. */
export interface FolderChange {
  readonly path: string;
  readonly isNew: boolean;
  /** Its owner and mode are its mount's: they can't be changed. */
  readonly byMount?: boolean;
}

/** @param dir Effective recordings.dir. */
export function planFolder(
  dir: string,
  require: 'auto' | 'yes' | 'no',
): Part & { readonly folder: FolderChange | null } {
  const group = groupId('asterisk');
  const nothing = (notes: readonly string[] = []) => ({ folder: null, notes });
  // Without that group Asterisk is root, or elsewhere.
  if (process.getuid?.() !== 0 || group === undefined) return nothing();
  const now = statSync(dir, { throwIfNoEntry: false });
  const mount = mountOf(parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')), dir);
  const missing = missingMount(dir, mount, require);
  if (missing !== '')
    return nothing([
      `${missing}: recording begins when it is there. Then run cdrd setup again, for its folder's rights`,
    ]);
  const byMount = mount !== undefined && BY_MOUNT.has(mount.type);
  const needed = byMount ? GROUPS_BITS : SHARED_BITS;
  const seen = now ?? (byMount ? statSync(mount.mountPoint) : undefined);
  const isShared = seen?.gid === group && (seen.mode & needed) === needed;
  if (now && isShared) return nothing();
  const notes = byMount && !isShared ? [mountOptions(dir, mount, group)] : [];
  return { folder: now && byMount ? null : { path: dir, isNew: now === undefined, byMount }, notes };
}

function mountOptions(dir: string, { type, mountPoint }: Mount, group: number): string {
  const modes = /^(cifs|smb3)$/.test(type) ? 'file_mode=0664,dir_mode=0775' : 'umask=0002';
  return `${dir} lies on ${type}, whose mount says who may write: mount ${mountPoint} with gid=${group},${modes}`;
}

/** The unit may write on media alone: a folder elsewhere has to be told to systemd. */
export function planUnit(dir: string, places: Readonly<Record<string, string>>): Part {
  if (!existsSync('/run/systemd/system')) return {};
  const folders = [...new Set([dir, ...Object.values(places)])].filter((each) => !demandsMount(each, 'auto'));
  if (folders.length === 0) return {};
  const words = folders.map(
    (each) => `"-${each.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('"', '\\"')}"`,
  );
  const after = asBytes(
    `# Written by cdrd setup: cdrd may write there, too.\n[Service]\nReadWritePaths=${words.join(' ')}\n`,
  );
  const home = folders.filter((each) => isAtOrBelow(each, '/home') || isAtOrBelow(each, '/root'));
  return {
    changes: [{ path: UNIT_DROP_IN, before: readTextHere(UNIT_DROP_IN), after, isPublic: true }],
    problems: home.map((each) => `${each} can't be seen by the service cdrd: take a folder outside of /home and /root`),
  };
}

/** @throws for a link that leads where it must not; what the system says. */
export function applyFolder({ path, isNew, byMount = false }: FolderChange): void {
  refuseStrangeLinks(path);
  const { uid, gid } = accountIds('asterisk') ?? { uid: 0, gid: 0 };
  if (isNew) makeFolder(path);
  if (byMount) return;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const folder = openSync(realpathSync(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const now = fstatSync(folder);
    fchownSync(folder, isNew ? uid : now.uid, groupId('asterisk') ?? gid);
    fchmodSync(folder, isNew ? SHARED_MODE : (now.mode & 0o7777) | SHARED_BITS);
  } finally {
    closeSync(folder);
  }
}

/** Those above it are for everybody to go through, whatever root's umask is. */
function makeFolder(path: string): void {
  const above = dirname(path);
  if (!existsSync(above)) {
    makeFolder(above);
    chmodSync(above, 0o755);
  }
  mkdirSync(path, { mode: 0o755 });
}
