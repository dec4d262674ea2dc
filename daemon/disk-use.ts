/** How full a disk is. */

export const DISKS = ['recordings', 'state'] as const;
export type Disk = (typeof DISKS)[number];

export interface DiskUse {
  readonly disk: Disk;
  /** Of what there is, 0 to 1; null: there is none, or it doesn't say. */
  readonly used: number | null;
  readonly alarm: boolean;
}
