/**
 * Starts `send-mail` where the daemon may (spool.ts); loaded when it first does. The script is the package's own, its one
 * argument a folder of the configuration, its environment empty: nothing of a stranger's reaches a command line.
 */
import { spawn } from 'node:child_process';

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
