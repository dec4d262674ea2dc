/** The media that may hold backups, asked without the watcher: before there is a store, and by commands. */
import { CgiError } from '../../cgi/reply.ts';
import type { Config } from '../config.ts';
import { backupLimits } from '../limits.ts';
import { askFile } from '../recordings/ask-file.ts';
import { performBackup } from '../recordings/backup-steps.ts';
import { lookAtMedium } from '../recordings/medium.ts';
import type { WorkerSettings } from '../recordings/protocol.ts';
import { createStepClient, type Threads } from '../recordings/step-client.ts';
import type { AskMedium } from './pieces.ts';

export interface Media {
  readonly asks: readonly AskMedium[];
  close(): void;
}

type Place = Pick<Config['recordings'], 'dir' | 'requireMount'>;

/** Which of its places recordings go to stands in the store: so all of them. */
export function recordingPlaces({ recordings }: Pick<Config, 'recordings'>): Place[] {
  const { dir, places, requireMount } = recordings;
  return [...new Set([dir, ...Object.values(places)])].map((each) => ({ dir: each, requireMount }));
}

function settingsOf({ dir, requireMount }: Place): WorkerSettings {
  return { dir, requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' };
}

/** In this very thread: for commands. A medium that hangs hangs the command, which a person may end. */
export function askHere(place: Place): AskMedium {
  const settings = settingsOf(place);
  return async (step) => {
    const { state, why, real } = lookAtMedium(settings);
    if (state !== 'mounted') throw new CgiError('storage_offline', why);
    return performBackup(real, step) as never;
  };
}

/** @param worker The bundled `file-worker.mjs`. */
export function openMedia(config: Pick<Config, 'recordings'>, worker: URL, threads: Threads): Media {
  const clients = recordingPlaces(config).map((place) =>
    createStepClient({
      worker,
      settings: settingsOf(place),
      threads,
      deadlineMs: backupLimits.stepMs,
      // Nobody watches yet who could be told.
      slowMs: backupLimits.stepMs,
      late: () => () => {},
    }),
  );
  return {
    asks: clients.map(
      (client): AskMedium =>
        async (step) => {
          const { medium, value } = await askFile(client, step);
          if (medium.state !== 'mounted') throw new CgiError('storage_offline', medium.why);
          return value as never;
        },
    ),
    close: () => clients.forEach((client) => void client.close()),
  };
}
