/**
 * Is the medium there, and is it alive? Asked before and after every listing, in the worker: a pulled stick stays in the
 * mount table, stat succeeds and readdir returns nothing without an error; only its device's entry in /sys/dev/block goes.
 */
import { existsSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { demandsMount, isRemote, type Mount, missingMount, mountOf, parseMountinfo } from './mountinfo.ts';
import type { MediumLook, WorkerSettings } from './protocol.ts';

export interface MediumFacts extends MediumLook {
  /** The recordings folder with links resolved, also when it isn't there. */
  readonly real: string;
  /** Files' times are another machine's. */
  readonly remote: boolean;
  /** What it lies on; undefined: no mount of the table holds it. */
  readonly mount: Mount | undefined;
  /** All is well but for the folder itself, which isn't there. */
  readonly lacksFolder: boolean;
}

/** What of it the main thread is told. */
export function plain({ state, why, device, demanded, identity, place }: MediumFacts): MediumLook {
  return { state, why, device, demanded, identity, place };
}

/** The system's code of a failed call (`EIO`), or its message. */
export function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? (error instanceof Error ? error.message : String(error));
}

/** Faults of the folder itself, in words; anything else is a medium that answers with errors. */
const folderFault: Readonly<Record<string, { state: 'absent' | 'dead'; why: string }>> = {
  ENOENT: { state: 'absent', why: 'the folder does not exist' },
  ENOTDIR: { state: 'absent', why: 'this is not a folder' },
  EACCES: { state: 'dead', why: 'no permission to read the folder' },
  EPERM: { state: 'dead', why: 'no permission to read the folder' },
};

/** The state that a failed call on the recordings folder means. */
export function faultOf(error: unknown, dir: string): { state: 'absent' | 'dead'; why: string } {
  const code = codeOf(error);
  const fault = folderFault[code];
  if (fault) return { state: fault.state, why: `${fault.why}: ${dir}` };
  return { state: 'dead', why: `the medium answers with ${code}: ${dir}` };
}

/**
 * Where a path that isn't there would lie: its links are followed as far as they go. Without its stick a link to it leads
 * nowhere, and it is by the link's end that a medium is demanded.
 */
function wouldBe(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return path;
  }
  const parent = wouldBe(dirname(path));
  const place = join(parent, basename(path));
  let target: string;
  try {
    target = readlinkSync(place);
  } catch {
    return place; // not a link: nothing at all
  }
  return wouldBe(resolve(parent, target));
}

/** The last text of mountinfo: it is asked for before each stretch of a file, and changes with a stick. */
let known: { readonly text: string; readonly mounts: readonly Mount[] } = { text: '', mounts: [] };

function mountsOf(text: string): readonly Mount[] {
  if (text !== known.text) known = { text, mounts: parseMountinfo(text) };
  return known.mounts;
}

/** Looks at the medium now. Blocks for as long as the medium does; throws only if /proc can't be read. */
export function lookAtMedium(settings: WorkerSettings): MediumFacts {
  const { dir, requireMount, mountinfo, blockDevices } = settings;
  let real = resolve(dir);
  let fault: { state: 'absent' | 'dead'; why: string } | undefined;
  let lacksFolder = false;
  let inode = '';
  let birth = '';
  try {
    // The slash makes an automounter mount. Its inode tells one stick's folder from another's.
    const stat = statSync(`${dir}/`);
    real = realpathSync(dir);
    // Kernels before 4.11 give the time of change as the time of birth: then it tells nothing.
    const born = stat.birthtimeMs === stat.ctimeMs ? 0 : stat.birthtimeMs;
    inode = String(stat.ino);
    birth = String(born);
  } catch (error) {
    fault = faultOf(error, dir);
    lacksFolder = codeOf(error) === 'ENOENT';
    if (lacksFolder) real = wouldBe(real);
  }
  const mount = mountOf(mountsOf(readFileSync(mountinfo, 'utf8')), real);
  const device = mount?.device ?? '';
  const place = `${mount?.id} ${device} ${inode}`;
  const facts = {
    device,
    real,
    remote: isRemote(mount),
    mount,
    lacksFolder: false,
    place,
    demanded: demandsMount(real, requireMount),
    identity: `${place} ${birth}`,
  };

  const missing = missingMount(real, mount, requireMount);
  if (missing) return { ...facts, state: 'absent', why: missing };
  // Major 0 has no block device; a sandbox without /sys can't tell.
  if (device && !device.startsWith('0:') && existsSync(blockDevices) && !existsSync(`${blockDevices}/${device}`)) {
    return { ...facts, state: 'dead', why: `the device ${device} has gone: pulled out without unmounting?` };
  }
  if (fault) return { ...facts, ...fault, lacksFolder };
  return { ...facts, state: 'mounted', why: '' };
}
