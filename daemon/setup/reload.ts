/**
 * Makes a running Asterisk, and cdrd, take what was written, by their own command lines. It is the command `cdrd setup` that
 * starts these programs, told to; the daemon starts none.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SYSTEMS } from './part.ts';

/** A reload answers at once; a box under load takes some seconds, and a stop of cdrd up to fifteen. */
const PATIENCE_MS = 30_000;
/** What runs programs of root's looks for them here, whatever who calls it has. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What Asterisk says for itself whatever it is asked, on a box without a network card. */
const ASIDE = /^No ethernet interface/;

/**
 * Asterisk's parts, the records before those who fetch them.
 * @param folder Its configuration.
 * @returns a line for each, as it answered; one that says so where none runs: it reads all at its start. @throws what else
 *   keeps it from answering.
 */
export function reloadAsterisk(folder: string): string[] {
  const ask = (command: string) => askAsterisk(folder, command);
  if (!runs(ask)) return ['it does not run, and takes what is written at its start'];
  return [
    ...['cdr', 'cdr_csv.so', 'cdr_custom.so', 'cdr_manager.so'].map((module) => reloadModule(module, ask)),
    ask('dialplan reload'),
    `manager: ${ask('manager reload') || 'reloaded'}`,
  ];
}

function runs(ask: (command: string) => string): boolean {
  try {
    ask('core show version');
    return true;
  } catch (error) {
    if ((error as Error).message.includes('Unable to connect')) return false;
    throw error;
  }
}

/** One that has found nothing to do at Asterisk's start isn't there, and one that has lost all doesn't reload. */
function reloadModule(module: string, ask: (command: string) => string): string {
  const answer = ask(`module reload ${module}`);
  if (answer.includes('reloaded successfully') || !module.endsWith('.so')) return answer;
  ask(`module unload ${module}`);
  const loaded = ask(`module load ${module}`);
  return loaded.startsWith('Loaded')
    ? loaded
    : `${module}: not loaded, it has nothing to do (or Asterisk's log says why)`;
}

function askAsterisk(folder: string, command: string): string {
  const where = folder === SYSTEMS ? [] : ['-C', `${folder}/asterisk.conf`];
  const answer = run('asterisk', [...where, '-rx', command]);
  return (
    answer
      .split('\n')
      .filter((line) => line.trim() !== '' && !ASIDE.test(line))
      .at(-1) ?? ''
  );
}

/**
 * @param doing `stop` where Asterisk shall have its port back, on which cdrd offers AMI.
 * @returns what was done; null: nothing here starts or stops cdrd.
 */
export function controlCdrd(doing: 'restart' | 'stop'): string | null {
  const done = doing === 'stop' ? 'stopped' : 'restarted';
  if (existsSync('/run/systemd/system')) {
    run('systemctl', ['daemon-reload']); // a drop-in may be new
    if (doing === 'stop') stopSocket();
    run('systemctl', [doing, 'cdrd.service']);
    return `cdrd.service is ${done}`;
  }
  if (!existsSync('/etc/init.d/cdrd')) return null;
  run('/etc/init.d/cdrd', [doing]);
  return `cdrd is ${done}, by /etc/init.d/cdrd`;
}

/** Left open it would start the service again with the next page that somebody asks for, and that would want 5038. */
function stopSocket(): void {
  try {
    run('systemctl', ['stop', 'cdrd.socket']);
  } catch {
    // There is none on this box: then nothing starts it.
  }
}

function run(program: string, words: readonly string[]): string {
  try {
    return execFileSync(program, words, {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, TERM: 'dumb' },
    });
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    const why = code === 'ENOENT' ? 'there is no such program' : stderr.trim() || (error as Error).message;
    throw new Error(`${[program, ...words].join(' ')}: ${why}`);
  }
}
