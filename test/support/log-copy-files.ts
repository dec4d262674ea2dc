/** Where a run's copy of all logs lies, the secrets that were in use beside it, and the look through both at its end. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leakIn } from './log-leaks.ts';

/** A folder for each run: two may go on at once. */
const COPIES = fileURLToPath(new URL('../.build/log-copy', import.meta.url));
const folder = () => process.env['CDRD_LOG_COPY'] ?? join(COPIES, 'of-no-run');
const SECRETS = 'secrets';
/** Lines shown: of a leak that repeats, one is enough. */
const SHOWN_MAX = 20;

export function copyFolder(): string {
  mkdirSync(folder(), { recursive: true });
  return folder();
}

/** Tells the workers of this run where to; what runs that are over have left goes. */
export function beginCopy(): void {
  process.env['CDRD_LOG_COPY'] ??= join(COPIES, String(process.pid));
  if (existsSync(COPIES))
    for (const run of readdirSync(COPIES))
      if (!existsSync(`/proc/${run}`)) rmSync(join(COPIES, run), { recursive: true, force: true });
}

export function noteSecret(secret: string): void {
  if (secret !== '') appendFileSync(join(copyFolder(), SECRETS), `${JSON.stringify(secret)}\n`);
}

/** Notes what a daemon keeps in `secret/`: AMI users' secrets, first passwords, keys of TLS. @param state Its state folder. */
export function noteSecretsOf(state: string): void {
  const secrets = join(state, 'secret');
  if (!existsSync(secrets)) return;
  for (const name of readdirSync(secrets)) {
    const path = join(secrets, name);
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
  if (!existsSync(folder())) return { lines: 0, secrets: 0, leaks: [] };
  const secretsFile = join(folder(), SECRETS);
  const noted = existsSync(secretsFile) ? readFileSync(secretsFile, 'utf8').trim().split('\n') : [];
  const secrets = new Set(noted.map((line) => JSON.parse(line) as string));
  const leaks = new Set<string>();
  let lines = 0;
  for (const name of readdirSync(folder())) {
    if (!name.endsWith('.log')) continue;
    for (const line of readFileSync(join(folder(), name), 'utf8').split('\n')) {
      if (line === '') continue;
      lines++;
      const what = leakIn(line, secrets);
      if (what !== null && leaks.size < SHOWN_MAX) leaks.add(`${what}: ${line.slice(0, 400)}`);
    }
  }
  return { lines, secrets: secrets.size, leaks: [...leaks] };
}
