/** Bundles the daemon and its workers once before the tests, by the very build that is shipped; and makes an empty store. */
import { execFileSync } from 'node:child_process';
import { makeEmptyStore } from './support/empty-store.ts';
import { beginCopy } from './support/log-copy-files.ts';

export default function setup(): void {
  beginCopy();
  execFileSync('npm', ['run', '--silent', 'build'], { env: { ...process.env, OUT: 'test/.build' }, stdio: 'inherit' });
  makeEmptyStore();
}
