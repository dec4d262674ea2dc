/** Dates and times: what people send, what Asterisk writes, and the clocks of zones between. */

import * as v from 'valibot';
import * as fields from '../../../cgi/fields.ts';
import { dateRange } from '../../../cgi/range.ts';
import { CgiError } from '../../../cgi/reply.ts';
import { backupBox, backupName, backupTime, localBackup, overdue } from '../../../storage/model/backup-name.ts';
import { formatLocal, parseLocal, resolveLocal, uniqueIdEpoch, zone } from '../../../storage/model/local-time.ts';
import { choicesOf, holds, orRefused, same, type Target, utf8 } from '../target.ts';

const ZONES = [
  'UTC',
  'Etc/GMT+8',
  'Europe/Berlin',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Monrovia',
]
  .concat('Pacific/Apia')
  .map(zone);
const DAY = 86_400;

/** What a calendar says, by hand. */
function wallOf(text: string): number | null {
  const [all, ...parts] = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  if (all === undefined) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (month < 1 || month > 12 || day < 1 || day > (days[month - 1] ?? 0) || hour > 23 || minute > 59 || second > 59)
    return null;
  const years = 365 * year + Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400);
  const before = days.slice(0, month - 1).reduce((sum, each) => sum + each, 0);
  return (years - 719_528 + before + day - 1) * DAY + hour * 3600 + minute * 60 + second;
}

const dates: Target = {
  name: 'dates',
  max: 200,
  words: [
    '2021-05-07 00:00',
    '2021-05-07 00:00:00',
    '2024-02-29 23:59:59',
    '1969-12-31',
    '9999-12-31 23:59:59',
    '0000-01-01',
  ].concat(
    ['T', 'Z', '24:00:00', '23:59:60', '2021-10-31 02:30:00', '2021-03-28 02:30:00', '+05:00', '20261126T040000'],
    ['cdrd-', '.db', 'cdrd-schema6-', '-3f09c2'],
  ),
  run(input) {
    const text = utf8(input);
    const [first = '', second = ''] = text.split('\n', 2);
    const choices = choicesOf(input);
    const wall = parseLocal(first);
    same(wall, wallOf(first), `the calendar's ${JSON.stringify(first)}`);
    if (wall !== null) {
      same(formatLocal(wall, 0), first, 'written as it was read');
      const here = choices.pick(ZONES);
      const near = wall + choices.whole(-DAY, DAY);
      const { epoch, offset } = resolveLocal(wall, here, near);
      holds(Math.abs(epoch + offset - wall) <= DAY && Number.isSafeInteger(epoch), 'a moment near its text', {
        epoch,
        offset,
        wall,
      });
      // A moment's own text leads back to it.
      if (wall > -60_000_000_000 && wall < 253_000_000_000)
        same(resolveLocal(parseLocal(here.text(wall)) ?? 0, here, wall).epoch, wall, 'back to the moment');
    }
    // As parameters: what is accepted is that minute or second.
    const read = v.safeParse(v.object({ a: fields.startDate, b: fields.endDate }), { a: first, b: second });
    if (read.success) {
      const { a, b } = read.output;
      if (a)
        same(a.wall, wallOf(a.text.replace('T', ' ').padEnd(19, ':00')), 'a start to the minute is its first second');
      if (b)
        same(b.wall, wallOf(b.text.replace('T', ' ').padEnd(19, ':59')), 'an end to the minute is its last second');
      const range = orRefused(
        () => dateRange({ startdate: a, enddate: b }, choices.pick(ZONES), 1_620_374_702),
        CgiError,
      );
      if (range)
        holds(
          (range.wall.from ?? Number.NEGATIVE_INFINITY) <= (range.wall.to ?? Number.POSITIVE_INFINITY),
          'no range upside down',
          range.wall,
        );
    }
    const created = uniqueIdEpoch(first);
    holds(created === null || (Number.isSafeInteger(created) && created >= 0), 'an epoch', created);
    backups(text);
  },
};

function backups(text: string): void {
  const names = text.split('\n');
  for (const name of names) {
    const at = backupTime(name);
    const box = backupBox(name);
    holds(at === null || Number.isSafeInteger(at), 'a whole second', at);
    if (at !== null && box !== null) same(backupName(at, box), name, 'the name of its moment');
    const local = localBackup(name);
    holds(local === null || (Number.isSafeInteger(local.at) && local.schema >= 0), 'a copy before a migration', local);
  }
  const over = overdue(names, 2, (at) => String(Math.floor(at / DAY)));
  for (const name of over) holds(names.includes(name) && backupTime(name) !== null, 'only backups are over', name);
}

export const timeTargets: readonly Target[] = [dates];
