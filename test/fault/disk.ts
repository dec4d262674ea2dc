/**
 * The disk that fails to order: builds slow-disk.c once, hands a daemon its environment, writes the plan of what goes
 * wrong and reads the log of what was done to the store.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('slow-disk.c', import.meta.url));
const BUILD = fileURLToPath(new URL('../.build/', import.meta.url));
const LIBRARY = join(BUILD, 'slow-disk.so');

/** Compiles the library unless it is newer than its source. @throws with a sentence that says what to install. */
export function buildSlowDisk(): string {
  if (existsSync(LIBRARY) && statSync(LIBRARY).mtimeMs > statSync(SOURCE).mtimeMs) return LIBRARY;
  mkdirSync(BUILD, { recursive: true });
  const fresh = `${LIBRARY}.${process.pid}`; // two test files may build at a time
  try {
    compile(fresh);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    installCompiler();
    compile(fresh);
  }
  renameSync(fresh, LIBRARY);
  return LIBRARY;
}

function compile(output: string): void {
  execFileSync(
    'cc',
    ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', output, SOURCE, '-ldl', '-pthread'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}

function installCompiler(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error('the tests of faults need a C compiler: install gcc and libc6-dev');
  console.log('There is no C compiler: installing gcc and libc6-dev');
  execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore' });
  execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', 'gcc', 'libc6-dev'], { stdio: 'ignore' });
}

/** When the process dies: before an operation, in the middle of a write, or after it. */
export const HOWS = ['before', 'torn', 'after'] as const;
export type How = (typeof HOWS)[number];

/** One operation that changed the store. */
export interface Operation {
  readonly kind: string;
  /** Relative to the watched folder; '' = that folder itself. */
  readonly path: string;
  /** Of a write its place, of a truncation the new length. */
  readonly offset: number;
  /** Bytes that it brings: a write's, or those of a rename's new path. */
  readonly length: number;
}

export interface Disk {
  /** For the daemon: what makes it use this disk. */
  readonly env: Readonly<Record<string, string>>;
  /** Forgets what was logged: another process begins. */
  clear(): void;
  /** What goes wrong from now on, in the words of slow-disk.c; '' = nothing. */
  plan(text: string): void;
  /** Operations so far, in order; how the process was killed in the last one, if it was. */
  read(): { readonly operations: readonly Operation[]; readonly killed: How | null };
}

/** Bytes that are free on it: little above the reserve, where the store's log is short (storage/sql/checkpoints.ts). */
const SMALL = 40_000_000;

/**
 * @param watched The folder whose files are meant. @param own A folder for the plan and the log, outside of `watched`.
 * @param free Bytes; null: what the system says.
 */
export function slowDisk(watched: string, own: string, free: number | null = SMALL): Disk {
  const plan = join(own, 'disk-plan');
  const log = join(own, 'disk-log');
  return {
    env: {
      LD_PRELOAD: buildSlowDisk(),
      CDRD_FAULT_STORE: watched,
      CDRD_FAULT_PLAN: plan,
      CDRD_FAULT_LOG: log,
      ...(free !== null && { CDRD_FAULT_FREE: String(free) }),
    },
    clear: () => rmSync(log, { force: true }),
    plan(text) {
      writeFileSync(`${plan}.new`, text);
      renameSync(`${plan}.new`, plan);
    },
    read() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
      // Who reads while the daemon writes may see half of a line: where it reaches over the end of a page of the cache.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const lines = whole.split('\n').filter((line) => line !== '' && !/^(synced|note|foreign) /.test(line));
      const last = /^killed (\w+)$/.exec(lines.at(-1) ?? '');
      const operations = (last ? lines.slice(0, -1) : lines).map((line): Operation => {
        const [, kind = '', path = '', offset, length] = /^\d+ (\w+) (.*) (-?\d+) (\d+)$/.exec(line) ?? [];
        if (kind === '') throw new Error(`the disk's log has a strange line: ${line}`);
        return { kind, path: path.slice(watched.length + 1), offset: Number(offset), length: Number(length) };
      });
      return { operations, killed: (last?.[1] as How | undefined) ?? null };
    },
  };
}

/**
 * The plan that kills at the nth operation like this one (from 1), counted from now on. A path may have a `*` where
 * it holds something that differs from run to run.
 */
export function killAt({ kind, path }: Operation, watched: string, nth: number, how: How): string {
  const end = path.includes('*') ? path.slice(path.indexOf('*') + 1) : `/${path || basename(watched)}`;
  return `kill ${kind} ${end} ${nth} ${how}\n`;
}
