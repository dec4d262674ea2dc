/** The rows of the table, in the order of the list of flaws. */
import type { Row } from './row.ts';
import { amiSplit } from './rows/ami-split.ts';
import { sqlLogin } from './rows/sql-login.ts';

export const ROWS: readonly Row[] = [sqlLogin, amiSplit];
