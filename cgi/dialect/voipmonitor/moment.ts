/** Times as VoIPmonitor's clients write them, on the box's clock. */
import type { Bounds } from '../../../storage/filter.ts';
import { parseLocal, type Zone } from '../../../storage/model/local-time.ts';
import { bounds, epochBounds, ordered } from '../../range.ts';
import { CgiError } from '../../reply.ts';

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/;

/** A time by the name under which it was sent; '' where it wasn't. */
export type Named = readonly [name: string, text: string];

/**
 * Seconds of the wall clock; undefined where none was given.
 * @param day When a day alone is: as there, its very beginning. @throws {CgiError} `invalid`
 */
export function wallOf([name, text]: Named, day: '00:00:00' | '23:59:59' = '00:00:00'): number | undefined {
  if (text === '') return undefined;
  const [, date, minute, second = ':00'] = TIME.exec(text) ?? [];
  const wall = date === undefined ? null : parseLocal(`${date} ${minute === undefined ? day : `${minute}${second}`}`);
  if (wall === null) throw new CgiError('invalid', `${name} must be a time such as 2021-05-07 08:30:00`, name);
  return wall;
}

/** From one to the other, both included, as moments. @throws {CgiError} `invalid` */
export function between(from: Named, to: Named, zone: Zone, lastDay?: '23:59:59'): Bounds {
  const [begin, end] = [wallOf(from), wallOf(to, lastDay)];
  ordered(from[0], begin, end, `is after ${to[0]}`);
  return epochBounds(bounds(begin, end), zone);
}
