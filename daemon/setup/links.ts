/**
 * Folders that root works in may be Asterisk's own (Debian's /etc/asterisk, a stick): whoever breaks into Asterisk can lay links
 * in them, from a configuration file to /etc/shadow, say, and what root then writes, or gives to Asterisk's group, would be
 * something else. A link counts that root has laid, or that leads to what belongs to who has laid it.
 */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/** Links one after another that the kernel follows. */
const MAX_LINKS = 40;

/** @throws for a path that leads over somebody's link to what isn't theirs. What isn't there leads nowhere. */
export function refuseStrangeLinks(path: string): void {
  if (process.getuid?.() !== 0) return; // by its own rights nobody gets further than they may
  let left = resolve(path).split(sep).slice(1);
  let at = '/';
  for (let links = 0; left.length > 0 && links <= MAX_LINKS; ) {
    const next = join(at, left[0] ?? '');
    left = left.slice(1);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (!found) return;
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    const target = resolve(dirname(next), readlinkSync(next));
    const owner = statSync(next, { throwIfNoEntry: false })?.uid;
    if (found.uid !== 0 && owner !== undefined && owner !== found.uid)
      throw new Error(
        `${next} is a link of user ${found.uid} to ${target}, which is another user's: it is not followed as root. ` +
          'Look who has laid it; if it is right, make it root’s (chown -h root)',
      );
    left = [...target.split(sep).slice(1), ...left];
    at = '/';
  }
}
