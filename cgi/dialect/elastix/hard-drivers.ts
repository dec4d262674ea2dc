/**
 * `cmd=getharddrivers`: room on the disk of the system, and what some folders take, as `df -H` and `du -sh` would say it.
 * What the recordings take is known from their index: the stick isn't walked for it. A folder that isn't there, or that can't
 * be read, says so in words.
 */
import { usageOf } from '../../recording/media.ts';
import type { Services } from '../../verb.ts';
import type { DiskRoom, FolderSize } from '../machine-port.ts';
import { type Command, phpReply } from './command.ts';

/** Those that its document names, and what it calls them. */
const FOLDERS = [
  ['logs', '/var/log'],
  ['thirdparty', '/opt'],
  ['voicemails', '/var/spool/asterisk/voicemail'],
  ['backups', '/var/www/backup'],
  ['configuration', '/etc'],
] as const;
const ROOT = '/';

export const hardDrivers: Command = {
  like: { number: 30044, right: 'settings' },
  async answer(_request, services) {
    const { machine } = services;
    const [room, recording, ...sizes] = await Promise.all([
      machine.room(ROOT).catch(() => null),
      recordingSize(services),
      ...FOLDERS.map(async ([name, path]) => [name, [sizeText(await machine.folder(path)), path]] as const),
    ]);
    return phpReply({ harddisk: diskRow(room), ...Object.fromEntries(sizes), recording });
  },
};

/** As `df -H` shows a line. */
function diskRow(room: DiskRoom | null) {
  if (!room) return { size: 'not known: the system does not tell', mount: ROOT };
  const { size, used, available } = room;
  const percent = used + available === 0 ? 0 : Math.ceil((used * 100) / (used + available));
  const text = (bytes: number) => roundText(bytes, 1000);
  return { size: text(size), used: text(used), avail: text(available), usepercent: `${percent}%`, mount: ROOT };
}

/** Of the medium that is in place, and its folder. */
async function recordingSize({ store, medium, places }: Services): Promise<readonly [string, string]> {
  const { medium: present, why } = medium.state();
  const dir = (await places.list()).find(({ chosen }) => chosen)?.dir ?? '';
  if (present === undefined) return [`not known: ${why || 'the medium is not there'}`, dir];
  return [roundText((await usageOf(store)).get(present)?.bytes ?? 0, 1024), dir];
}

function sizeText({ bytes, unread, isCut, why }: FolderSize): string {
  if (bytes === null) return `not known: ${why}`;
  const text = roundText(bytes, 1024);
  if (isCut) return `${text} and more: there is too much to count`;
  return unread === 0 ? text : `${text} and more: cdrd may not read ${unread} part${unread === 1 ? '' : 's'} of it`;
}

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/**
 * As GNU's `df` and `du` write sizes for people: upwards, with one digit behind the point below ten. Pure.
 * @param base 1024 (`-h`) or 1000 (`-H`, whose thousands have a small k).
 */
export function roundText(bytes: number, base: 1000 | 1024): string {
  const unitOf = (power: number) => (base === 1000 && power === 1 ? 'k' : (UNITS[power] ?? ''));
  for (let power = 0; ; power++) {
    const value = bytes / base ** power;
    const tenths = Math.ceil(value * 10) / 10;
    if (power > 0 && tenths < 10) return `${tenths.toFixed(1)}${unitOf(power)}`;
    const whole = Math.ceil(value);
    if (whole < base || power === UNITS.length - 1) return `${whole}${unitOf(power)}`;
  }
}
