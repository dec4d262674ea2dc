/** What dialects need from above about the machine itself: what programs such as `uptime`, `df` and `du` would tell of it. */

/** Room of a file system, bytes. */
export interface DiskRoom {
  readonly size: number;
  readonly used: number;
  /** For everybody but root. */
  readonly available: number;
}

/** What the files of a folder take on their disk. */
export interface FolderSize {
  /** Bytes of what could be looked at; null: nothing could. */
  readonly bytes: number | null;
  /** Folders and files that could not be looked at. */
  readonly unread: number;
  /** Whether it was given up, because there is so much in it. */
  readonly isCut: boolean;
  /** Why there is nothing, for people; '' where there is something. */
  readonly why: string;
}

export interface Machine {
  /** Seconds since it was started. */
  uptime(): number;
  /** Average load of the last minute, five and fifteen. */
  load(): readonly [number, number, number];
  /** Who is logged in at it, at a terminal or by SSH; null: it keeps no list of them. */
  users(): Promise<number | null>;
  /** @throws where it doesn't tell. */
  room(path: string): Promise<DiskRoom>;
  /** Known for a minute. Several at a time are looked at one after another. */
  folder(path: string): Promise<FolderSize>;
  /** Tables of iptables that the kernel holds; null: it doesn't show them to this process. */
  filterTables(): Promise<readonly string[] | null>;
}
