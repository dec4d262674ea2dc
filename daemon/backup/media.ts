/** The media that may hold backups, asked before there is a store, and so before anything watches them. */
import { CgiError } from '../../cgi/reply.ts';
import type { Config } from '../config.ts';
import { backupLimits } from '../limits.ts';
import type { FileAnswer } from '../recordings/file-protocol.ts';
import type { WorkerSettings } from '../recordings/protocol.ts';
import { createStepClient, type Threads } from '../recordings/step-client.ts';
import type { AskMedium } from './pieces.ts';

export interface Media {
  readonly asks: readonly AskMedium[];
  close(): void;
}

/** Which of its places recordings go to stands in the store: so all of them. */
export function recordingPlaces({ recordings }: Pick<Config, 'recordings'>): WorkerSettings[] {
  const { dir, places, requireMount } = recordings;
  return [...new Set([dir, ...Object.values(places)])].map((each) => ({
    dir: each,
    requireMount,
    mountinfo: '/proc/self/mountinfo',
    blockDevices: '/sys/dev/block',
  }));
}

/** @param worker The bundled `file-worker.mjs`. */
export function openMedia(config: Pick<Config, 'recordings'>, worker: URL, threads: Threads): Media {
  const clients = recordingPlaces(config).map((settings) =>
    createStepClient({
      worker,
      settings,
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
          const { medium, value } = (await client.ask(step)) as FileAnswer;
          if (medium.state !== 'mounted') throw new CgiError('storage_offline', medium.why);
          return value as never;
        },
    ),
    close: () => clients.forEach((client) => void client.close()),
  };
}
