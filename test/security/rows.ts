/** The rows of the table: first those that the issue names flaws for, then the rest of what such flaws were made of. */
import type { Row } from './row.ts';
import { amiFiles } from './rows/ami-files.ts';
import { amiOriginate } from './rows/ami-originate.ts';
import { amiPermit } from './rows/ami-permit.ts';
import { amiSplit } from './rows/ami-split.ts';
import { auditLog } from './rows/audit-log.ts';
import { cleartext } from './rows/cleartext.ts';
import { codeTwice } from './rows/code-twice.ts';
import { csvRun } from './rows/csv-run.ts';
import { defaultPassword } from './rows/default-password.ts';
import { dialectCall } from './rows/dialect-call.ts';
import { dialectGuess } from './rows/dialect-guess.ts';
import { dialectParams } from './rows/dialect-params.ts';
import { dialectWay } from './rows/dialect-way.ts';
import { guessing } from './rows/guessing.ts';
import { headerSplit } from './rows/header-split.ts';
import { logLine } from './rows/log-line.ts';
import { noSession } from './rows/no-session.ts';
import { oddTypes } from './rows/odd-types.ts';
import { osCommand } from './rows/os-command.ts';
import { otherSite } from './rows/other-site.ts';
import { pathOut } from './rows/path-out.ts';
import { permit } from './rows/permit.ts';
import { rebinding } from './rows/rebinding.ts';
import { replay } from './rows/replay.ts';
import { secrets } from './rows/secrets.ts';
import { session } from './rows/session.ts';
import { setup } from './rows/setup.ts';
import { sqlBlind } from './rows/sql-blind.ts';
import { sqlLogin } from './rows/sql-login.ts';
import { sqlParams } from './rows/sql-params.ts';
import { ssrf } from './rows/ssrf.ts';

export const ROWS: readonly Row[] = [
  sqlLogin,
  sqlBlind,
  sqlParams,
  cleartext,
  secrets,
  osCommand,
  oddTypes,
  noSession,
  setup,
  session,
  defaultPassword,
  guessing,
  codeTwice,
  replay,
  amiSplit,
  amiFiles,
  amiOriginate,
  amiPermit,
  permit,
  rebinding,
  otherSite,
  pathOut,
  ssrf,
  csvRun,
  headerSplit,
  logLine,
  auditLog,
  dialectParams,
  dialectWay,
  dialectCall,
  dialectGuess,
];
