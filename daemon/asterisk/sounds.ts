/**
 * The sounds that Asterisk has, so that a prompt can be chosen and needn't be known by heart. Its folders are often on
 * another path, and sometimes not ours to read: then the list is short or empty, and a name can still be typed.
 */
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { SOUND } from '../../cgi/settings/kinds.ts';
import type { SoundList, Sounds } from '../../cgi/settings/sounds-port.ts';
import { soundLimits } from '../limits.ts';
import { codeOf } from '../recordings/medium.ts';

/** What Asterisk's file formats are called (formats/format_*.c). */
const FORMAT =
  /\.(wav|wav49|gsm|ulaw|ul|mu|pcm|alaw|al|g722|g729|g719|g723|g726-\d\d|sln\d*|slin|siren7|siren14|ilbc|ogg|opus|mp3|vox)$/i;
/** A folder of one language (`en`, `en_US`, `en_US_f_Allison`): Playback() looks in the channel's own and leaves it out. */
const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2}.*)?$/;
/** Where people keep what they have recorded themselves. */
const OWN = 'custom/';

export interface SoundsOptions {
  /** Folders, absolute. */
  readonly dirs: readonly string[];
  /** Monotonic milliseconds. */
  mono(): number;
  readonly limits?: { readonly [Name in keyof typeof soundLimits]: number };
}

export function createSounds({ dirs, mono, limits = soundLimits }: SoundsOptions): Sounds {
  let last: { readonly at: number; readonly list: Promise<SoundList> } | null = null;
  let looking = false;
  return {
    list() {
      // One look at a time: a folder that hangs costs one thread, however often it is asked for.
      if (last === null || (!looking && mono() - last.at > limits.freshMs)) {
        looking = true;
        const list = look(dirs, limits).finally(() => {
          looking = false;
        });
        last = { at: mono(), list };
      }
      return last.list;
    },
  };
}

async function look(dirs: SoundsOptions['dirs'], limits: Required<SoundsOptions>['limits']): Promise<SoundList> {
  const names = new Set<string>();
  const faults: string[] = [];
  let left = limits.entries;

  async function into(dir: string, prefix: string, depth: number): Promise<void> {
    for await (const entry of await opendir(dir)) {
      if (left-- <= 0) return;
      if (entry.name.startsWith('.')) continue;
      const path = join(dir, entry.name);
      const kind = await kindOf(entry, path);
      if (kind === 'file') take(prefix + entry.name);
      if (kind !== 'folder' || depth === 0) continue;
      const below = prefix === '' && LANGUAGE.test(entry.name) ? '' : `${prefix}${entry.name}/`;
      await into(path, below, depth - 1).catch(() => {}); // one that isn't ours to read
    }
  }

  function take(file: string): void {
    if (!FORMAT.test(file)) return;
    const name = file.replace(FORMAT, '');
    if (v.is(SOUND, name)) names.add(name);
  }

  for (const dir of dirs) {
    await into(dir, '', limits.depth).catch((error: unknown) => faults.push(`${dir}: ${codeOf(error)}`));
  }
  const sorted = [...names].sort((a, b) => Number(b.startsWith(OWN)) - Number(a.startsWith(OWN)) || (a < b ? -1 : 1));
  return {
    names: sorted.slice(0, limits.names),
    more: left < 0 || sorted.length > limits.names,
    // One of several places that is not there is no fault: Debian's and the sources' differ.
    why: faults.length === dirs.length ? faults.join(', ') : '',
  };
}

/** Links are followed: Debian's folder of sounds is full of them. */
async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const found = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
  if (found?.isFile()) return 'file';
  return found?.isDirectory() ? 'folder' : 'other';
}
