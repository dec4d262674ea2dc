/**
 * The command line: finds the verb, and says every fault on standard error and by an exit code. It loads the verb alone, and
 * of `run` begins the store's thread before that: half of a start is spent on each.
 */
import { showCollector } from '../storage/compaction.ts';
import { learnLate } from '../storage/learn-late.ts';
import { type StoreThread, startStoreThread } from '../storage/store-thread.ts';
import type { Command } from './command/command.ts';
import { complain, print } from './command/print.ts';
import { EXIT, UsageError } from './exit.ts';
import { NAME, VERSION } from './version.ts';

/** Bundled beside this file. */
const workers = {
  store: new URL('./store-worker.mjs', import.meta.url),
  medium: new URL('./medium-worker.mjs', import.meta.url),
  files: new URL('./file-worker.mjs', import.meta.url),
};
const www = new URL('./www/', import.meta.url);

async function helpText(): Promise<string> {
  const [{ run }, { COMMANDS }] = await Promise.all([import('./command/run.ts'), import('./command/all.ts')]);
  const lines = [run, ...Object.values(COMMANDS)].map(({ usage, about }) => `  ${NAME} ${usage}\n      ${about}\n`);
  return `${NAME} ${VERSION}\n\n${lines.join('')}`;
}

/** Short, so that what was wrong stays on a small screen. */
async function noCommand(verb: string): Promise<string> {
  const { COMMANDS } = await import('./command/all.ts');
  const names = ['run', ...Object.keys(COMMANDS)].join(', ');
  return `there is no command ${verb}\nthere are ${names}; ${NAME} help tells what they do`;
}

/** @returns undefined: there is none of this name. */
async function commandOf(verb: string): Promise<Command | undefined> {
  if (verb === 'run') return (await import('./command/run.ts')).run;
  const { COMMANDS } = await import('./command/all.ts');
  return Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
}

async function main([verb = '', ...args]: readonly string[]): Promise<number> {
  if (verb === '--version' || verb === '-v') {
    print(`${NAME} ${VERSION}`);
    return EXIT.ok;
  }
  if (verb === '--help' || verb === '-h' || verb === 'help') {
    print((await helpText()).trimEnd());
    return EXIT.ok;
  }
  const isHelp = args.includes('--help') || args.includes('-h');
  if (verb === 'run') {
    learnLate();
    showCollector();
  }
  const storeThread: StoreThread | undefined = verb === 'run' && !isHelp ? startStoreThread(workers.store) : undefined;
  const command = await commandOf(verb);
  if (!command) throw new UsageError(verb ? await noCommand(verb) : `say which command\n\n${await helpText()}`);
  const usageLine = `usage: ${NAME} ${command.usage}`;
  if (isHelp) {
    const options = (command.options ?? []).map(([option, about]) => `\n  ${option}\n      ${about}`);
    print(`${usageLine}\n${command.about}${options.join('')}`);
    return EXIT.ok;
  }
  const usage = (message: string) => new UsageError(`${message}\n${usageLine}`);
  try {
    return await command.perform({ args, workers, storeThread, www, usage });
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
  async (error: Error) => {
    const [{ explained }, { exitCodeOf }] = await Promise.all([
      import('./command/reason.ts'),
      import('./exit-code.ts'),
    ]);
    complain(explained(error).message);
    process.exit(exitCodeOf(error));
  },
);
