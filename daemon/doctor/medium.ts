/** The medium of the recordings as the watcher has it: whether it is there, what it is, and for how long it lasts. */
import { readFileSync } from 'node:fs';
import { DAYS_LEFT_MAX } from '../../cgi/contract.ts';
import type { MediumNow } from '../../cgi/recording/port.ts';
import { mountOf, parseMountinfo } from '../recordings/mountinfo.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { inTurn, restartCdrd, word } from './mend.ts';

export interface MediumParts {
  /** Folder of the recordings. */
  dir(): string;
  state(): MediumNow;
  space(): { readonly free: number; readonly total: number } | null;
  /** For how many days it lasts at the last week's pace; null: nothing tells. */
  daysLeft(): Promise<number | null>;
  /** Whether retention makes room by itself. */
  makesRoom(): boolean;
}

/** File systems whose names can't have a `*`. */
const STARLESS = /^(vfat|msdos|exfat|ntfs3?|cifs|smb3)$/;
const NEARLY_FULL = 0.9;
const DAYS_MIN = 14;

export function mediumChecks(parts: MediumParts): readonly Check[] {
  const { state } = parts.state();
  if (state === 'absent' || state === 'dead') return [{ name: 'medium.state', look: () => [away(parts)] }];
  return [
    { name: 'medium.state', look: () => there(parts) },
    { name: 'medium.room', look: async () => [await room(parts)] },
  ];
}

function mountHere(dir: string) {
  return mountOf(parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')), dir);
}

function away({ dir, state }: MediumParts): Finding {
  const { state: is, why } = state();
  const at = mountPointFor(dir());
  if (is === 'dead') {
    const mount = mountHere(dir());
    return fault(
      'medium.state',
      `the medium of ${dir()} does not answer: ${why}; nothing is recorded`,
      mount ? inTurn(`umount -l ${word(mount.mountPoint)}`, `mount ${word(mount.mountPoint)}`) : null,
    );
  }
  const folder = /does not exist/.test(why);
  const mend = at !== null ? `mount ${word(at)}` : folder ? makeFolder(dir()) : null;
  const plain = why.replace(/^no medium: /, ''); // said already
  return fault('medium.state', `there is no medium for the recordings: ${plain}; nothing is recorded`, mend);
}

function makeFolder(dir: string): string {
  return `install -d -o asterisk -g asterisk -m 2775 ${word(dir)}`;
}

/** What /etc/fstab would mount for this folder; null: nothing that isn't. */
function mountPointFor(dir: string): string | null {
  try {
    const points = readFileSync('/etc/fstab', 'utf8')
      .split('\n')
      .flatMap((line) => (line.trim().startsWith('#') ? [] : (line.trim().split(/\s+/)[1] ?? [])))
      .filter((point) => point.startsWith('/') && point !== '/' && (dir === point || dir.startsWith(`${point}/`)));
    const nearest = points.sort((a, b) => b.length - a.length)[0];
    return nearest !== undefined && mountHere(dir)?.mountPoint !== nearest ? nearest : null;
  } catch {
    return null;
  }
}

function there({ dir, state }: MediumParts): readonly Finding[] {
  const { state: is, why, writable } = state();
  const mount = mountHere(dir());
  const what = `${dir()} lies on ${mount?.mountPoint ?? 'an unknown medium'} (${mount?.type ?? '?'}${mount ? `, ${mount.source}` : ''})`;
  const found: Finding[] = [];
  if (!writable)
    found.push(
      fault(
        'medium.state',
        `${what}, which takes no recordings: ${why}`,
        why === 'read-only' && mount ? `mount -o remount,rw ${word(mount.mountPoint)}` : null,
      ),
    );
  else if (is === 'slow') found.push(warning('medium.state', `${what}, and is slow: ${why}`, null));
  else found.push(ok('medium.state', what));
  // Asterisk may write there all the same: root tries both (root/folder.ts).
  if (/could not be tried/.test(why))
    found.push(
      warning(
        'recordings.folder',
        `cdrd may not write in ${dir()}, so it can't delete there: ${why}`,
        inTurn('/usr/lib/cdrd/prepare', restartCdrd()),
      ),
    );
  if (mount && STARLESS.test(mount.type))
    found.push(
      warning(
        'medium.names',
        `names of files can't have a * on ${mount.type}: calls to numbers like *97 are not recorded there; a medium formatted as ext4 takes them`,
        null,
      ),
    );
  return found;
}

async function room({ dir, space, daysLeft, makesRoom }: MediumParts): Promise<Finding> {
  const is = space();
  if (!is) return ok('medium.room', 'how much room the medium has is not known yet');
  const days = await daysLeft();
  const says = `${gigabytes(is.free)} of ${gigabytes(is.total)} GB are free on the medium of ${dir()}; ${lasts(days)}`;
  if (makesRoom()) return ok('medium.room', `${says}; the oldest recordings make room then`);
  if (is.free < is.total * (1 - NEARLY_FULL))
    return warning('medium.room', `${says}; a full medium records nothing`, null);
  if (days !== null && days < DAYS_MIN) return warning('medium.room', says, null);
  return ok('medium.room', says);
}

/** @param days Until it is full; null: not known. */
function lasts(days: number | null): string {
  if (days === null) return 'for how long it lasts is not known yet';
  const time = days >= DAYS_LEFT_MAX ? 'over ten years' : days === 1 ? '1 day' : `${days} days`;
  return `it lasts ${time} at the last week's pace`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
