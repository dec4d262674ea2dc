/** Names of backups, pure: when one was made by the box's clock, and which go when there are enough. */

const BOX = '[0-9a-f]{6}';
/** One that a person has renamed may lack its box. */
const NAME = new RegExp(`^cdrd-(\\d{8}T\\d{6})(?:-(${BOX}))?\\.db$`);
const LOCAL = /^cdrd-schema(\d+)-(\d{8}T\d{6})\.db$/;

/** `20261126T040000`, UTC: it never goes back as local time does. @param at Epoch seconds. */
export function stampOf(at: number): string {
  return new Date(at * 1000).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
}

/** `cdrd-20261126T040000-3f09c2.db`: no colon, which FAT refuses. @param box Which box made it: several may share a medium. */
export function backupName(at: number, box: string): string {
  return `cdrd-${stampOf(at)}-${box}.db`;
}

/** The box that made it; null: it doesn't say, or is no backup's name. */
export function backupBox(name: string): string | null {
  return NAME.exec(name)?.[2] ?? null;
}

export function isBoxId(text: string): boolean {
  return new RegExp(`^${BOX}$`).test(text);
}

/** When the backup of this name was made, epoch seconds; null: it is no backup's name. */
export function backupTime(name: string): number | null {
  return timeOf(NAME.exec(name)?.[1]);
}

/** The same of a copy taken before a migration, `cdrd-schema6-20261126T040000.db`, which lies on the box. */
export function localBackup(name: string): { readonly schema: number; readonly at: number } | null {
  const [, schema, stamp] = LOCAL.exec(name) ?? [];
  const at = timeOf(stamp);
  return at === null ? null : { schema: Number(schema), at };
}

function timeOf(stamp: string | undefined): number | null {
  const text = stamp?.replace(/^(....)(..)(..T..)(..)(..)$/, '$1-$2-$3:$4:$5Z') ?? '';
  const at = Date.parse(text) / 1000;
  return Number.isNaN(at) ? null : at;
}

/**
 * Which of these backups are over: of each day only the last stays, so that some made by hand don't push the week's out,
 * and of those the newest `keep`.
 * @param names In the order of making. Their times don't tell it: a week by a clock that was years ahead would push out
 *   every one made since. @param dayOf The day that an epoch second falls on, for people.
 */
export function overdue(names: readonly string[], keep: number, dayOf: (at: number) => string): string[] {
  const days = new Set<string>();
  return names
    .filter((name) => backupTime(name) !== null)
    .reverse()
    .filter((name) => {
      const day = dayOf(backupTime(name) ?? 0);
      if (days.has(day) || days.size >= keep) return true;
      days.add(day);
      return false;
    });
}
