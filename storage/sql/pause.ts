/** The stretches in which a recording was paused. They name a channel and times alone, and the newest are kept. */
import type { Database } from './database.ts';

export interface PauseChange {
  /** Of the call in progress. */
  readonly linkedId: string;
  readonly channel: string;
  /** Which side's sound: what the recorded channel hears, what it says, or both. */
  readonly direction: 'read' | 'write' | 'both';
  readonly paused: boolean;
}

/** A stretch, epoch seconds; to null: it goes on. */
export interface Pause {
  readonly channel: string;
  readonly direction: string;
  readonly from: number;
  readonly to: number | null;
}

/** Pauses kept: some years of a busy hotline that never records a card's number. */
const PAUSES_KEPT = 20_000;

/**
 * Pausing twice is one pause; resuming what isn't paused is nothing. Each side is paused by itself (apps/app_mixmonitor.c):
 * to resume one side of both leaves the other. @param now Epoch seconds.
 */
export function changePause(database: Database, change: PauseChange, now: number): void {
  const { linkedId, channel, direction, paused } = change;
  const begin = (side: PauseChange['direction']) => {
    const { id } = database.run(
      'INSERT INTO recording_pause (linkedid, channel, direction, from_at) VALUES (?, ?, ?, ?)',
      [linkedId, channel, side, now],
    );
    database.run('DELETE FROM recording_pause WHERE id <= ?', [id - PAUSES_KEPT]);
  };
  const open = database.all(
    'SELECT id, direction FROM recording_pause WHERE linkedid = ? AND channel = ? AND to_at IS NULL',
    [linkedId, channel],
  );
  if (paused && open.some((pause) => pause['direction'] === 'both' || pause['direction'] === direction)) return;
  for (const { id, direction: side } of open)
    if (direction === 'both' || side === direction || (!paused && side === 'both')) {
      database.run('UPDATE recording_pause SET to_at = ? WHERE id = ?', [now, Number(id)]);
      if (side === 'both' && direction !== 'both') begin(direction === 'read' ? 'write' : 'read');
    }
  if (paused) begin(direction);
}

/** The call is over, and so are its pauses. @param end Epoch seconds. */
export function endPauses(database: Database, linkedId: string, end: number): void {
  database.run('UPDATE recording_pause SET to_at = max(from_at, ?) WHERE linkedid = ? AND to_at IS NULL', [
    end,
    linkedId,
  ]);
}

/** Pauses looked through for open ones: those of calls in progress are among the newest. */
const NEWEST = 256;

/** Recordings that are paused, for a daemon that begins in the midst of their calls: Asterisk doesn't tell of them. */
export function openPauses(database: Database): Pick<PauseChange, 'linkedId' | 'channel'>[] {
  return database
    .all(
      `SELECT DISTINCT linkedid, channel FROM recording_pause
       WHERE id > (SELECT max(id) FROM recording_pause) - ? AND to_at IS NULL`,
      [NEWEST],
    )
    .map((row) => ({ linkedId: String(row['linkedid']), channel: String(row['channel']) }));
}

/** Those of a call that begin within it: a box without a clock battery gives one LinkedID to many calls. */
export function pausesOf(database: Database, linkedId: string, from: number, to: number): Pause[] {
  return database
    .all(
      `SELECT channel, direction, from_at, to_at FROM recording_pause
       WHERE linkedid = ? AND from_at BETWEEN ? AND ? ORDER BY from_at, id`,
      [linkedId, from, to],
    )
    .map((row) => ({
      channel: String(row['channel']),
      direction: String(row['direction']),
      from: Number(row['from_at']),
      to: row['to_at'] === null ? null : Number(row['to_at']),
    }));
}
