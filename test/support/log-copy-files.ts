/** Where a run's copy of all logs lies, the secrets that were in use beside it, and the look through both at its end. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leakIn } from './log-leaks.ts';

const FOLDER = process.env['CDRD_LOG_COPY'] ?? fileURLToPath(new URL('../.build/log-copy', import.meta.url));
const SECRETS = 'secrets';
/** Lines shown: of a leak that repeats, one is enough. */
const SHOWN_MAX = 20;

export function copyFolder(): string {
  mkdirSync(FOLDER, { recursive: true });
  return FOLDER;
}

export function clearCopy(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

export function noteSecret(secret: string): void {
  if (secret !== '') appendFileSync(join(copyFolder(), SECRETS), `${JSON.stringify(secret)}\n`);
}

/** Notes what a daemon keeps in `secret/`: AMI users' secrets, first passwords, keys of TLS. @param state Its state folder. */
export function noteSecretsOf(state: string): void {
  const folder = join(state, 'secret');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, 'utf8');
    if (name === 'initial-passwords') for (const line of text.split('\n')) noteSecret(line.split(' ')[1] ?? '');
    else if (name.endsWith('.json'))
      for (const [, secret = ''] of text.matchAll(/"secret":\s*"([^"]*)"/g)) noteSecret(secret);
    else if (text.includes('PRIVATE KEY')) noteSecret(text.split('\n')[1] ?? '');
  }
}

export interface Leaks {
  /** Lines that were looked at. */
  readonly lines: number;
  readonly secrets: number;
  /** What was found, a text each, with the line: at most some of each kind. */
  readonly leaks: readonly string[];
}

export function leaksOfRun(): Leaks {
  if (!existsSync(FOLDER)) return { lines: 0, secrets: 0, leaks: [] };
  const secretsFile = join(FOLDER, SECRETS);
  const noted = existsSync(secretsFile) ? readFileSync(secretsFile, 'utf8').trim().split('\n') : [];
  const secrets = new Set(noted.map((line) => JSON.parse(line) as string));
  const leaks = new Set<string>();
  let lines = 0;
  for (const name of readdirSync(FOLDER)) {
    if (!name.endsWith('.log')) continue;
    for (const line of readFileSync(join(FOLDER, name), 'utf8').split('\n')) {
      if (line === '') continue;
      lines++;
      const what = leakIn(line, secrets);
      if (what !== null && leaks.size < SHOWN_MAX) leaks.add(`${what}: ${line.slice(0, 400)}`);
    }
  }
  return { lines, secrets: secrets.size, leaks: [...leaks] };
}
