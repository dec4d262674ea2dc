/** Wall clocks and offsets: real zones at their awkward hours, and properties over several decades. */
import { isMainThread } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatLocal,
  parseLocal,
  processZone,
  resolveLocal,
  uniqueIdEpoch,
  zone,
} from '../../storage/model/local-time.ts';

const wallOf = (text: string): number => {
  const wall = parseLocal(text);
  if (wall === null) throw new Error(`test table: ${text}`);
  return wall;
};

describe('a zone', () => {
  test.each([
    // zone, epoch, offset, text
    ['America/Los_Angeles', 1620378302, -25200, '2021-05-07 02:05:02'],
    ['America/Los_Angeles', 1609459200, -28800, '2020-12-31 16:00:00'],
    ['Etc/GMT+8', 1620378302, -28800, '2021-05-07 01:05:02'],
    ['Asia/Kathmandu', 1620378302, 20700, '2021-05-07 14:50:02'],
    ['Australia/Lord_Howe', 1620378302, 37800, '2021-05-07 19:35:02'],
    ['Pacific/Kiritimati', 0, -38400, '1969-12-31 13:20:00'],
    ['Europe/Berlin', 1635642000 - 3601, 7200, '2021-10-31 01:59:59'],
    ['Europe/Berlin', 1635642000 - 1, 7200, '2021-10-31 02:59:59'],
    ['Europe/Berlin', 1635642000, 3600, '2021-10-31 02:00:00'],
    ['UTC', -1, 0, '1969-12-31 23:59:59'],
  ])('%s at %d is %d: %s', (name, epoch, offset, text) => {
    const local = zone(name);
    expect(local.offsetAt(epoch)).toBe(offset);
    expect(local.text(epoch)).toBe(text);
  });

  test.each([
    ['UTC', -62167219200, 0], // the year 0, 1 BC
    ['UTC', -62198755200, 0],
    ['Africa/Monrovia', -1, -2670],
    // Liberia kept −00:44:30 until 1972-01-07 00:44:30 UTC, which is no quarter hour.
    ['Africa/Monrovia', 63593069, -2670],
    ['Africa/Monrovia', 63593070, 0],
    ['Europe/Paris', wallOf('1900-01-01 00:00:00'), 561],
  ])('local mean time: %s at %d is %d seconds east', (name, epoch, offset) => {
    const local = zone(name);
    // Twice: looked up and, where it may be, remembered.
    expect([local.offsetAt(epoch), local.offsetAt(epoch)]).toEqual([offset, offset]);
  });

  // The process's zone can be changed in its main thread only; mutation testing runs the tests in others.
  test.runIf(isMainThread)('null and the empty name are the system zone, and it agrees with the named one', () => {
    const before = process.env['TZ'];
    try {
      for (const name of ['Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Monrovia', 'America/Los_Angeles', 'UTC']) {
        process.env['TZ'] = name;
        const [named, system] = [zone(name), zone('')];
        // Every 41 days and some seconds from 1900 on, so that each season and many a clock change is met.
        for (let epoch = -2_208_988_800; epoch < 2_000_000_000; epoch += 41 * 86_400 + 1_777)
          expect([name, epoch, system.offsetAt(epoch)]).toEqual([name, epoch, named.offsetAt(epoch)]);
        expect(zone(null).text(1_635_642_000)).toBe(named.text(1_635_642_000));
      }
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  test.runIf(isMainThread)(
    'the process runs in a zone whatever letters its name is given in, and by any of its names',
    () => {
      const before = process.env['TZ'];
      try {
        for (const name of [
          'Europe/Berlin',
          'europe/berlin',
          'us/eastern',
          'Asia/Kolkata',
          'PST',
          'etc/gmt+8',
          'utc',
        ]) {
          process.env['TZ'] = processZone(name);
          for (const epoch of [1_700_000_000, 1_720_000_000])
            expect([name, zone('').offsetAt(epoch)]).toEqual([name, zone(name).offsetAt(epoch)]);
        }
      } finally {
        if (before === undefined) delete process.env['TZ'];
        else process.env['TZ'] = before;
      }
    },
  );

  test('an unknown name is an error', () => {
    expect(() => zone('Mars/Olympus')).toThrow(RangeError);
  });

  test('remembered offsets are those a fresh zone gives, also after more look-ups than are kept', () => {
    const berlin = zone('Europe/Berlin');
    const start = 1616893200 - 600 * 900; // the clock change of 2021-03-28 lies in the middle
    for (let slot = 0; slot < 1200; slot += 1) berlin.offsetAt(start + slot * 900 + 7);
    for (let slot = 0; slot < 1200; slot += 100) {
      const epoch = start + slot * 900 + 450;
      expect(berlin.offsetAt(epoch)).toBe(epoch < 1616893200 ? 3600 : 7200);
    }
  });
});

describe('parseLocal', () => {
  test.each([
    ['1970-01-01 00:00:00', 0],
    ['1970-01-01 00:00:12', 12],
    ['1969-12-31 23:59:59', -1],
    ['2021-04-22 01:01:50', 1619053310],
    ['2020-02-29 12:00:00', 1582977600],
    ['9999-12-31 23:59:59', 253402300799],
  ])('reads %s', (text, wall) => {
    expect(parseLocal(text)).toBe(wall);
  });

  test.each([
    '',
    '2021-02-30 00:00:00',
    '2021-02-29 00:00:00',
    '2021-13-01 00:00:00',
    '2021-00-10 00:00:00',
    '2021-04-22 24:00:00',
    '-120205-07T00:05:02', // a year of six digits: as long as the others
    '+120205-07 00:05:02',
    '2021-04-22 23:59:60',
    '2021-04-22 23:60:00',
    '2021-04-22T01:01:50',
    '2021-04-22 01:01',
    '2021-04-22 1:01:50 ',
    ' 2021-04-22 01:01:5',
    '2021/04/22 01:01:50',
    '2021-04-22 01:01:50.0',
    '2021-04-22  1:01:50',
    '20210422 01:01:50.5',
    '٢٠٢١-04-22 01:01:50',
    '2021-04-22 01:01:5Z',
  ])('refuses %j', (text) => {
    expect(parseLocal(text)).toBeNull();
  });

  test('what formatLocal writes, parseLocal reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62167219200, max: 253402300799 }), (wall) => {
        expect(parseLocal(formatLocal(wall, 0))).toBe(wall);
      }),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ maxLength: 25 }), (text) => void parseLocal(text)));
  });
});

describe('formatLocal', () => {
  test.each([
    [1619082110, -28800, '2021-04-22 01:01:50'],
    [1619082110.9, -28800, '2021-04-22 01:01:50'],
    [0, 20700, '1970-01-01 05:45:00'],
    [-1, 0, '1969-12-31 23:59:59'],
  ])('%d at %d is %s', (epoch, offset, text) => {
    expect(formatLocal(epoch, offset)).toBe(text);
  });

  test.each([253402300800, -62167219201, Number.NaN, 1e20])('%d has no text', (epoch) => {
    expect(() => formatLocal(epoch, 0)).toThrow(RangeError);
  });
});

describe('resolveLocal', () => {
  const first = 1635638400 + 1800; // 2021-10-31 02:30 in Berlin, still summer
  const second = first + 3600;
  test.each([
    // zone, wall text, near, epoch, offset
    ['Etc/GMT+8', '2021-04-22 01:01:50', undefined, 1619082110, -28800],
    ['Europe/Berlin', '2021-10-31 02:30:00', undefined, first, 7200],
    ['Europe/Berlin', '2021-10-31 02:30:00', first - 20, first, 7200],
    ['Europe/Berlin', '2021-10-31 02:30:00', second - 20, second, 3600],
    ['Europe/Berlin', '2021-10-31 02:30:00', first + 1800, first, 7200], // just between
    ['Europe/Berlin', '2021-10-31 02:30:00', first + 1801, second, 3600],
    ['Europe/Berlin', '2021-10-31 01:59:59', second, 1635638399, 7200], // stands once: near has no say
    ['Europe/Berlin', '2021-10-31 03:00:00', first, 1635645600, 3600],
    ['Europe/Berlin', '2021-03-28 01:59:59', undefined, 1616893199, 3600],
    ['Europe/Berlin', '2021-03-28 02:00:00', undefined, 1616893200, 7200], // skipped: 03:00
    ['Europe/Berlin', '2021-03-28 02:30:00', 1, 1616895000, 7200], // skipped: 03:30
    ['Europe/Berlin', '2021-03-28 03:00:00', undefined, 1616893200, 7200],
    ['Australia/Lord_Howe', '2021-04-04 01:45:00', undefined, 1617461100, 39600], // half an hour twice
    ['Australia/Lord_Howe', '2021-04-04 01:45:00', 1617462900, 1617462900, 37800],
    ['America/Los_Angeles', '2021-11-07 01:10:00', 1636276200, 1636276200, -28800],
    ['Pacific/Apia', '2011-12-29 23:59:59', undefined, 1325239199, -36000], // a whole day is skipped
    ['Pacific/Apia', '2011-12-31 00:00:00', undefined, 1325239200, 50400],
    ['Pacific/Apia', '2011-12-30 12:00:00', undefined, 1325282400, 50400],
  ])('%s %s near %s', (name, text, near, epoch, offset) => {
    expect(resolveLocal(wallOf(text), zone(name), near)).toEqual({ epoch, offset });
  });

  const names = ['Europe/Berlin', 'America/Los_Angeles', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
  test('every moment comes back from its text, given a UniqueID of less than a quarter of an hour earlier', () => {
    const zones = names.map(zone);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 2 ** 31 }),
        // Lord Howe's hour is repeated by half: nearer than a quarter of an hour decides everywhere.
        fc.integer({ min: 0, max: 899 }),
        (local, epoch, earlier) => {
          const offset = local.offsetAt(epoch);
          expect(resolveLocal(epoch + offset, local, epoch - earlier)).toEqual({ epoch, offset });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('the same on the days of clock changes', () => {
    const berlin = zone('Europe/Berlin');
    fc.assert(
      fc.property(
        fc.constantFrom(1616893200, 1635642000),
        fc.integer({ min: -10800, max: 10800 }),
        fc.integer({ min: 0, max: 1799 }),
        (change, distance, earlier) => {
          const epoch = change + distance;
          const offset = berlin.offsetAt(epoch);
          expect(resolveLocal(epoch + offset, berlin, epoch - earlier)).toEqual({ epoch, offset });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('uniqueIdEpoch', () => {
  test.each([
    ['1620378302.28', 1620378302],
    ['0.0', 0],
    ['17.0', 17],
    ['pbx-1620378302.28', 1620378302],
    ['pbx-1.lan-1620378302.28', 1620378302],
    ['pbx-7.4-1620378302.28', 1620378302],
    ['-1620378302.28', 1620378302],
    ['', null],
    ['1620378302', null],
    ['1620378302.', null],
    ['.28', null],
    ['pbx1620378302.28', null],
    ['16203783020.28', null],
    ['1620378302.28-x', null],
    ['1620378302.28\n', null],
  ])('%j → %s', (uniqueId, epoch) => {
    expect(uniqueIdEpoch(uniqueId)).toBe(epoch);
  });
});
