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
import { stallRow, WINDOW_MS, type Work } from './probe.ts';
import type { Question } from './question.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, onCopy, type Stage } from './stage.ts';

const FSYNC_MS = 100;
const PLAYERS = 8;
const BURST = 10_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What others are compared with: the probe alone. */
const nothing: Work = { name: 'nothing else', perform: () => pause(1_000) };

/** Asked once before: what is loaded and compiled on first use is no stall of every day. */
function asked({ name, ours }: Pick<Question, 'name' | 'ours'>): Work {
  const once = (stage: Stage) => ours(stage)(false);
  return { name: name.split(' |', 1)[0] ?? '', prepare: once, perform: once };
}

const requested = (name: string, target: string): Work => asked({ name, ours: (stage) => ask(stage, target) });

const YEAR = '&startdate=2021-01-01%2000:00&enddate=2021-12-31%2023:59&by=day,disposition,direction,trunk,port';
const SEARCHES = [
  requested('9006, exact number', `9006?${ALWAYS}&src=200&limit=100`),
  requested('9006, *12345*', `9006?${ALWAYS}&src=*12345*&limit=100`),
  requested('9006, *12*', `9006?${ALWAYS}&src=*12*&limit=100`),
  requested('30002, totals of a year', `30002?${YEAR}`),
  requested('30002, totals of a year, billsec of a minute', `30002?${YEAR}&minbillsec=60`),
];

const download: Work = {
  name: '9005, all calls',
  prepare: (stage) => dayReport.ours(stage)(false),
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

/** Players that read a whole recording each, one after the other. */
const players = (store: BenchStore): Work => {
  const paths = readFileSync(store.sounding, 'utf8').trim().split('\n');
  let next = 0;
  return {
    name: `/recordings/x.wav, ${PLAYERS} players`,
    options: { recordings: store.recordings },
    prepare: (stage) => looked(stage),
    perform: async ({ url, token }: Stage) => {
      const play = () => request(`${url}/recordings/${paths[next++ % paths.length]}`, token)(false);
      await Promise.all(Array.from({ length: PLAYERS }, play));
    },
  };
};

const burst: Work = {
  name: `a burst of ${BURST} records`,
  ingests: true,
  // /metrics is not asked when it is over: each reading begins the loop's figures anew.
  async perform(_, send) {
    send(BURST);
    await pause(WINDOW_MS);
  },
};

/** The same work on a disk whose every fsync takes long. */
function slowed(work: Work, { state, root }: Folders): Work {
  const disk = slowDisk(state, root, null);
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
    const works = [
      nothing,
      asked(dayReport),
      asked(manyDays),
      ...SEARCHES,
      download,
      tar(store),
      players(store),
      burst,
    ];
    for (const work of works) rows.push(await stallRow(store, place, work));
    for (const work of [nothing, asked(dayReport), ...SEARCHES.slice(-1), download, burst])
      rows.push(await stallRow(store, place, slowed(work, place)));
    return rows;
  });
