/**
 * The numbers, in the guide's order: the one place where a number stands beside its verb. A number once released is never
 * given to another verb; those of ours begin at 30000.
 */
import { login } from './access/login.ts';
import { queryCalls } from './cdr/query.ts';
import { traceCall } from './cdr/trace.ts';
import { listContacts } from './contact/list.ts';
import { putContacts } from './contact/put.ts';
import { removeContacts } from './contact/remove.ts';
import { queryRecordings } from './recording/query.ts';
import { changeSettings } from './settings/change.ts';
import { listSettings } from './settings/list.ts';
import type { Verb } from './verb.ts';

export const TABLE: Readonly<Record<number, Verb>> = {
  8401: login,
  8404: login,
  9006: queryCalls,
  20053: queryRecordings,
  30001: traceCall,
  30013: listContacts,
  30014: putContacts,
  30015: removeContacts,
  30016: listSettings,
  30017: changeSettings,
};
