/**
 * What the registry knows of flaws in our packages, by `npm audit`: clean, flawed and *not asked* are three answers, and only
 * the first is one to be content with. npm itself gives the last two the same exit code.
 */
import { execFile } from 'node:child_process';

const ROOT = new URL('../..', import.meta.url).pathname;

export type Verdict =
  | { readonly state: 'clean'; readonly packages: number }
  | { readonly state: 'flawed'; readonly flaws: readonly string[] }
  | { readonly state: 'not reachable'; readonly why: string };

/** What `npm audit --json` printed. */
export function verdictOf(text: string): Verdict {
  let report: {
    readonly auditReportVersion?: number;
    readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
    readonly metadata?: { readonly dependencies?: { readonly total?: number } };
    readonly message?: string;
    readonly error?: { readonly summary?: string };
  };
  try {
    report = JSON.parse(text);
  } catch {
    return { state: 'not reachable', why: `npm printed no report: ${text.slice(0, 200)}` };
  }
  if (report.auditReportVersion !== 2 || !report.vulnerabilities) {
    const why = report.message || report.error?.summary || 'npm gave no report';
    return { state: 'not reachable', why: why.replace(/\s+/g, ' ') };
  }
  const flaws = Object.entries(report.vulnerabilities).map(
    ([name, { severity, range }]) => `${name} ${range}: ${severity}`,
  );
  if (flaws.length > 0) return { state: 'flawed', flaws };
  return { state: 'clean', packages: report.metadata?.dependencies?.total ?? 0 };
}

/** @param what `shipped` asks for what is in the product, `all` for what builds and tests it as well. */
export function audit(what: 'shipped' | 'all', env: NodeJS.ProcessEnv = process.env): Promise<Verdict> {
  const args = ['audit', '--json', '--package-lock-only', ...(what === 'shipped' ? ['--omit=dev'] : [])];
  return new Promise((resolve) => {
    // Its exit code says the same of a flaw and of a registry that isn't there.
    execFile('npm', args, { cwd: ROOT, env, timeout: 120_000, maxBuffer: 2 ** 26 }, (_, stdout) =>
      resolve(verdictOf(stdout)),
    );
  });
}

/** @returns the exit code: 0 all clean, 1 flaws, 2 nobody knows. */
export async function auditAll(say: (line: string) => void): Promise<number> {
  const states: string[] = [];
  for (const what of ['shipped', 'all'] as const) {
    const verdict = await audit(what);
    if (verdict.state === 'clean') say(`${what}: clean, ${verdict.packages} packages`);
    else if (verdict.state === 'flawed') for (const flaw of verdict.flaws) say(`${what}: ${flaw}`);
    else say(`${what}: NOT KNOWN, the registry could not be asked: ${verdict.why}`);
    states.push(verdict.state);
  }
  const passed = states.filter((state) => state === 'clean').length;
  say(`${passed} passed, ${states.length - passed} failed`);
  if (states.includes('flawed')) return 1;
  return passed === states.length ? 0 : 2;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await auditAll((line) => console.log(line));
