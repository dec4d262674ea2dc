/** The follower against real files: every line exactly once, whatever rotation, truncation, compression or a kill does. */
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type CsvIndex, followCsv } from '../../daemon/asterisk/csv-follow.ts';
import { createLog } from '../../daemon/log.ts';
import { StoreError } from '../../storage/errors.ts';
import { zone } from '../../storage/model/local-time.ts';
import type { CsvProgress } from '../../storage/store.ts';
import type { CsvBatch } from '../../storage/write.ts';
import { temporaryFolder } from '../support/folder.ts';

const line = (n: number, name = `caller ${n}`) =>
  `"","205","204","ctx","""${name}"" <205>","SIP/205-${n}","SIP/204-${n}","Dial","x","2026-11-23 23:49:22","2026-11-23 23:49:22","2026-11-23 23:49:25",3,3,"ANSWERED","DOCUMENTATION","1795477762.${n}","Internal"\n`;

/** A store that remembers, and may die before a write or right after it. */
function memory() {
  const positions = new Map<string, CsvProgress>();
  const batches: CsvBatch[] = [];
  let dieAt = Number.POSITIVE_INFINITY;
  let full = false;
  const index: CsvIndex = {
    positions: async () => new Map(positions),
    async write(batch) {
      if (batches.length >= dieAt) throw new Error('killed');
      if (full) throw new StoreError('disk_full', 'no room');
      batches.push(batch);
      const { offset, line: last, tail } = batch;
      positions.set(batch.signature, { offset, line: last, tail });
    },
  };
  return {
    index,
    batches,
    dieAfter: (writes: number) => {
      dieAt = writes;
    },
    fill: (now: boolean) => {
      full = now;
    },
    records: () => batches.flatMap(({ legs }) => legs.map(({ uniqueId }) => Number(uniqueId.split('.')[1]))),
    faults: () => batches.flatMap(({ faults }) => faults),
  };
}

function begin() {
  const folder = temporaryFolder();
  const path = `${folder}/Master.csv`;
  const store = memory();
  const log: string[] = [];
  const follow = () => {
    const follower = followCsv({
      path,
      zone: zone('UTC'),
      index: store.index,
      log: createLog({ level: 'info', write: (text) => log.push(text), terminal: false }),
    });
    onTestFinished(() => follower.close());
    return follower;
  };
  return { folder, path, store, log, follow };
}

const upTo = (last: number, first = 0) => Array.from({ length: last - first + 1 }, (_, at) => first + at);
const lines = (last: number, first = 0) =>
  upTo(last, first)
    .map((n) => line(n))
    .join('');

describe('every line once', () => {
  test('from the first start on, appended, and over a restart', async () => {
    const { path, store, follow } = begin();
    writeFileSync(path, lines(249));
    await follow().catchUp();
    expect(store.records()).toEqual(upTo(249));
    appendFileSync(path, lines(260, 250));
    const second = follow();
    await second.catchUp();
    await second.catchUp();
    expect(store.records()).toEqual(upTo(260));
    expect(second.figures).toMatchObject({ lines: 11, faults: 0, behind: 0, trouble: '' });
  });

  test('a half-written last line waits for its end', async () => {
    const { path, store, follow } = begin();
    const [whole, half] = [line(1), line(2)];
    writeFileSync(path, whole + half.slice(0, 70));
    const follower = follow();
    await follower.catchUp();
    expect(store.records()).toEqual([1]);
    expect(follower.figures.behind).toBe(70);
    appendFileSync(path, half.slice(70));
    await follower.catchUp();
    expect(store.records()).toEqual([1, 2]);
    expect(store.faults()).toEqual([]);
  });

  test('a broken line is kept aside with its place, and the rest goes on', async () => {
    const { path, store, follow, log } = begin();
    writeFileSync(path, `${line(1)}${line(2).slice(0, 70)}${line(3)}${line(4)}`);
    await follow().catchUp();
    expect(store.records()).toEqual([1, 4]);
    expect(store.faults()).toMatchObject([
      { line: 2, offset: line(1).length, text: expect.stringContaining('SIP/205-2') },
    ]);
    expect(log.join('')).toContain('line=2');
  });

  test.each([
    ['renamed', (path: string) => renameSync(path, `${path}.1`)],
    ['renamed with the date', (path: string) => renameSync(path, `${path}-20261124`)],
    [
      'compressed at once',
      (path: string) => {
        writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)));
        renameSync(path, `${path}~`); // gone under a name that is no rotated one
      },
    ],
    [
      'copied and truncated',
      (path: string) => {
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
      },
    ],
  ])('what was not read before the file was %s', async (_name, rotate) => {
    const { path, store, follow } = begin();
    writeFileSync(path, lines(10));
    await follow().catchUp();
    appendFileSync(path, lines(20, 11));
    rotate(path);
    appendFileSync(path, lines(30, 21));
    await follow().catchUp();
    expect(store.records()).toEqual(upTo(30));
    await follow().catchUp();
    expect(store.records()).toEqual(upTo(30));
  });

  test('a rotation after which no call has come yet', async () => {
    const { path, store, follow } = begin();
    writeFileSync(path, lines(10));
    await follow().catchUp();
    appendFileSync(path, lines(20, 11));
    renameSync(path, `${path}.1`);
    const follower = follow();
    await follower.catchUp();
    expect(store.records()).toEqual(upTo(20));
    expect(follower.figures.trouble).toBe('the file is not there');
  });

  test('a rotated file that a power cut left half keeps nothing else from being read', async () => {
    const { path, store, follow, log } = begin();
    writeFileSync(path, lines(10));
    await follow().catchUp();
    writeFileSync(`${path}.3.gz`, 'no gzip at all');
    writeFileSync(`${path}.2.gz`, gzipSync(lines(3)).subarray(0, 12));
    appendFileSync(path, lines(20, 11));
    const follower = follow();
    await follower.catchUp();
    expect(store.records()).toEqual(upTo(20));
    expect(follower.figures.trouble).toContain('.gz');
    expect(log.filter((text) => text.includes('can not be read'))).toHaveLength(1);
  });

  test('two rotations while nobody looked, the older one compressed meanwhile', async () => {
    const { path, store, follow } = begin();
    writeFileSync(path, lines(10));
    await follow().catchUp();
    appendFileSync(path, lines(20, 11));
    writeFileSync(`${path}.2.gz`, gzipSync(readFileSync(path)));
    writeFileSync(`${path}.1`, lines(30, 21));
    writeFileSync(path, lines(40, 31));
    await follow().catchUp();
    expect(store.records().sort((a, b) => a - b)).toEqual(upTo(40));
  });

  test('a kill between any two writes loses nothing and repeats nothing', async () => {
    for (let writes = 0; writes < 4; writes++) {
      const { path, store, follow } = begin();
      writeFileSync(path, lines(349));
      store.dieAfter(writes);
      await follow().catchUp();
      store.dieAfter(Number.POSITIVE_INFINITY);
      await follow().catchUp();
      expect(store.records()).toEqual(upTo(349));
    }
  });
});

describe('after a power cut', () => {
  /** Read up to line 10, and then the end is gone from line 6 on, as the cut left it. */
  async function cutShort() {
    const begun = begin();
    writeFileSync(begun.path, lines(10));
    await begun.follow().catchUp();
    truncateSync(begun.path, lines(5).length);
    return { ...begun, read: () => begun.store.records().slice(11) };
  }

  test.each([
    ['still shorter than it was', 22],
    ['longer than it was', 30],
  ])('lines that come in the place of those that are gone are read: the file is %s', async (_, last) => {
    const { path, read, log, follow } = await cutShort();
    appendFileSync(path, lines(last, 20));
    await follow().catchUp();
    // Anew from its first line; what the store has it takes once.
    expect(read()).toEqual([...upTo(5), ...upTo(last, 20)]);
    expect(log.filter((text) => text.includes('has lost lines'))).toHaveLength(1);
    appendFileSync(path, line(40));
    await follow().catchUp();
    expect(read().slice(6)).toEqual([...upTo(last, 20), 40]);
    expect(log).toHaveLength(1);
  });

  test('a file that is nothing but shorter is read anew once', async () => {
    const { read, follow } = await cutShort();
    await follow().catchUp();
    await follow().catchUp();
    expect(read()).toEqual(upTo(5));
  });

  test('zeros before a record, as ext4 leaves them, cost no record but the one that they cut', async () => {
    const { path, store, follow } = begin();
    const zeros = Buffer.alloc(500);
    writeFileSync(path, Buffer.concat([zeros, Buffer.from(`${line(1)}${line(2).slice(0, 70)}`), zeros]));
    appendFileSync(path, lines(4, 3));
    await follow().catchUp();
    await follow().catchUp();
    expect(store.records()).toEqual([1, 3, 4]);
    expect(store.faults()).toMatchObject([{ line: 2, text: line(2).slice(0, 70) }]);
  });
});

test('what was rotated before the first start is left alone, also when it is compressed later', async () => {
  const { path, store, follow } = begin();
  writeFileSync(`${path}.1`, lines(10));
  writeFileSync(path, lines(20, 11));
  await follow().catchUp();
  expect(store.records()).toEqual(upTo(20, 11));
  writeFileSync(`${path}.2.gz`, gzipSync(readFileSync(`${path}.1`)));
  renameSync(path, `${path}.1`);
  writeFileSync(path, lines(30, 21));
  await follow().catchUp();
  expect(store.records()).toEqual(upTo(30, 11));
});

test('a compressed file that was read to its end is not unpacked again: each look would cost seconds of a small box', async () => {
  const { path, store, follow } = begin();
  writeFileSync(path, lines(10));
  const follower = follow();
  await follower.catchUp();
  appendFileSync(path, lines(20, 11));
  const packed = `${path}.1.gz`;
  const bytes = gzipSync(readFileSync(path));
  writeFileSync(packed, bytes);
  utimesSync(packed, 1_795_000_000, 1_795_000_000);
  writeFileSync(path, lines(30, 21));
  // What the store refuses in its midst is read again.
  store.dieAfter(1);
  await follower.catchUp();
  expect(store.records()).toEqual(upTo(10));
  store.dieAfter(Number.POSITIVE_INFINITY);
  await follower.catchUp();
  expect(store.records()).toEqual(upTo(30));
  // Whoever reads it again stumbles: same size and time, and no gzip any more.
  writeFileSync(packed, Buffer.alloc(bytes.length, 'x'));
  utimesSync(packed, 1_795_000_000, 1_795_000_000);
  await follower.catchUp();
  expect(follower.figures.trouble).toBe('');
});

test('columns that are switched on in the midst of a file: each line by its own', async () => {
  const { path, store, follow } = begin();
  const newColumns = (n: number) => line(n).replace(/\n$/, `,"","1795477762.${n}",${n}\n`);
  writeFileSync(path, line(1) + line(2) + newColumns(3) + newColumns(4) + line(5));
  await follow().catchUp();
  expect(store.records()).toEqual([1, 2, 3, 4, 5]);
  expect(store.faults()).toEqual([]);
  const legs = store.batches.flatMap(({ legs }) => legs);
  expect(legs.map(({ sequence }) => sequence)).toEqual([null, null, 3, 4, null]);
  expect(legs.map(({ linkedId }) => linkedId)).toEqual([null, null, '1795477762.3', '1795477762.4', null]);
});

test('without the file it says so once, and begins when it comes', async () => {
  const { path, store, follow, log } = begin();
  const follower = follow();
  await follower.catchUp();
  await follower.catchUp();
  expect(follower.figures.trouble).toBe('the file is not there');
  expect(log).toHaveLength(1);
  writeFileSync(path, line(1));
  await follower.catchUp();
  expect(follower.figures.trouble).toBe('');
  expect(store.records()).toEqual([1]);
});

test('names that are not UTF-8 and endless lines cost nothing but themselves', async () => {
  const { path, store, follow } = begin();
  const latin1 = Buffer.from(line(1, 'Zoë'), 'latin1');
  writeFileSync(path, Buffer.concat([latin1, Buffer.alloc(300_000, 'x'), Buffer.from(`\n${line(2)}`)]));
  await follow().catchUp();
  expect(store.records()).toEqual([1, 2]);
  expect(store.batches[0]?.legs[0]?.callerId).toBe('"Zoë" <205>');
  expect(store.faults()).toMatchObject([{ line: 2, reason: 'longer than 65536 bytes' }]);
});

test('looks that are asked for during one join the next', async () => {
  const { path, store, follow } = begin();
  writeFileSync(path, lines(50));
  const follower = follow();
  const first = follower.catchUp();
  await Promise.resolve();
  appendFileSync(path, lines(60, 51));
  await Promise.all([first, follower.catchUp(), follower.catchUp()]);
  expect(store.records()).toEqual(upTo(60));
});

test('a store without room is no trouble of the file: it is told how much waits, and read when there is room', async () => {
  const { path, store, log, follow } = begin();
  const follower = follow();
  writeFileSync(path, lines(9));
  await follower.catchUp();
  store.fill(true);
  appendFileSync(path, lines(19, 10));
  await follower.catchUp();
  expect(follower.figures).toMatchObject({ lines: 10, behind: lines(19, 10).length, trouble: '' });
  expect(log).toEqual([]);
  store.fill(false);
  await follower.catchUp();
  expect(store.records()).toEqual(upTo(19));
  expect(follower.figures.behind).toBe(0);
});
