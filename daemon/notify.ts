/**
 * What the service manager is told (sd_notify(3)): that the daemon is ready, what it waits for, and, as long as it is well, a
 * beat. Node has no datagrams of local sockets, and here this program starts no other; so whoever starts it makes a named pipe,
 * of which a shell hands each line to systemd-notify, and names it in CDRD_NOTIFY (etc/systemd/cdrd.service). Without that
 * variable nobody is told.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { Log } from './log.ts';

export interface Notify {
  /** It listens and the store is open. From now on the beats count. @param alive Settles as long as it is well. */
  ready(alive: () => Promise<unknown>, waitsFor: () => readonly string[]): void;
  /** It stops on purpose; no beat is due from now on. */
  stopping(): void;
}

/** Beats in the time in which the service manager wants one: a few may be late before it takes the daemon for dead. */
const BEATS = 4;
/** Milliseconds between two signs of life of a start; each asks for so many microseconds more. */
const STARTING_MS = 10_000;
const STARTING_USEC = 60_000_000;
/** Longest text of what is waited for: a pipe takes 4,096 bytes of one line whole. */
const STATUS_MAX = 200;

/**
 * @param env Is looked at, and the variables are taken out of it: they mean this process only.
 * A start may take minutes (a store brought up to date, or replaced): until `ready` it tells that it goes on.
 */
export function openNotify(env: NodeJS.ProcessEnv, log: Pick<Log, 'error' | 'info' | 'warn'>): Notify {
  const { CDRD_NOTIFY: path = '', WATCHDOG_USEC: usec = '', WATCHDOG_PID: pid = '' } = env;
  for (const name of ['CDRD_NOTIFY', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (path === '') return { ready() {}, stopping() {} };
  const tell = lineWriter(path, log);
  let timer = setInterval(() => tell(`EXTEND_TIMEOUT_USEC=${STARTING_USEC}`), STARTING_MS);
  timer.unref();
  const isOurs = pid === '' || pid === String(process.pid);
  const dueMs = /^\d{1,15}$/.test(usec) && isOurs ? Number(usec) / 1000 : null;

  return {
    ready(alive, waitsFor) {
      clearInterval(timer);
      const tellStatus = statusTeller(tell, waitsFor);
      const beat = createBeat(alive, () => tell('WATCHDOG=1'), log, dueMs);
      let isTold = false;
      const look = () => {
        // A lost beat is one of some; without this one the service manager would end the start, time and again.
        isTold ||= tell('READY=1');
        if (!isTold) return;
        tellStatus();
        if (dueMs !== null) beat();
      };
      look();
      timer = setInterval(look, (dueMs ?? STARTING_MS * BEATS) / BEATS);
      timer.unref();
    },
    stopping() {
      clearInterval(timer);
      tell('STOPPING=1');
    },
  };
}

/**
 * One question at a time, and a beat for each that is answered: this thread shows that it turns by asking at all. Why there
 * are none is said, so that the log has it before the service manager ends the process.
 */
function createBeat(
  alive: () => Promise<unknown>,
  told: () => void,
  log: Pick<Log, 'error' | 'info'>,
  due: number | null,
) {
  let askedAt: number | null = null;
  let late = false;
  return () => {
    if (askedAt !== null) {
      if (!late) log.error('the store does not answer; no beat for the service manager until it does', { due_ms: due });
      late = true;
      return;
    }
    askedAt = performance.now();
    alive().then(
      () => {
        if (late) log.info('the store answers again', { after_ms: Math.round(performance.now() - (askedAt ?? 0)) });
        late = false;
        askedAt = null;
        told();
      },
      (error: unknown) => log.error('the store has ended; no beat for the service manager', { error }),
    );
  };
}

/** Says when it has changed what `systemctl status` shows. */
function statusTeller(tell: (line: string) => boolean, waitsFor: () => readonly string[]): () => void {
  let last: string | null = null;
  return () => {
    const waits = waitsFor().join('; ');
    const status = waits === '' ? 'all is well' : `waits for ${waits}`;
    if (status !== last && tell(`STATUS=${status.slice(0, STATUS_MAX)}`)) last = status;
  };
}

/** Never blocks and never throws: of a pipe that nobody empties lines are lost, as datagrams would be; false: this one is. */
function lineWriter(path: string, log: Pick<Log, 'warn'>): (line: string) => boolean {
  let fd: number | null = null;
  let complained = false;
  return (line) => {
    try {
      // Anew when it has failed: the shell at the other end may only just have opened it.
      fd ??= openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(fd, `${line}\n`);
      complained = false;
      return true;
    } catch (error) {
      if (fd !== null) closeSync(fd);
      fd = null;
      if (!complained) log.warn('the service manager could not be told', { error });
      complained = true;
      return false;
    }
  };
}
