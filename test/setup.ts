/** Bundles the daemon and its workers once before the tests, by the very build that is shipped. */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { env: { ...process.env, OUT: 'test/.build' }, stdio: 'inherit' });
}
