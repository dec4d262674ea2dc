/** Every verb but `run`, which is loaded without them. */
import { amiUser } from './ami-user.ts';
import { backup } from './backup.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { exportAll } from './export.ts';
import { importCsv } from './import.ts';
import { refold } from './refold.ts';
import { restore } from './restore.ts';
import { setup } from './setup.ts';
import { trace } from './trace.ts';
import { user } from './user.ts';
import { verify } from './verify.ts';

export const COMMANDS: Readonly<Record<string, Command>> = {
  setup,
  user,
  'ami-user': amiUser,
  import: importCsv,
  export: exportAll,
  backup,
  restore,
  refold,
  verify,
  trace,
  doctor,
};
