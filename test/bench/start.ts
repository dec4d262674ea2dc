/** From the start of the process to `/healthz` ok with a full store and medium, beside a node that starts and does nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { type Folders, startBox } from '../fault/box.ts';
import { isSettled } from './arithmetic.ts';
import { dropPageCache } from './cold.ts';
import { type BenchStore, benchEnv } from './generate.ts';
import { comparedOf } from './measure.ts';
import { compared, type Row } from './row.ts';
import { onCopy, ROUNDS } from './stage.ts';

const AIM = 6;

/** The first answer that says ok, by asking again at once. @returns ms since the process began. */
export async function startOnce(place: Folders, recordings: string): Promise<number> {
  const begun = performance.now();
  const box = startBox(place, 0, { ...benchEnv(recordings), CDRD_RECORDINGS_SWEEP_SECONDS: '2' });
  try {
    // The port is the system's choice and stands in the log, in the line that comes with the first listener.
    const url = await box.ready;
    while (!(await isOk(`${url}/healthz`)));
    return performance.now() - begun;
  } finally {
    box.signal('SIGTERM');
    await box.ended;
  }
}

async function isOk(url: string): Promise<boolean> {
  const sent = request(url, { agent: false }).end();
  const [answer] = await once(sent, 'response');
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode === 200;
}

/** A node that runs an empty program to its end. */
async function bareNode(): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - begun;
}

/** A node that answers one request: the least that anybody's server takes. */
async function bareServer(): Promise<number> {
  const begun = performance.now();
  const program = `const s = require('node:http').createServer((q, a) => a.end('ok')).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(child.stdout, 'data');
    while (!(await isOk(`http://127.0.0.1:${String(port).trim()}/`)));
    return performance.now() - begun;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

export const startRows = (): Promise<Row[]> =>
  onCopy(async (store, place) => {
    await startOnce(place, store.recordings); // the first start of a store makes accounts, keys and certificates
    return [
      await row('warm', store, place, ROUNDS.short, () => {}),
      await row('cold', store, place, ROUNDS.cold, () => dropPageCache([place.state])),
    ];
  });

async function row(
  how: 'warm' | 'cold',
  store: BenchStore,
  place: Folders,
  rounds: number,
  before: () => void,
): Promise<Row> {
  const [ours, node, server]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds && ![ours, node, server].every(isSettled); round++) {
    before();
    ours.push(await startOnce(place, store.recordings));
    before();
    node.push(await bareNode());
    before();
    server.push(await bareServer());
  }
  const figures = comparedOf(ours, node, 0);
  const least = comparedOf(ours, server, 0);
  const name = `start to /healthz ok, 1 M calls, 100 k recordings | node -e 0, ${how}`;
  const plain = compared(name, AIM, figures);
  return {
    ...plain,
    result: `${plain.result}; ${least.ratio.toFixed(2)} × of a bare node to its first answer (${least.peer.median.toFixed(0)} ms)`,
    figures: { figures, least },
  };
}
