/** Recordings on the box's medium, as an integrator makes sure of them: listed, tied to their calls, served. */
import { expect } from 'vitest';
import { until } from '../fault/box.ts';
import { type Box, CLOSED_SECONDS, type Row } from './box.ts';
import type { Placed } from './pbx.ts';
import { RECORDINGS } from './places.ts';

/** A recording's name without folders and suffix. */
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.wav$/, '');

/** Rows of 20053 by the names of their files. */
async function listed(box: Box): Promise<ReadonlyMap<string, Row>> {
  return new Map((await box.recordings()).map((row) => [nameOf(String(row['path'])), row]));
}

/** Three calls at once, each recorded: 20053 has the file, and 9006 names it. */
export async function record(box: Box): Promise<readonly Placed[]> {
  const calls = await Promise.all((['internal', 'outbound', 'inbound'] as const).map((kind) => box.pbx.call(kind, 2)));
  for (const call of calls) expect(call.recordings).toHaveLength(1);
  await tied(box, calls);
  return calls;
}

/** Waits until 20053 has the recordings of these calls, and 9006 names them. */
export async function tied(box: Box, calls: readonly Placed[]): Promise<void> {
  await until(
    `recordings tied to ${calls.map(({ uniqueId }) => uniqueId).join(', ')}`,
    async () => {
      const files = await listed(box);
      const rows = (await box.calls()).map((row) => `${row['UniqueID']} ${nameOf(String(row['Recording filename']))}`);
      return calls.every(({ uniqueId, recordings: [path = ''] }) => {
        const name = nameOf(path);
        return files.has(name) && rows.includes(`${uniqueId} ${name}`);
      });
    },
    CLOSED_SECONDS,
  );
}

/** 20053 has the recordings of these calls, and says of each whether its medium is in place. */
export async function online(box: Box, calls: readonly Placed[], is: boolean): Promise<void> {
  const files = await listed(box);
  for (const path of calls.flatMap(({ recordings }) => recordings)) {
    const row = files.get(nameOf(path));
    expect(row, path).toBeDefined();
    // The guide's fields alone where it is.
    expect(row?.['online'] ?? true, path).toBe(is);
  }
}

/** All of them can be downloaded. */
export async function served(box: Box, calls: readonly Placed[]): Promise<void> {
  for (const call of calls) expect((await play(box, call)).status, call.recordings[0]).toBe(200);
}

/** `/recordings` and 20036 say at once that its medium is not there. */
export async function refused(box: Box, [call]: readonly Placed[]): Promise<void> {
  if (!call) throw new Error('nothing was recorded');
  const archive = `/cgi/webserve/20036?wavefiles=${encodeURIComponent(pathOf(call))}`;
  for (const answer of [await play(box, call), await box.fetch(archive)])
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('storage_offline')]);
}

/** Relative to the recordings folder, as the numbers want it. */
const pathOf = ({ recordings: [path = ''] }: Placed): string => path.slice(RECORDINGS.length + 1);

const play = (box: Box, call: Placed): Promise<Response> => box.fetch(`/recordings/${pathOf(call)}`);
