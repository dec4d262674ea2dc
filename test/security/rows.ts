/** The rows of the table, in the order of the list of flaws. */
import type { Row } from './row.ts';
import { amiSplit } from './rows/ami-split.ts';
import { cleartext } from './rows/cleartext.ts';
import { noSession } from './rows/no-session.ts';
import { oddTypes } from './rows/odd-types.ts';
import { osCommand } from './rows/os-command.ts';
import { sqlBlind } from './rows/sql-blind.ts';
import { sqlLogin } from './rows/sql-login.ts';
import { sqlParams } from './rows/sql-params.ts';

export const ROWS: readonly Row[] = [
  sqlLogin,
  sqlBlind,
  sqlParams,
  cleartext,
  osCommand,
  oddTypes,
  noSession,
  amiSplit,
];
