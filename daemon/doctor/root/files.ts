/** Files and folders of cdrd's own: who they belong to, and whether its user can work with them. */
import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { strangeFolder } from '../../privileges.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { inTurn, restartCdrd, word } from '../mend.ts';
import { groupName, type Identity, userName } from './accounts.ts';

const statOf = (path: string) => {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
};

/** It holds Asterisk's secret: root's, and for the daemon to read. */
export function configFile(path: string, cdrd: Identity): Finding {
  const found = statOf(path);
  const user = userName(cdrd.uid);
  const mend = inTurn(
    `chown root:${word(groupName(cdrd.gid))} ${word(path)}`,
    `chmod 0640 ${word(path)}`,
    restartCdrd(),
  );
  if (!found) return ok('config.file', `${path} is not there: built-in values hold`);
  const mode = found.mode & 0o777;
  const readable =
    found.uid === cdrd.uid
      ? (mode & 0o400) !== 0
      : cdrd.groups.includes(found.gid)
        ? (mode & 0o040) !== 0
        : (mode & 0o004) !== 0;
  const shown = `mode ${mode.toString(8).padStart(4, '0')}, ${userName(found.uid)}:${groupName(found.gid)}`;
  if (!readable) return fault('config.file', `cdrd's user ${user} can't read ${path} (${shown})`, mend);
  if ((mode & 0o027) !== 0)
    return fault('config.file', `others may read or change ${path}, which holds a secret (${shown})`, mend);
  return ok('config.file', `${path} is cdrd's to read and nobody else's (${shown})`);
}

/** Files of root's in the state folder lock the daemon out. No command is told that would give away what isn't cdrd's alone. */
export function stateFolder(given: string, cdrd: Identity): Finding {
  const dir = existsSync(given) ? realpathSync(given) : given; // a link to another disk is as good
  const user = userName(cdrd.uid);
  const mend = inTurn(
    `mkdir -p ${word(dir)}`,
    `chown -hR ${word(user)}:${word(groupName(cdrd.gid))} ${word(dir)}`,
    `chmod 0750 ${word(dir)}`,
    restartCdrd(),
  );
  const found = statOf(dir);
  if (!found) return fault('state.folder', `${dir} is not there: it holds the calls and the secrets`, mend);
  const foreign = found.isDirectory() ? strangeFolder('state.dir', dir) : undefined;
  if (found.uid !== cdrd.uid && foreign)
    return fault(
      'state.folder',
      `${dir} (state.dir) belongs to ${userName(found.uid)} and holds ${foreign}, which is none of cdrd's: name a folder of its own`,
      null,
    );
  if (found.uid !== cdrd.uid)
    return fault('state.folder', `${dir} belongs to ${userName(found.uid)}, and cdrd runs as ${user}`, mend);
  const strange = strangeIn(dir, cdrd.uid);
  if (strange)
    return fault('state.folder', `${strange} does not belong to ${user}: cdrd may not be able to write it`, mend);
  if ((found.mode & 0o007) !== 0) return warning('state.folder', `others may look into ${dir}`, mend);
  return ok('state.folder', `${dir} is ${user}'s, with all that is in it`);
}

/** The first file that is somebody else's, two folders deep; null: there is none. */
function strangeIn(dir: string, uid: number, depth = 2): string | null {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.name === 'lost+found') continue;
    const found = statOf(path);
    if (found && found.uid !== uid) return path;
    const inner = entry.isDirectory() && depth > 1 ? strangeIn(path, uid, depth - 1) : null;
    if (inner) return inner;
  }
  return null;
}

/** Of the disk of the state folder. @param reserve Bytes below which no records are taken. */
export function stateDisk(dir: string, reserve: number): Finding {
  const at = statOf(dir) ? dir : dirname(dir);
  const { bavail, blocks, bsize } = statfsSync(at);
  return diskFinding(dir, { free: bavail * bsize, total: blocks * bsize }, reserve);
}

const NEARLY_FULL = 0.9;

export function diskFinding(
  dir: string,
  { free, total }: { readonly free: number; readonly total: number },
  reserve: number,
): Finding {
  const says = `${Math.floor(free / 1e6)} MB of ${Math.floor(total / 1e6)} are free on the disk of ${dir}`;
  if (free <= reserve) return fault('state.disk', `${says}: no records are taken until somebody makes room`, null);
  if (total > 0 && free < total * (1 - NEARLY_FULL))
    return warning('state.disk', `${says}: it is nearly full, and nothing makes room by itself`, null);
  return ok('state.disk', says);
}
