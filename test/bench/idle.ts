/** What the daemon holds when nothing happens, after a day's worth of everything, beside a node that does nothing. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figure, until } from '../fault/box.ts';
import { listen, openAmi } from './listener.ts';
import { type Memory, memoryOf, request } from './measure.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, onCopy, openStage, type Stage } from './stage.ts';

const AIM = { rss: 1.6, anon: 32 };
const CLIENTS = 20;
/** Seconds after the load. After a minute the worker for files has gone, and each thread has given its garbage back. */
const IDLE_SECONDS = [10, 60];
/** The full look over 100,000 files. */
const LOOK_SECONDS = 120;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const idleRows = (): Promise<Row[]> =>
  onCopy(async (store, place) => {
    const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' });
    const stage = await openStage(store, place, { recordings: store.recordings });
    const steps: [name: string, Memory][] = [];
    const step = async (name: string, work: Promise<unknown>) => {
      await work;
      await pause(1_000);
      steps.push([name, memoryOf(stage.box.pid)]);
    };
    try {
      await step('started', pause(1_000));
      await step('recordings looked through', looked(stage));
      const port = await openAmi(stage.box, join(place.root, 'run'));
      await step(`${CLIENTS} AMI clients`, Promise.all(Array.from({ length: CLIENTS }, () => listen(port, () => {}))));
      await step('9005 of all', ask(stage, `9005?${ALWAYS}`)(false));
      await step('tar of 1,000', tarOf(stage));
      const begun = performance.now();
      for (const seconds of IDLE_SECONDS)
        await step(`idle ${seconds} s`, pause(seconds * 1_000 - (performance.now() - begun)));
      return [resident(steps, memoryOf(bare.pid ?? 0))];
    } finally {
      bare.kill('SIGKILL');
      await stage.close();
    }
  });

/** Until the daemon has looked through all folders of the medium. */
export async function looked({ url }: Stage): Promise<void> {
  const mounted = async () => (await figure(url, 'cdrd_medium_state{state="mounted"}')) === 1;
  await until('the medium is there', mounted, 30);
  const done = async () => (await figure(url, 'cdrd_recordings{figure="foldersToLook"}')) === 0;
  await until('the recordings are looked through', done, LOOK_SECONDS);
}

async function tarOf({ url, token, store }: Stage): Promise<void> {
  const paths = readFileSync(store.sounding, 'utf8').trim().replaceAll('\n', ';');
  await request(`${url}/cgi/webserve/20036`, token, `wavefiles=${encodeURIComponent(paths)}`)(false);
}

function resident(steps: readonly (readonly [name: string, Memory])[], node: Memory): Row {
  const { rss, anon } = steps.at(-1)?.[1] ?? { rss: Number.NaN, anon: Number.NaN };
  const ratio = rss / node.rss;
  const way = steps.map(([name, memory]) => `${name} ${memory.rss.toFixed(1)} (${memory.anon.toFixed(1)})`).join(' → ');
  return {
    name: 'memory after load, a minute idle | a bare node',
    short: `${ratio.toFixed(2)} ×, private ${anon.toFixed(1)} MiB`,
    result: `${ratio.toFixed(2)} ×, private ${anon.toFixed(1)} MiB: ${way}; RSS (private) in MiB; node ${node.rss.toFixed(1)} (${node.anon.toFixed(1)})`,
    aim: `≤ ${AIM.rss.toFixed(2)} ×, ≤ ${AIM.anon} MiB`,
    met: ratio <= AIM.rss && anon <= AIM.anon,
    figures: { steps, node },
  };
}
