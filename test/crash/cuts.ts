/**
 * Which states of the disk are looked at: at one moment there are 2^n of them, and these are where bugs have been found:
 * all of it (a process killed), nothing of it, all but one change, one change alone, a write in part, any part of it.
 */
import type { Random } from '../simulator/random.ts';
import type { DiskImage, Landed, Pending, Tree } from './disk-image.ts';

/** `kill`: the system goes on without the process; `power`: the system goes, too. */
export type Way = 'kill' | 'power';

export interface Cut {
  readonly way: Way;
  /** For whoever reads of a loss. */
  readonly what: string;
  readonly tree: Tree;
}

/** Where the process alone dies: everything done is there. */
export function kill(image: DiskImage): Cut {
  return { way: 'kill', what: 'killed', tree: image.tree(() => 'whole') };
}

/** Some of what a power cut may leave now, `count` at most; the plainest first, then by chance. */
export function powerCuts(image: DiskImage, random: Random, count: number): Cut[] {
  const pending = image.pending();
  if (pending.length === 0) return [];
  const cut = (what: string, landed: (change: Pending) => Landed | null): Cut => ({
    way: 'power',
    what,
    tree: image.tree(landed),
  });
  const cuts = [cut('nothing unsynced is there', () => null)];
  const draws: readonly ((one: Pending) => Cut)[] = [
    (one) => cut(`all but change ${one.number}`, ({ number }) => (number === one.number ? null : 'whole')),
    (one) => cut(`change ${one.number} alone`, ({ number }) => (number === one.number ? 'whole' : null)),
    (one) => cut(`change ${one.number} in part`, (each) => (each.number === one.number ? part(each, random) : 'whole')),
    (one) => cut(`up to change ${one.number}, in part`, (each) => upTo(each, one, random)),
    () => cut('any part', (each) => random.pick([null, 'whole', part(each, random)])),
  ];
  while (cuts.length < count) cuts.push(random.pick(draws)(random.pick(pending)));
  return cuts.slice(0, count);
}

/** A write with some of its sectors, or with its length alone; whatever else there is can only be whole. */
function part({ sectors }: Pending, random: Random): Landed {
  if (sectors < 2) return sectors === 0 ? 'whole' : random.pick(['whole', 'blank']);
  const half = random.whole(0, sectors);
  return random.pick([
    'blank' as const,
    new Set(Array.from({ length: half }, (_, sector) => sector)),
    new Set(Array.from({ length: sectors }, (_, sector) => sector).filter(() => random.next() < 0.5)),
  ]);
}

function upTo(each: Pending, one: Pending, random: Random): Landed | null {
  if (each.number > one.number) return null;
  return each.number === one.number ? part(each, random) : 'whole';
}
