/** What alarms are about: how the box stands at this moment, in three conditions (of the disks, one each). Pure. */
import type { Alarm, AlarmKind } from '../../cgi/alarm/port.ts';
import type { AsteriskStatus } from '../asterisk/connection.ts';
import type { DiskUse } from '../disk-use.ts';
import { isThere, type MediumState } from '../recordings/medium-state.ts';

export interface Condition extends Pick<Alarm, 'kind' | 'disk'> {
  /** `medium_gone`, `disk_full.state`. */
  readonly id: string;
  /** null: nobody knows at this moment, and it counts as it was. */
  readonly bad: boolean | null;
  /** Why it is bad; '' where nothing more is known, or it isn't. */
  readonly why: string;
}

export interface BoxState {
  readonly medium: Pick<MediumState, 'state' | 'why' | 'writable'>;
  readonly asterisk: Pick<AsteriskStatus, 'state' | 'why'>;
  readonly disks: readonly DiskUse[];
}

/** Each of them, always in the same order. */
export function conditionsOf({ medium, asterisk, disks }: BoxState): readonly Condition[] {
  // A stick that is there and takes nothing records no more than one that isn't. A slow one may be well again.
  const usable = isThere(medium) && medium.writable;
  const away = asterisk.state !== 'up' && asterisk.state !== 'off';
  return [
    condition('medium_gone', !usable, usable ? '' : medium.why),
    ...disks.map(({ disk, used, alarm }): Condition => {
      const percent = used === null ? '' : `${Math.round(used * 100)} % are used`;
      return {
        ...condition('disk_full', used === null ? null : alarm, alarm ? percent : ''),
        id: `disk_full.${disk}`,
        disk,
      };
    }),
    condition('asterisk_gone', away, away ? asterisk.why : ''),
  ];
}

function condition(kind: AlarmKind, bad: boolean | null, why: string): Condition {
  return { id: kind, kind, disk: null, bad, why };
}
