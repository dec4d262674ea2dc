/** What must hold of a box whatever happens to its medium, asked from outside. */
import { expect } from 'vitest';
import { until } from '../fault/box.ts';
import { type Box, CLOSED_SECONDS, type Health } from './box.ts';

/** Columns of etc/asterisk/cdr_custom.conf. */
const COLUMNS = 27;

/**
 * UniqueIDs of Asterisk's CSV. Nobody makes that file durable, so a power cut takes its end: what stands there then may be
 * zeros, with the next record behind them, or part of a line, which is no record any more.
 */
export async function csvCalls(box: Box): Promise<string[]> {
  const records = (await box.csv()).map((line) => line.replace(/^\0+/, '').split('","'));
  return records.filter(({ length }) => length === COLUMNS).map((columns) => columns[16] ?? '');
}

/** 9006 has each call of Asterisk's CSV once, and no other. Waits until the last one is closed. */
export const callsAreTheCsvs = (box: Box): Promise<void> => callsAre(box, () => csvCalls(box));

/** The same of calls with these UniqueIDs, asked for anew until all are closed. */
export async function callsAre(box: Box, wanted: () => Promise<Iterable<string>>): Promise<void> {
  let lacking: string[] = [];
  let rows: string[] = [];
  let calls = new Set<string>();
  await until(
    'closed calls',
    async () => {
      calls = new Set(await wanted());
      rows = (await box.calls()).map((row) => String(row['UniqueID']));
      lacking = [...calls].filter((call) => !rows.includes(call));
      return lacking.length === 0;
    },
    CLOSED_SECONDS,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: 9006 lacks ${lacking.join(', ')}`);
  });
  expect(rows.filter((call, index) => rows.indexOf(call) !== index || !calls.has(call))).toEqual([]);
}

/** Waits until `/healthz` tells this of the medium. @returns seconds that it took. */
export async function medium(
  box: Box,
  is: (medium: Health['recordings']) => boolean,
  seconds: number,
): Promise<number> {
  const began = performance.now();
  let last: Health['recordings'] | undefined;
  await until(
    'the medium in /healthz',
    async () => {
      last = (await box.health()).recordings;
      return is(last);
    },
    seconds,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`);
  });
  return (performance.now() - began) / 1000;
}

/** Waits until Asterisk has been told to record, or not to. */
export async function recordingIs(box: Box, on: boolean, seconds: number): Promise<void> {
  const wanted = on ? '1' : '0';
  await until(
    `AstDB cdrd/enable ${wanted}`,
    async () => (await box.pbx.state()).astdb['cdrd/enable'] === wanted,
    seconds,
  );
}

/** Memory of the daemon on the box, MB: resident, and its own alone. */
export async function memory(box: Box): Promise<{ rss: number; own: number; text: string }> {
  const text = await box.machine.output(
    'cat /proc/$(cat /run/cdrd.pid)/smaps_rollup /proc/$(cat /run/cdrd.pid)/status',
  );
  const kilobytes = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}:\\s+(\\d+) kB`, 'gm'))].reduce((sum, [, kb]) => sum + Number(kb), 0);
  const rss = kilobytes('VmRSS') / 1024;
  const own = kilobytes('RssAnon') / 1024;
  return {
    rss,
    own,
    text: `the daemon's memory: ${rss.toFixed(1)} MiB resident, ${own.toFixed(1)} MiB of it its own (RssAnon)`,
  };
}
