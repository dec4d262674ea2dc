/**
 * The numbers, in the guide's order: the one place where a number stands beside its verb. A number once released is never
 * given to another verb; those of ours begin at 30000.
 */
import { login } from './access/login.ts';
import { queryCalls } from './cdr/query.ts';
import { traceCall } from './cdr/trace.ts';
import { deleteRecordings } from './recording/delete.ts';
import { downloadRecordings } from './recording/download.ts';
import { queryRecordings } from './recording/query.ts';
import type { Verb } from './verb.ts';

export const TABLE: Readonly<Record<number, Verb>> = {
  8401: login,
  8404: login,
  9006: queryCalls,
  20036: downloadRecordings,
  20053: queryRecordings,
  20054: deleteRecordings,
  30001: traceCall,
};
