/**
 * Makes a running Asterisk take what was written, by its own command line. The command `cdrd setup` is what starts it, told
 * to; the daemon starts no program.
 */
import { execFileSync } from 'node:child_process';

/** A reload answers at once; a box under load takes some seconds. */
const PATIENCE_MS = 20_000;

/**
 * In this order: the records first, then who may fetch them. `load` for a module that has found nothing to do at its start
 * and therefore isn't there; where it is, Asterisk only says so.
 */
const COMMANDS = [
  'module load cdr_custom.so',
  'module load cdr_manager.so',
  'module reload cdr',
  'module reload cdr_csv.so',
  'module reload cdr_custom.so',
  'module reload cdr_manager.so',
  'dialplan reload',
  'manager reload',
];

/** @returns each command with what Asterisk answered. @throws where none runs, or it doesn't answer. */
export function reloadAsterisk(folder: string): string[] {
  return COMMANDS.map((command) => `asterisk -rx "${command}": ${ask(folder, command)}`);
}

function ask(folder: string, command: string): string {
  const where = folder === '/etc/asterisk' ? [] : ['-C', `${folder}/asterisk.conf`];
  try {
    const answer = execFileSync('asterisk', [...where, '-rx', command], {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'dumb' },
    });
    return answer.trim().split('\n').at(-1) || 'done';
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    const why = code === 'ENOENT' ? 'there is no program asterisk' : stderr.trim() || (error as Error).message;
    throw new Error(`Asterisk could not be reloaded: ${why}`);
  }
}
