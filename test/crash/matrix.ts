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
  /** Disks looked at, as a kill and as a power cut may have left them, and starts of the whole daemon on some of them. */
  kills: number;
  cuts: number;
  starts: number;
  losses: number;
  doubles: number;
  faults: number;
}

export interface Effort {
  /** Operations of each site that a kill falls on; `Infinity` = all. */
  readonly kills: number;
  /** Operations of each site that the power goes at, or only the last of each act; and disks that it may leave each time. */
  readonly moments: number | 'ends';
  readonly cuts: number;
  /** Disks of each site on which the whole daemon is started. */
  readonly starts: number;
  /** Whether one complaint is enough. */
  readonly once?: boolean;
}

export interface Matrix {
  readonly rows: readonly Row[];
  /** The first disks on which something was missing, twice or wrong, in words. */
  readonly complaints: readonly string[];
  /** Sites of which no disk was looked at. */
  readonly untouched: readonly string[];
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
  const moments = momentsOf(own);
  const killed = choose(moments, random, effort.kills);
  const dark = effort.moments === 'ends' ? ends(moments) : choose(moments, random, effort.moments);
  const rows = new Map<string, Row>();
  const complaints: string[] = [];
  const image = diskImage(life.first);
  const looks = atOnce(STARTS_AT_ONCE);
  let expectations = life.before;

  async function lookAt(index: number): Promise<void> {
    const moment = killed.get(index) ?? dark.get(index);
    if (!moment) return;
    const { act, site } = moment;
    const row = rowOf(rows, act, site);
    const cuts = dark.has(index) ? powerCuts(image, random, effort.cuts) : [];
    for (const { way, what, tree } of killed.has(index) ? [kill(image), ...cuts] : cuts) {
      const left = { tree, expectations, lines: life.lines, migrations: life.migrations };
      const starts = !life.migrations && row.starts < effort.starts;
      row[way === 'kill' ? 'kills' : 'cuts'] += 1;
      if (starts) row.starts += 1;
      const where = `${life.name} · ${act} · ${site}, happening ${index}, ${what}`;
      count(row, await look(left, join(room, 'disk')), where);
      if (starts)
        await looks.begin((own) => lookByStart(left, join(room, own)).then((found) => count(row, found, where)));
    }
  }

  function count(row: Row, { losses, doubles, faults }: Findings, where: string): void {
    row.losses += losses.length;
    row.doubles += doubles.length;
    row.faults += faults.length;
    const all = [...losses, ...doubles, ...faults];
    if (all.length > 0 && complaints.length < COMPLAINTS) complaints.push(`${where}: ${wordsOf(all)}`);
  }

  const isEnough = () => effort.once === true && complaints.length > 0;

  // A disk is looked at just before the next thing is done to it: by then everything has been told that may be told.
  const sited = new Set(moments.map(({ index }) => index));
  let done = -1;
  for (const [index, happening] of own.entries()) {
    const said = noteOf(happening);
    if (said && 'is' in said) expectations = expecting(expectations, said);
    if (sited.has(index)) {
      await lookAt(done);
      if (isEnough()) break;
      done = index;
    }
    image.apply(happening);
  }
  if (!isEnough()) await lookAt(done);
  await looks.ended();
  const sites = new Set(moments.map(nameOf));
  return { rows: [...rows.values()], complaints, untouched: [...sites].filter((site) => !rows.has(site)) };
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

/** So many of each site, by chance; by their index. */
function choose(moments: readonly Moment[], random: Random, most: number): ReadonlyMap<number, Moment> {
  const sites = new Map<string, Moment[]>();
  for (const moment of moments) {
    const name = nameOf(moment);
    sites.set(name, [...(sites.get(name) ?? []), moment]);
  }
  const chosen = [...sites.values()].flatMap((all) => {
    while (all.length > most) all.splice(random.whole(0, all.length - 1), 1);
    return all;
  });
  return new Map(chosen.map((moment) => [moment.index, moment]));
}

/** When each act is over, and everything of it has been told. */
function ends(moments: readonly Moment[]): ReadonlyMap<number, Moment> {
  const last = moments.filter(({ act }, nth) => moments[nth + 1]?.act !== act);
  return new Map(last.map((moment) => [moment.index, moment]));
}

export function nameOf({ act, site }: Pick<Row, 'act' | 'site'>): string {
  return `${act} · ${site}`;
}

function rowOf(rows: Map<string, Row>, act: string, site: string): Row {
  const name = nameOf({ act, site });
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
  const width = Math.max(...rows.map((row) => nameOf(row).length)) + 2;
  const line = (name: string, figures: readonly (string | number)[]) =>
    name.padEnd(width) + figures.map((figure) => String(figure).padStart(8)).join('');
  const sum = FIGURES.map((figure) => rows.reduce((total, row) => total + row[figure], 0));
  return [
    line('act · site', FIGURES),
    ...rows.map((row) =>
      line(
        nameOf(row),
        FIGURES.map((figure) => row[figure]),
      ),
    ),
    line('sum', sum),
  ].join('\n');
}
