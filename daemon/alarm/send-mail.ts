/**
 * Starts `send-mail` where the daemon may: with NoNewPrivileges, as in the systemd unit, sendmail could not become its own
 * user, and a service beside the daemon's does it instead. The script is the package's own, its one argument a folder of the
 * configuration, its environment empty: nothing of a stranger's reaches a command line.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether the kernel lets no program that we start gain rights. */
export function mayGainNothing(status = readFileSync('/proc/self/status', 'utf8')): boolean {
  return /^NoNewPrivs:\s*1$/m.test(status);
}

/**
 * @param ms After which it is killed. @returns once it has ended; what it did stands in the folder.
 * @throws {Error} when it can't be started.
 */
export function startSendMail(script: string, dir: string, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', [script, dir], {
      stdio: 'ignore',
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: ms,
      killSignal: 'SIGKILL',
    });
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}
