/** A year of calls written in bulk: records drawn by history.ts, folded by the very rules of the store. */
import { dirname } from 'node:path';
import type { FoldedCall, FoldRules } from '../../storage/model/fold.ts';
import { foldLegs } from '../../storage/model/fold.ts';
import type { StoredLeg } from '../../storage/model/identity.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { parseRecordingName } from '../../storage/model/recording-name.ts';
import type { Bind, Database } from '../../storage/sql/database.ts';
import { insertLeg } from '../../storage/sql/leg.ts';
import type { BenchSizes } from './generate.ts';
import { type DrawnCall, drawHistory } from './history.ts';
import { type RecordingFolder, SOUND_SECONDS } from './recording-folder.ts';

/** Calls of one transaction. */
const BATCH = 5_000;
/** The store keeps 250,000 rows of its outbox; these last calls make about as many. */
const ANNOUNCED_CALLS = 100_000;

export function fill(
  database: Database,
  sizes: BenchSizes,
  seed: number,
  rules: FoldRules,
  recordings: RecordingFolder,
): void {
  const put = createWriter(database, sizes, rules, recordings);
  let batch: DrawnCall[] = [];
  const flush = () => {
    database.transaction(() => {
      for (const call of batch) put(call);
    });
    batch = [];
  };
  for (const call of drawHistory(seed, sizes)) if (batch.push(call) === BATCH) flush();
  flush();
}

function createWriter(database: Database, sizes: BenchSizes, rules: FoldRules, recordings: RecordingFolder) {
  const figures = { calls: 0, rows: 0, files: 0, sequence: 0 };

  /** The row of one announcement is written where the store would still have it. */
  function announce(kind: string, ref: number, epoch: number): number {
    figures.sequence++;
    if (figures.calls > sizes.calls - ANNOUNCED_CALLS)
      database.run('INSERT INTO outbox (id, kind, ref, at) VALUES (?, ?, ?, ?)', [figures.sequence, kind, ref, epoch]);
    return figures.sequence;
  }

  function putRecording(path: string, seconds: number, end: number, call: number): void {
    const sounds = figures.files++ >= sizes.recordings - sizes.files;
    const file = recordings.write(path, sounds ? SOUND_SECONDS : seconds, end, sounds ? figures.files : null);
    const row = { ...recordingRow(path, end), ...file, call_id: call, match: 'named' };
    announce('recording', insert(database, 'recording', row), end);
  }

  return ({ legs, recording }: DrawnCall): void => {
    figures.calls++;
    const group = legs[0]?.linkedId ?? '';
    const stored = legs.map((leg: Leg): StoredLeg => {
      const id = insertLeg(database, group, 2, leg);
      announce('cdr', id, leg.end.epoch);
      return { ...leg, id, group, sources: 2 };
    });
    for (const folded of foldLegs(stored, rules, [])) {
      const id = ++figures.rows;
      const { row } = folded;
      const changed = announce('call', id, row.end.epoch);
      insert(database, 'call', { id, changed, ...callRow(group, folded) });
      if (recording && row.recording === recording.path)
        putRecording(recording.path, recording.seconds, row.end.epoch, id);
    }
  };
}

function callRow(group: string, { anchor, row }: FoldedCall): Record<string, Bind> {
  return {
    call_group: group,
    anchor,
    open: 0,
    start_at: row.start.epoch,
    start_offset: row.start.offset,
    answer_at: row.answer,
    end_at: row.end.epoch,
    end_offset: row.end.offset,
    src: row.src,
    dst: row.dst,
    src_trunk: row.srcTrunk,
    dst_trunk: row.dstTrunk,
    port: row.port,
    duration: row.duration,
    billsec: row.billsec,
    disposition: row.disposition,
    calltype: row.callType,
    accountcode: row.accountCode,
    cidname: row.cidName,
    ivr: row.ivr,
    uniqueid: row.uniqueId,
    recording: row.recording,
  };
}

function insert(database: Database, table: string, row: Readonly<Record<string, Bind>>): number {
  const names = Object.keys(row);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  return database.run(sql, Object.values(row)).id;
}

function recordingRow(path: string, written: number): Record<string, Bind> {
  const name = parseRecordingName(path, ['96', '42']);
  return {
    medium: 1, // the one that every store begins with
    path,
    folder: dirname(path),
    state: 'ok',
    wall_at: name.wall,
    answer_at: name.epoch,
    calltype: name.callType,
    trunk: name.trunk ?? '',
    src: name.src,
    dst: name.dst,
    found_at: written,
  };
}
