/**
 * The folder that Asterisk records into and cdrd deletes in: Asterisk's, writable for its group, which is cdrd's as well, and
 * what is made in it belongs to that group.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { demandsMount, isAtOrBelow, missingMount, mountOf, parseMountinfo } from '../recordings/mountinfo.ts';
import { accountIds, groupId } from './accounts.ts';
import { asBytes, readTextHere } from './asterisk-tree.ts';
import type { Part } from './part.ts';

const UNIT_DROP_IN = '/etc/systemd/system/cdrd.service.d/recordings.conf';
const SHARED_MODE = 0o2775;
/** Filesystems whose files have the owner that their mount says, whatever is asked for. */
const BY_MOUNT = new Set(['vfat', 'exfat', 'cifs', 'smb3', 'ntfs3', 'fuseblk']);

/** A folder to be made, or its rights to be changed. */
export interface FolderChange {
  readonly path: string;
  readonly isNew: boolean;
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
  if (now && now.gid === group && (now.mode & 0o2070) === 0o2070) return nothing();
  if (now && mount && BY_MOUNT.has(mount.type))
    return nothing([
      `${dir} lies on ${mount.type}, whose mount says who may write: mount ${mount.mountPoint} with gid=${group},umask=0002`,
    ]);
  return { folder: { path: dir, isNew: now === undefined } };
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

/** @throws what the system says. */
export function applyFolder({ path, isNew }: FolderChange): void {
  const { uid, gid } = accountIds('asterisk') ?? { uid: 0, gid: 0 };
  if (isNew) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    mkdirSync(path, { mode: 0o755 });
  }
  chownSync(path, isNew ? uid : statSync(path).uid, groupId('asterisk') ?? gid);
  chmodSync(path, SHARED_MODE);
}
