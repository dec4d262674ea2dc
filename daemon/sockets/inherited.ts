/**
 * The sockets that a service manager opened and handed on (sd_listen_fds(3)): LISTEN_FDS of them from descriptor 3 on, for
 * the process LISTEN_PID alone, named by LISTEN_FDNAMES. So ports under 1024 are served by a process that never was root.
 */
import { readlinkSync } from 'node:fs';
import { type Early, listenOn, openEarly } from './early.ts';

export interface Inherited extends Early {
  readonly fd: number;
  readonly name: string;
}

/** Descriptors that are looked at: a box has two or three. */
const MOST = 32;
const FIRST_FD = 3;

/**
 * Takes them, and the variables out of the environment: they mean this process only.
 * @param refused Is told of each that is no socket that listens; it is left alone.
 */
export async function takeInherited(
  env: NodeJS.ProcessEnv,
  refused: (fd: number, name: string, error: unknown) => void,
): Promise<Inherited[]> {
  const { LISTEN_PID: pid = '', LISTEN_FDS: count = '', LISTEN_FDNAMES: names = '' } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  if (pid !== String(process.pid) || !/^\d{1,4}$/.test(count)) return [];
  const taken: Inherited[] = [];
  for (let index = 0; index < Math.min(Number(count), MOST); index++) {
    const fd = FIRST_FD + index;
    const name = names.split(':')[index] ?? '';
    try {
      taken.push({ fd, name, ...(await openFd(fd)) });
    } catch (error) {
      refused(fd, name, error);
    }
  }
  return taken;
}

function openFd(fd: number): Promise<Early> {
  // Who tells of more than there are must not have us close a descriptor of Node's own.
  if (!readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')) throw new Error('it is no socket');
  return openEarly((server) => listenOn(server, () => server.listen({ fd })));
}
