/**
 * Nobody else may notice: the stall of the main loop and of the ingest lane during the work of each row above, and again with
 * every fsync slowed to 100 ms.
 */
import { readFileSync } from 'node:fs';
import type { Folders } from '../fault/box.ts';
import { slowDisk } from '../fault/disk.ts';
import { dayReport, manyDays } from './calls.ts';
import type { BenchStore } from './generate.ts';
import { looked } from './idle.ts';
import { request } from './measure.ts';
import { stallRow, type Work } from './probe.ts';
import type { Question } from './question.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, onCopy, type Stage } from './stage.ts';

const FSYNC_MS = 100;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What others are compared with: the probe alone. */
const nothing: Work = { name: 'nothing else', perform: () => pause(1_000) };

/** Asked once before: what is loaded and compiled on first use is no stall of every day. */
const asked = (question: Question): Work => ({
  name: question.name.split(' |', 1)[0] ?? '',
  prepare: (stage) => question.ours(stage)(false),
  perform: (stage) => question.ours(stage)(false),
});

const download: Work = {
  name: '9005, all calls',
  prepare: (stage) => asked(dayReport).perform(stage),
  perform: (stage) => ask(stage, `9005?${ALWAYS}`)(false),
};

const tar = (store: BenchStore): Work => ({
  name: '20036, a tar of 1,000 recordings',
  options: { recordings: store.recordings },
  prepare: (stage) => looked(stage),
  perform: async ({ url, token }: Stage) => {
    const paths = readFileSync(store.sounding, 'utf8').trim().replaceAll('\n', ';');
    await request(`${url}/cgi/webserve/20036`, token, `wavefiles=${encodeURIComponent(paths)}`)(false);
  },
});

/** The same work on a disk whose every fsync takes long. */
function slowed(work: Work, { state, root }: Folders): Work {
  const disk = slowDisk(state, root);
  disk.plan('');
  return {
    ...work,
    name: `${work.name}, fsync + ${FSYNC_MS} ms`,
    options: { ...work.options, env: disk.env },
    async prepare(stage) {
      await work.prepare?.(stage);
      disk.plan(`slow ${FSYNC_MS}\n`);
    },
  };
}

export const stallRows = (): Promise<Row[]> =>
  onCopy(async (store, place) => {
    const rows: Row[] = [];
    const works = [nothing, asked(dayReport), asked(manyDays), download, tar(store)];
    for (const work of works) rows.push(await stallRow(store, place, work));
    for (const work of [nothing, asked(dayReport), download])
      rows.push(await stallRow(store, place, slowed(work, place)));
    return rows;
  });
