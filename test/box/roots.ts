/** The systems that a run of test/box has, by name; run.sh says which and where. */
import type { Root } from './box.ts';

export interface CachedRoot {
  readonly name: Root;
  /** Folder of the system, which nobody writes to. */
  readonly folder: string;
}

/** @throws when the tests were started otherwise. */
export function cachedRoots(): CachedRoot[] {
  const words = (process.env['CDRD_BOX_ROOTS'] ?? '').split(' ').filter(Boolean);
  const roots = words.flatMap((word) => {
    const [name, folder] = word.split('=');
    return (name === 'sid' || name === 'bullseye') && folder !== undefined ? [{ name, folder } as const] : [];
  });
  if (roots.length === 0) throw new Error('CDRD_BOX_ROOTS is not set: start the tests by test/box/run.sh');
  return roots;
}
