/** The command line: finds the verb, turns every fault into one line on standard error and an exit code. */
import type { Command } from './command/command.ts';
import { run } from './command/run.ts';
import { user } from './command/user.ts';
import { ConfigError } from './config.ts';
import { EXIT, UsageError } from './exit.ts';
import { LockedError } from './lock.ts';
import { NAME, VERSION } from './version.ts';

const COMMANDS: Readonly<Record<string, Command>> = { run, user };

/** Bundled beside this file. */
const workers = {
  store: new URL('./store-worker.mjs', import.meta.url),
  medium: new URL('./medium-worker.mjs', import.meta.url),
};

function helpText(): string {
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `  ${NAME} ${usage}\n      ${about}\n`);
  return `${NAME} ${VERSION}\n\n${lines.join('')}`;
}

async function main([verb = '', ...args]: readonly string[]): Promise<number> {
  if (verb === '--version' || verb === '-v') {
    process.stdout.write(`${NAME} ${VERSION}\n`);
    return EXIT.ok;
  }
  if (verb === '--help' || verb === '-h' || verb === 'help') {
    process.stdout.write(helpText());
    return EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (!command) throw new UsageError(`${verb ? `there is no command ${verb}` : 'say which command'}\n\n${helpText()}`);
  const usage = (message: string) => new UsageError(`${message}\nusage: ${NAME} ${command.usage}`);
  return command.perform({ args, workers, usage });
}

function exitCode(error: Error & { code?: unknown }): number {
  if (error instanceof ConfigError) return EXIT.config;
  if (error instanceof LockedError) return EXIT.locked;
  const usage = error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS');
  return usage ? EXIT.usage : EXIT.failed;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCode(error));
  },
);
