/** The command line: finds the verb, and says every fault on standard error and by an exit code. */
import { amiUser } from './command/ami-user.ts';
import { backup } from './command/backup.ts';
import type { Command } from './command/command.ts';
import { exportAll } from './command/export.ts';
import { importCsv } from './command/import.ts';
import { complain, print } from './command/print.ts';
import { explained } from './command/reason.ts';
import { refold } from './command/refold.ts';
import { restore } from './command/restore.ts';
import { run } from './command/run.ts';
import { trace } from './command/trace.ts';
import { user } from './command/user.ts';
import { verify } from './command/verify.ts';
import { EXIT, exitCodeOf, UsageError } from './exit.ts';
import { NAME, VERSION } from './version.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  run,
  user,
  'ami-user': amiUser,
  import: importCsv,
  export: exportAll,
  backup,
  restore,
  refold,
  verify,
  trace,
};

/** Bundled beside this file. */
const workers = {
  store: new URL('./store-worker.mjs', import.meta.url),
  medium: new URL('./medium-worker.mjs', import.meta.url),
  files: new URL('./file-worker.mjs', import.meta.url),
};
const www = new URL('./www/', import.meta.url);

function helpText(): string {
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `  ${NAME} ${usage}\n      ${about}\n`);
  return `${NAME} ${VERSION}\n\n${lines.join('')}`;
}

async function main([verb = '', ...args]: readonly string[]): Promise<number> {
  if (verb === '--version' || verb === '-v') {
    print(`${NAME} ${VERSION}`);
    return EXIT.ok;
  }
  if (verb === '--help' || verb === '-h' || verb === 'help') {
    print(helpText().trimEnd());
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (!command) throw new UsageError(`${verb ? `there is no command ${verb}` : 'say which command'}\n\n${helpText()}`);
  const usageLine = `usage: ${NAME} ${command.usage}`;
  if (args.includes('--help') || args.includes('-h')) {
    print(`${usageLine}\n${command.about}`);
    return EXIT.ok;
  }
  const usage = (message: string) => new UsageError(`${message}\n${usageLine}`);
  try {
    return await command.perform({ args, workers, www, usage });
  } catch (error) {
    throw isParseArgsError(error) ? usage(error.message) : error;
  }
}

/** What `parseArgs` throws for an option that isn't there or lacks its value. */
function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

// What any thread makes is its owner's and its group's, for the group to read (0640, 0750), whatever the starter's umask
// was; a stricter one stays.
process.umask(process.umask(0o777) | 0o027);
// Without a listener Node opens its inspector: who reaches that port rules the process. To look into it takes --inspect.
process.on('SIGUSR1', () => {});

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    complain(explained(error).message);
    process.exit(exitCodeOf(error));
  },
);
