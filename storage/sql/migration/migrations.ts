/** The schema's history. A migration once released is never edited: the next one mends it. */
import { first } from './0001-first.ts';
import { csvAndConference } from './0002-csv-conference.ts';
import { numbers } from './0003-numbers.ts';
import { search } from './0004-search.ts';
import { contactStaged } from './0005-contact-staged.ts';
import { recordingPause } from './0006-recording-pause.ts';
import { medium } from './0007-medium.ts';
import { truth } from './0008-truth.ts';
import { retention } from './0009-retention.ts';
import { csvTail } from './0010-csv-tail.ts';
import { auditChain } from './0011-audit-chain.ts';
import { keyEnd } from './0012-key-end.ts';
import { accountsAndViews } from './0013-accounts-views.ts';
import { missed } from './0014-missed.ts';
import { sums } from './0015-sums.ts';
import { number } from './0016-number.ts';
import { keyScopes } from './0017-key-scopes.ts';
import { share } from './0018-share.ts';
import { starts } from './0019-starts.ts';
import type { Migration } from './migration.ts';

/** Step n stands at index n − 1 and leads to `user_version` n. */
export const migrations: readonly Migration[] = [
  first,
  csvAndConference,
  numbers,
  search,
  contactStaged,
  recordingPause,
  medium,
  truth,
  retention,
  csvTail,
  auditChain,
  keyEnd,
  accountsAndViews,
  missed,
  sums,
  number,
  keyScopes,
  share,
  starts,
];
