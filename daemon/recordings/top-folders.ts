/** The top of the medium: which folders there are for recordings to lie in, and whether some lie beside them. */
import { readdirSync } from 'node:fs';

/** Names that can be told to the index and opened again: what is no UTF-8 is left alone, as is what is hidden. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param real The recordings folder, its links resolved. @throws what the system throws. */
export function topOf(real: string): { readonly folders: readonly string[]; readonly wavs: boolean } {
  const folders: string[] = [];
  let wavs = false;
  // As bytes: where a file system keeps no types Node looks at each entry by its name as it gives it, and a name in latin1
  // is no name there. One folder that isn't called in ASCII would then be a medium that can't be read.
  for (const entry of readdirSync(real, { encoding: 'buffer', withFileTypes: true })) {
    const name = textOf(entry.name);
    if (name === null || name.startsWith('.')) continue;
    if (entry.isFile() && /\.wav$/i.test(name)) wavs = true;
    if (entry.isDirectory()) folders.push(name);
  }
  return { folders, wavs };
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
