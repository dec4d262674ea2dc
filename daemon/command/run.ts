/** `cdrd run`: the daemon itself, until SIGTERM or SIGINT; SIGHUP tries Asterisk again with the secret of this moment. */
import { parseArgs } from 'node:util';
import { processZone } from '../../storage/model/local-time.ts';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { exitCodeOf } from '../exit-code.ts';
import { STOP_MS } from '../limits.ts';
import { createLog } from '../log.ts';
import { openNotify } from '../notify.ts';
import { accountOf, giveFolders, leaveRoot } from '../privileges.ts';
import { hostAndPort, takeSockets } from '../sockets/sockets.ts';
import { start } from '../start.ts';
import { VERSION as version } from '../version.ts';
import { type Command, configOption } from './command.ts';
import { explained } from './reason.ts';

export const run: Command = {
  usage: 'run [--config FILE]',
  about: 'runs the daemon in the foreground',
  async perform({ args, workers, storeThread, www }) {
    const { values } = parseArgs({ args: [...args], options: configOption });
    const reread = () => loadConfig(values.config ?? null, process.env);
    const config = reread();
    // From here on the box's zone is the process's own: telling times by it costs 6 MB less than by a named one.
    if (config.time.zone) process.env['TZ'] = processZone(config.time.zone);
    const log = createLog({ level: 'info' });
    const notify = openNotify(process.env, log);
    const account = accountOf(config);
    const sockets = await takeSockets({ config, env: process.env, log, root: account !== null });
    if (account) {
      giveFolders(config, account);
      leaveRoot(account);
      log.info('no longer root', { user: account.name, groups: process.getgroups?.() });
    }

    return new Promise<number>((resolve) => {
      let stopping = false;
      const end = (code: number) => {
        log.flush();
        resolve(code);
      };
      const fatal = (error: Error) => {
        if (!stopping) log.error('cdrd can not go on', { error });
        void stop(exitCodeOf(error) === EXIT.corrupt ? EXIT.corrupt : EXIT.software);
      };
      const started = start({ config, reread, log, sockets, workers, storeThread, www, version, onFatal: fatal });

      async function stop(code: number): Promise<void> {
        if (stopping) return;
        stopping = true;
        notify.stopping();
        // A part that hangs must not keep the process: the store's own work is durable at every moment.
        setTimeout(() => {
          log.error('stopping takes too long; ending now', { seconds: STOP_MS / 1000 });
          log.flush();
          process.kill(process.pid, 'SIGKILL');
        }, STOP_MS).unref();
        const running = await started.catch(() => null);
        await running?.close();
        if (await running?.stuck()) {
          log.warn('the recording medium hangs; ending by SIGKILL, the store is closed');
          log.flush();
          process.kill(process.pid, 'SIGKILL');
        }
        end(code);
      }
      for (const signal of ['SIGTERM', 'SIGINT'] as const)
        process.on(signal, () => {
          if (!stopping) log.info('stopping', { signal });
          void stop(EXIT.ok);
        });
      // Without a listener it would end the process, as logrotate and technicians don't expect of a daemon.
      process.on('SIGHUP', () => {
        started.then(({ reload }) => reload()).catch(() => {}); // that it did not start is told below
      });
      process.on('uncaughtException', fatal);
      process.on('unhandledRejection', (reason) => fatal(reason instanceof Error ? reason : new Error(String(reason))));

      started.then(
        ({ addresses, secureAddresses, alive, waitsFor }) => {
          for (const { address: host, port } of addresses)
            log.info('listening', { http: `http://${hostAndPort({ host, port })}` });
          for (const { address: host, port } of secureAddresses)
            log.info('listening', { https: `https://${hostAndPort({ host, port })}` });
          if (process.getuid?.() === 0)
            log.warn('this runs as root; run.user names a user of its own for it to become');
          log.info('cdrd is ready', { version, pid: process.pid, state: config.state.dir });
          if (!stopping) notify.ready(alive, waitsFor);
        },
        (error: Error & { code?: string }) => {
          if (stopping) return;
          stopping = true;
          log.error('cdrd did not start', { error: explained(error) });
          end(exitCodeOf(error));
        },
      );
    });
  },
};
