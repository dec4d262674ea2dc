/**
 * The folder of the recordings, proven: a folder and a file in it are made as Asterisk makes them, by its user, group and
 * umask, and deleted as cdrd deletes. What modes and groups say is a guess beside it: mount options, links and masks all have
 * their word.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { mountOf, parseMountinfo } from '../../recordings/mountinfo.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { asteriskUmask, inTurn, restartCdrd, word } from '../mend.ts';
import { as, groupName, type Identity, userName } from './accounts.ts';

export interface FolderFacts {
  readonly dir: string;
  readonly asterisk: Identity & { readonly umask: number };
  readonly cdrd: Identity;
}

/** Written and synced, to see how quick the medium is: what a minute of 17 calls fills. */
const SPEED_BYTES = 4 * 1024 * 1024;
/** A call's recording grows by so much a second: 8,000 samples of two bytes. */
const CALL_BYTES = 16_000;
/** Calls at a time that a medium should be able to record. */
const CALLS_MIN = 30;

type Code = string;

const codeOf = (error: unknown): Code => (error as NodeJS.ErrnoException).code ?? String(error);

export function folderFindings(facts: FolderFacts): readonly Finding[] {
  const probe = join(facts.dir, `.cdrd-probe-${process.pid}`);
  try {
    const written = writable(facts, probe);
    if (written) return [written];
    const named = names(facts, probe);
    const deleted = deletable(facts, probe);
    if (deleted) return [deleted, named];
    return [ofDays(facts), named, speed(facts)];
  } finally {
    // Not as root: it is Asterisk's own folder, and a link may lie there by now.
    as(facts.asterisk, facts.asterisk.umask, () => rmSync(probe, { recursive: true, force: true }));
  }
}

/** Makes the folder that MixMonitor makes for a day, and a file in it. null: it can. */
function writable({ dir, asterisk }: FolderFacts, probe: string): Finding | null {
  const user = userName(asterisk.uid);
  try {
    as(asterisk, asterisk.umask, () => {
      mkdirSync(probe, { mode: 0o777 });
      closeSync(openSync(join(probe, 'probe'), 'wx', 0o666));
    });
    return null;
  } catch (error) {
    const code = codeOf(error);
    const why = { ENOENT: 'it is not there', EROFS: 'it is read-only', ENOSPC: 'it is full' }[code] ?? code;
    const mend =
      code === 'ENOSPC' ? null : code === 'EROFS' ? remount(dir) : (mountMend(dir) ?? makeFolder(dir, asterisk));
    return fault('recordings.folder', `Asterisk (user ${user}) can't record to ${dir}: ${why}`, mend);
  }
}

/** Deletes them as cdrd would. null: it can. */
function deletable({ dir, asterisk, cdrd }: FolderFacts, probe: string): Finding | null {
  try {
    as(cdrd, 0o027, () => {
      unlinkSync(join(probe, 'probe'));
      rmdirSync(probe);
    });
    return null;
  } catch (error) {
    const says = `Asterisk can record to ${dir}, and cdrd can't delete what it records there (${codeOf(error)})`;
    const { gid, mode } = statSync(dir);
    const group = groupName(asterisk.gid);
    const own = mountMend(dir);
    if (own) return fault('recordings.folder', `${says}: the medium's mount options say so`, own);
    if (!cdrd.groups.includes(asterisk.gid))
      return fault(
        'recordings.folder',
        `${says}: it is not in the group ${group}`,
        inTurn(`usermod -aG ${word(group)} ${word(userName(cdrd.uid))}`, restartCdrd()),
      );
    if (gid !== asterisk.gid || (mode & 0o2070) !== 0o2070)
      return fault(
        'recordings.folder',
        `${says}: it is mode ${(mode & 0o7777).toString(8)} of the group ${groupName(gid)} and must be 2775 of the group ${group}`,
        makeFolder(dir, asterisk),
      );
    return fault(
      'recordings.folder',
      `${says}: Asterisk's umask is ${asterisk.umask.toString(8).padStart(4, '0')}, so its group may not write`,
      asteriskUmask(),
    );
  }
}

/** Folders of days that were made before all was well stay as they were. */
function ofDays(facts: FolderFacts): Finding {
  const { dir, asterisk, cdrd } = facts;
  const days = readdirSync(dir).filter((name) => /^\d{8}$/.test(name));
  const shut = days.filter((name) => !canWork(join(dir, name), cdrd));
  const user = userName(asterisk.uid);
  if (shut.length === 0)
    return ok(
      'recordings.folder',
      `Asterisk (user ${user}) can record to ${dir}, and cdrd can delete there: both tried`,
    );
  return warning(
    'recordings.folder',
    `Asterisk can record to ${dir}; in ${shut.length} of ${days.length} days' folders cdrd can't delete, for the group may not write there`,
    `runuser -u ${word(user)} -- find ${word(dir)} -maxdepth 1 -type d -user ${word(user)} ! -perm -2070 -exec chgrp ${word(groupName(asterisk.gid))} {} + -exec chmod g+rwxs {} +`,
  );
}

/** By doing it: a folder is made in it and taken away again. */
function canWork(folder: string, who: Identity): boolean {
  const path = join(folder, `.cdrd-probe-${process.pid}`);
  try {
    as(who, 0o027, () => {
      mkdirSync(path);
      rmdirSync(path);
    });
    return true;
  } catch {
    return false;
  }
}

/** Numbers that begin with an asterisk stand in names as they are. */
function names({ asterisk }: FolderFacts, probe: string): Finding {
  const path = join(probe, 'Internal-202-*97');
  try {
    as(asterisk, asterisk.umask, () => {
      closeSync(openSync(path, 'wx', 0o666));
      unlinkSync(path);
    });
    return ok('medium.names', 'names of files may have a *: calls to *97 can be recorded');
  } catch (error) {
    return warning(
      'medium.names',
      `names of files can't have a * on this medium (${codeOf(error)}): calls to numbers like *97 are not recorded there; a medium formatted as ext4 takes them`,
      null,
    );
  }
}

function speed({ dir, asterisk }: FolderFacts): Finding {
  try {
    const perSecond = SPEED_BYTES / as(asterisk, asterisk.umask, () => secondsToWrite(dir));
    const calls = Math.floor(perSecond / CALL_BYTES);
    const many = calls > 1_000 ? 'over 1,000' : String(calls);
    const says = `the medium writes ${(perSecond / 1e6).toFixed(1)} MB a second, enough to record ${many} calls at a time`;
    return calls >= CALLS_MIN ? ok('medium.speed', says) : warning('medium.speed', `${says}: use a quicker one`, null);
  } catch (error) {
    return warning('medium.speed', `how quick the medium is could not be tried: ${codeOf(error)}`, null);
  }
}

function secondsToWrite(dir: string): number {
  const path = join(dir, `.cdrd-speed-${process.pid}`);
  const begin = performance.now();
  const fd = openSync(path, 'wx', 0o600);
  try {
    const bytes = Buffer.alloc(SPEED_BYTES, 1);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
    return (performance.now() - begin) / 1000;
  } finally {
    closeSync(fd);
    unlinkSync(path);
  }
}

function makeFolder(dir: string, { uid, gid }: Identity): string {
  return `install -d -o ${word(userName(uid))} -g ${word(groupName(gid))} -m 2775 ${word(dir)}`;
}

/** File systems without owners of their own take them from their mount. */
const OWNERLESS = /^(vfat|msdos|exfat|ntfs3?|fuseblk|cifs|smb3)$/;

function mountHere(dir: string) {
  return mountOf(parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')), dir);
}

function mountMend(dir: string): string | null {
  const mount = mountHere(dir);
  if (!mount || !OWNERLESS.test(mount.type)) return null;
  const options = /^(cifs|smb3)$/.test(mount.type)
    ? 'gid=asterisk,file_mode=0664,dir_mode=0775'
    : 'gid=asterisk,umask=0002';
  return inTurn(
    `umount ${word(mount.mountPoint)}`,
    `mount -t ${mount.type} -o ${options} ${word(mount.source)} ${word(mount.mountPoint)}`,
  );
}

function remount(dir: string): string | null {
  const mount = mountHere(dir);
  return mount ? `mount -o remount,rw ${word(mount.mountPoint)}` : null;
}
