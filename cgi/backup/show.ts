/** A backup as answers show it. */
import type { Zone } from '../../storage/model/local-time.ts';
import type { LastBackup } from './port.ts';

export function shownLast({ at, ...backup }: LastBackup, zone: Zone): object {
  return { time: zone.text(at), ...backup };
}
