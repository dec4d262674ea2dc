/**
 * The crash matrix: every act of a life × every site of a file operation inside it, and how many disks were looked at that a
 * kill or a power cut may have left there. The disks are built from the life's trace; which of them, chance says.
 */
import { join } from 'node:path';
import type { Random } from '../simulator/random.ts';
import { kill, powerCuts } from './cuts.ts';
import { diskImage } from './disk-image.ts';
import { expecting, noteOf } from './expectations.ts';
import { type Findings, look, lookByStart } from './look.ts';
import { isOwn, type Life } from './player.ts';
import { sitesOf } from './site.ts';
import type { Happening } from './trace.ts';

export interface Row {
  readonly act: string;
  readonly site: string;
  /** Disks looked at, as a kill and as a power cut may have left them; of these, by a start of the whole daemon. */
  kills: number;
  cuts: number;
  starts: number;
  losses: number;
  doubles: number;
  faults: number;
}

export interface Effort {
  /** Moments of each site, `Infinity` = all, and power cuts in each. */
  readonly moments: number;
  readonly cuts: number;
  /** Disks of each site on which the whole daemon is started; of those that move recordings all are. */
  readonly starts: number;
}

export interface Matrix {
  readonly rows: readonly Row[];
  /** The first disks on which something was missing, twice or wrong, in words. */
  readonly complaints: readonly string[];
}

/** Complaints kept: one is enough to work on, some more show what they have in common. */
const COMPLAINTS = 20;

/** Daemons at a time: each waits for most of its life. */
const STARTS_AT_ONCE = 6;

/** A happening with what belongs to it. */
interface Moment {
  readonly index: number;
  readonly act: string;
  readonly site: string;
}

/** Of an act whose name says so the recordings are moved, which only the whole daemon knows how to go on with. */
const MOVES_RECORDINGS = / recordings$/;

/**
 * @param room A folder that disks are laid out in.
 * @param happenings Others than the life's own: with an fsync left out, say.
 */
export async function crash(
  life: Life,
  room: string,
  random: Random,
  effort: Effort,
  happenings = life.happenings,
): Promise<Matrix> {
  const own = happenings.filter((happening) => !('path' in happening) || isOwn(happening.path));
  const chosen = choose(momentsOf(own), random, effort.moments);
  const rows = new Map<string, Row>();
  const complaints: string[] = [];
  const image = diskImage(life.first);
  const looks = atOnce(STARTS_AT_ONCE);
  let expectations = life.before;

  async function lookAt({ act, site, index }: Moment): Promise<void> {
    const row = rowOf(rows, act, site);
    for (const { way, what, tree } of [kill(image), ...powerCuts(image, random, effort.cuts)]) {
      const left = { tree, expectations, lines: life.lines };
      const starts = MOVES_RECORDINGS.test(act) || row.starts < effort.starts;
      row[way === 'kill' ? 'kills' : 'cuts'] += 1;
      if (starts) row.starts += 1;
      const where = `${life.name} · ${act} · ${site}, happening ${index}, ${what}`;
      if (!starts) count(row, await look(left, join(room, 'disk')), where);
      else await looks.begin((own) => lookByStart(left, join(room, own)).then((found) => count(row, found, where)));
    }
  }

  function count(row: Row, { losses, doubles, faults }: Findings, where: string): void {
    row.losses += losses.length;
    row.doubles += doubles.length;
    row.faults += faults.length;
    const all = [...losses, ...doubles, ...faults];
    if (all.length > 0 && complaints.length < COMPLAINTS) complaints.push(`${where}: ${wordsOf(all)}`);
  }

  // A disk is looked at just before the next thing is done to it: by then everything has been told that may be told.
  let due: Moment | undefined;
  for (const [index, happening] of own.entries()) {
    const said = noteOf(happening);
    if (said === null && due) {
      await lookAt(due);
      due = undefined;
    }
    if (said && 'is' in said) expectations = expecting(expectations, said);
    image.apply(happening);
    due = chosen.get(index) ?? due;
  }
  if (due) await lookAt(due);
  await looks.ended();
  return { rows: [...rows.values()], complaints };
}

/** Works that wait more than they compute: so many at a time, each with a name of its own. */
function atOnce(most: number) {
  const free = Array.from({ length: most }, (_, index) => `disk-${index}`);
  const running = new Set<Promise<void>>();
  return {
    /** Settles when it has begun. */
    async begin(work: (name: string) => Promise<void>): Promise<void> {
      while (running.size >= most) await Promise.race(running);
      const name = free.pop() as string;
      const done: Promise<void> = work(name).finally(() => {
        free.push(name);
        running.delete(done);
      });
      running.add(done);
    },
    ended: () => Promise.all(running),
  };
}

function momentsOf(happenings: readonly Happening[]): Moment[] {
  const sites = sitesOf(happenings);
  let act = '';
  return happenings.flatMap((happening, index) => {
    const said = noteOf(happening);
    if (said && 'act' in said) act = said.act;
    const site = sites[index];
    return site ? [{ index, act, site }] : [];
  });
}

/** So many of each site, by chance. */
function choose(moments: readonly Moment[], random: Random, most: number): Map<number, Moment> {
  const sites = new Map<string, Moment[]>();
  for (const moment of moments) {
    const name = `${moment.act} · ${moment.site}`;
    sites.set(name, [...(sites.get(name) ?? []), moment]);
  }
  const chosen = [...sites.values()].flatMap((all) => {
    while (all.length > most) all.splice(random.whole(0, all.length - 1), 1);
    return all;
  });
  return new Map(chosen.map((moment) => [moment.index, moment]));
}

function rowOf(rows: Map<string, Row>, act: string, site: string): Row {
  const name = `${act} · ${site}`;
  const row = rows.get(name) ?? { act, site, kills: 0, cuts: 0, starts: 0, losses: 0, doubles: 0, faults: 0 };
  rows.set(name, row);
  return row;
}

function wordsOf(found: readonly string[]): string {
  return `${found.slice(0, 3).join('; ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}`;
}

const FIGURES = ['kills', 'cuts', 'starts', 'losses', 'doubles', 'faults'] as const;

/** A line each site, and the sum. */
export function tableOf(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ act, site }) => `${act} · ${site}`.length)) + 2;
  const line = (name: string, figures: readonly (string | number)[]) =>
    name.padEnd(width) + figures.map((figure) => String(figure).padStart(8)).join('');
  const sum = FIGURES.map((figure) => rows.reduce((total, row) => total + row[figure], 0));
  return [
    line('act · site', FIGURES),
    ...rows.map((row) =>
      line(
        `${row.act} · ${row.site}`,
        FIGURES.map((figure) => row[figure]),
      ),
    ),
    line('sum', sum),
  ].join('\n');
}
