/** How far Asterisk's CDR CSV was read, written in the transaction of its rows, and the lines kept aside. */
import type { Database } from './database.ts';

/** Where reading goes on, bytes and lines of the uncompressed file. */
export interface CsvPosition {
  readonly offset: number;
  readonly line: number;
}

/** How far a file was read. */
export interface CsvProgress extends CsvPosition {
  /**
   * The last bytes before the position, as base64; '' = not known. Nobody makes Asterisk's CSV durable: a power cut may take
   * lines that were read already, and others come to stand in their place.
   */
  readonly tail: string;
}

/** A line that is no record. */
export interface CsvFault extends CsvPosition {
  readonly reason: string;
  readonly text: string;
}

/** A file of the CSV, by the hash of its first line. */
export interface CsvFile {
  readonly signature: string;
  readonly path: string;
}

/** Files remembered: years of weekly rotation; the one read least lately goes first. */
const FILES_KEPT = 256;
/** Broken lines kept: a file of another program, taken by mistake, must not fill the flash. */
const FAULTS_KEPT = 1_000;

export function csvPositions(database: Database): (CsvProgress & { readonly signature: string })[] {
  return database.all('SELECT signature, position, line, tail FROM csv_file').map((row) => ({
    signature: String(row['signature']),
    offset: Number(row['position']),
    line: Number(row['line']),
    tail: String(row['tail']),
  }));
}

/** @param now Epoch seconds. */
export function writeCsvPosition(database: Database, file: CsvFile, at: CsvProgress, now: number): void {
  database.run(
    `INSERT INTO csv_file (signature, path, position, line, tail, read_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (signature) DO UPDATE SET path = excluded.path, position = excluded.position, line = excluded.line,
       tail = excluded.tail, read_at = excluded.read_at`,
    [file.signature, file.path, at.offset, at.line, at.tail, now],
  );
  database.run(
    `DELETE FROM csv_file WHERE signature IN (SELECT signature FROM csv_file ORDER BY read_at DESC LIMIT -1 OFFSET ${FILES_KEPT})`,
  );
}

/** @param now Epoch seconds. */
export function keepCsvFault(database: Database, file: CsvFile, fault: CsvFault, now: number): void {
  const { id } = database.run(
    'INSERT INTO csv_fault (signature, path, position, line, reason, content, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [file.signature, file.path, fault.offset, fault.line, fault.reason, fault.text, now],
  );
  database.run('DELETE FROM csv_fault WHERE id <= ?', [id - FAULTS_KEPT]);
}
