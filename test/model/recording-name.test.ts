/**
 * Names of recordings: the thirteen that the guide shows (line breaks of its typesetter and of PuTTY mended), strange
 * ones from other boxes, and properties.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CALL_TYPES } from '../../storage/model/leg.ts';
import { formatLocal } from '../../storage/model/local-time.ts';
import {
  absoluteRecording,
  formatRecordingName,
  parseRecordingName,
  relativeRecording,
} from '../../storage/model/recording-name.ts';

describe('the guide’s thirteen names', () => {
  const table = `
    20210507/20210507-004956-1620377396-CallBack-96-506-620(202).wav   | 2021-05-07 00:49:56 | CallBack | 96 | 506 | 620(202)
    20210507/20210507-004616-1620377176-Outbound-96-202-506.wav        | 2021-05-07 00:46:16 | Outbound | 96 | 202 | 506
    20210507/20210507-003705-1620376625-Outbound-96-202-9506.wav       | 2021-05-07 00:37:05 | Outbound | 96 | 202 | 9506
    20210507/20210507-003628-1620376588-Inbound-96-506-620(202).wav    | 2021-05-07 00:36:28 | Inbound  | 96 | 506 | 620(202)
    20210507/20210507-010506-1620378306-CallBack-96-506-820(202).wav   | 2021-05-07 01:05:06 | CallBack | 96 | 506 | 820(202)
    20210507/20210507-010257-1620378177-CallBack-96-506-820(202).wav   | 2021-05-07 01:02:57 | CallBack | 96 | 506 | 820(202)
    20210328/20210328-182446-1616984686-Outbound-42-202-155.wav        | 2021-03-28 18:24:46 | Outbound | 42 | 202 | 155
    20210328/20210328-181933-1616984373-Internal-202-204.wav           | 2021-03-28 18:19:33 | Internal |    | 202 | 204
    20210329/20210329-001004-1617005404-CallBack-44-202-820(102).wav   | 2021-03-29 00:10:04 | CallBack | 44 | 202 | 820(102)
    20210329/20210329-000719-1617005239-CallBack-44-202-820(601).wav   | 2021-03-29 00:07:19 | CallBack | 44 | 202 | 820(601)
    20210407/20210407-190729-1617851249-Inbound-96-506-620(105).wav    | 2021-04-07 19:07:29 | Inbound  | 96 | 506 | 620(105)
    20210407/20210407-190653-1617851213-Outbound-96-105-513.wav        | 2021-04-07 19:06:53 | Outbound | 96 | 105 | 513
    20210422/20210422-010152-1619082112-Internal-205-204.wav           | 2021-04-22 01:01:52 | Internal |    | 205 | 204
  `
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

  test('are thirteen', () => {
    expect(table.length).toBe(13);
  });

  test.each(table)('%s', (path = '', calldate = '', callType = '', trunk = '', src = '', dst = '') => {
    const name = parseRecordingName(path);
    expect(name).toMatchObject({ callType, trunk, src, dst, offset: -8 * 3600 });
    expect(formatLocal(name.wall ?? Number.NaN, 0)).toBe(calldate);
    expect((name.wall ?? 0) - (name.epoch ?? 0)).toBe(-8 * 3600);
    if (name.epoch === null || name.offset === null || name.callType === null) throw new Error('unread');
    const { epoch, offset } = name;
    expect(formatRecordingName({ epoch, offset, callType: name.callType, trunk, src, dst })).toBe(path);
  });
});

describe('parties', () => {
  const head = '20210507-003628-1620376588-';
  test.each([
    // name after the epoch, known trunks → call type, trunk, source, destination
    ['Inbound-96-+49301234-620(202)', [], 'Inbound', '96', '+49301234', '620(202)'],
    ['Inbound-96-+49-30-1234-620', [], 'Inbound', '96', '+49-30-1234', '620'],
    ['Inbound-my-trunk-506-620(202)', [], 'Inbound', 'my-trunk', '506', '620(202)'],
    ['Inbound-my-trunk-+49-30-1234-620', [], 'Inbound', 'my-trunk', '+49-30-1234', '620'],
    ['Inbound-my-trunk-anonymous-620', [], 'Inbound', 'my-trunk', 'anonymous', '620'],
    // Number-like pieces of a trunk's name fall to the source, unless the trunk is known.
    ['Inbound-voip-2-506-620', [], 'Inbound', 'voip', '2-506', '620'],
    ['Inbound-voip-2-506-620', ['voip', 'voip-2', '96'], 'Inbound', 'voip-2', '506', '620'],
    ['Inbound-voip-2-506-620', ['gone', ''], 'Inbound', 'voip', '2-506', '620'],
    ['Outbound-a-b-alice-bob-555', ['a-b'], 'Outbound', 'a-b', 'alice-bob', '555'],
    ['Outbound-96-506', ['96'], 'Outbound', '', '96', '506'],
    ['Inbound-96--620', [], 'Inbound', '96', '', '620'],
    ['Inbound-96-506-', [], 'Inbound', '96', '506', ''],
    ['Conference-205-740', [], 'Conference', '', '205', '740'],
    ['Conference-96-506-740', [], 'Conference', '96', '506', '740'],
    ['Internal-202-*97', [], 'Internal', '', '202', '*97'],
    ['Internal-a-b-204', ['a'], 'Internal', '', 'a-b', '204'],
    ['Internal--204', [], 'Internal', '', '', '204'],
    ['Interval-202-204', [], 'Internal', '', '202', '204'],
    ['callback-96-506-820(a-b)', [], 'CallBack', '96', '506', '820(a-b)'],
    ['Inbound-96-506-a(b-c', [], 'Inbound', '96-506', 'a(b', 'c'],
    ['Paging-96-202-720', [], null, '96', '202', '720'],
    ['Inbound-96-a1-506-620', [], 'Inbound', '96-a1', '506', '620'],
    ['Inbound-96-1a-506-620', [], 'Inbound', '96-1a', '506', '620'],
    ['202-Internal-204', [], null, '202', 'Internal', '204'],
    ['Internal-(a-b)', [], 'Internal', null, null, null],
    ['Internal-202-a.wav.204', [], 'Internal', '', '202', 'a.wav.204'],
    ['Internal-204', [], 'Internal', null, null, null],
    ['Internal', [], 'Internal', null, null, null],
    ['', [], null, null, null, null],
  ])('%s with %j', (tail, known, callType, trunk, src, dst) => {
    expect(parseRecordingName(`20210507/${head}${tail}.wav`, known)).toMatchObject({
      epoch: 1620376588,
      offset: -28800,
      callType,
      trunk,
      src,
      dst,
    });
  });
});

describe('times', () => {
  test.each([
    // name, wall, epoch, offset
    ['20210507-003628-1620376588-Internal-1-2.WAV', 1620347788, 1620376588, -28800],
    ['/media/usbStorage/monitor/20210507/20210507-003628-1620376588-Internal-1-2', 1620347788, 1620376588, -28800],
    ['20210507-003629-1620376588-Internal-1-2.wav', 1620347789, 1620376588, -28800],
    ['20210507-003626-1620376588-Internal-1-2.wav', 1620347786, 1620376588, -28800],
    ['20210507-003625-1620376588-Internal-1-2.wav', 1620347785, 1620376588, null],
    ['20210507-003631-1620376588-Internal-1-2.wav', 1620347791, 1620376588, null],
    ['20210507-142128-1620376588-Internal-1-2.wav', 1620397288, 1620376588, 20700], // Kathmandu
    ['20210507-000000-1234567890-Internal-1-2.wav', 1620345600, 1234567890, null],
    ['19700101-000012-12-Internal-1-2.wav', 12, 12, 0], // no clock battery
    ['19691231-160012-12-Internal-1-2.wav', -28788, 12, -28800],
    ['20210230-003628-1620376588-Internal-1-2.wav', null, 1620376588, null],
    ['20210507-246028-1620376588-Internal-1-2.wav', null, 1620376588, null],
    ['20210507-183628-1620358588-Internal-1-2.wav', 1620412588, 1620358588, 54000],
    ['20210507-183628-1620357688-Internal-1-2.wav', 1620412588, 1620357688, null],
    ['20210507-003628-1620401788-Internal-1-2.wav', 1620347788, 1620401788, -54000],
    ['20210507-003628-1620402688-Internal-1-2.wav', 1620347788, 1620402688, null],
    ['20210507-003628-915148800-Internal-1-2.wav', 1620347788, 915148800, null],
    ['20210507-003628-16203765880-Internal-1-2.wav', 1620347788, null, null],
    ['20210507-003628-a1620376588-1-2.wav', 1620347788, null, null],
    ['20210507-003628-Internal-1-2.wav', 1620347788, null, null],
    ['20210507-003628.wav', 1620347788, null, null],
  ])('%s', (path, wall, epoch, offset) => {
    expect(parseRecordingName(path)).toMatchObject({ wall, epoch, offset });
  });

  test('two numbers after the time are the parties, not an epoch', () => {
    expect(parseRecordingName('20210507-003628-202-204.wav')).toMatchObject({
      epoch: null,
      src: '202',
      dst: '204',
    });
  });

  test.each(['', 'x', '.wav', 'q820-202-20151208-102449-1449563089.106.wav', '2021050-003628-1', '20210507'])(
    'nothing is read from %j',
    (path) => {
      expect(Object.values(parseRecordingName(path)).every((value) => value === null)).toBe(true);
    },
  );
});

describe('properties', () => {
  const characters = [...'0123456789abcXYZ+*#_.'];
  const part = fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 12 });
  const dashed = fc.string({ unit: fc.constantFrom(...characters, '-'), minLength: 1, maxLength: 12 });
  const moment = {
    epoch: fc.integer({ min: 0, max: 4102444800 }),
    offset: fc.integer({ min: -48, max: 56 }).map((quarters) => quarters * 900),
    callType: fc.constantFrom(...CALL_TYPES),
  };
  const destination = fc.oneof(
    part,
    fc.tuple(part, dashed).map(([called, answered]) => `${called}(${answered})`),
  );

  test('what our dialplan can write is read back', () => {
    fc.assert(
      fc.property(fc.record({ ...moment, trunk: part, src: part, dst: destination }), (parts) => {
        // A trunk of a number's characters alone is parted from a number by position: at least one piece is the trunk.
        const read = parseRecordingName(formatRecordingName(parts));
        const trunk = parts.callType === 'Internal' ? '' : parts.trunk;
        expect(read).toEqual({ ...parts, trunk, wall: parts.epoch + parts.offset });
      }),
      { numRuns: 500 },
    );
  });

  test('with its trunk known, dashes in trunk and source do no harm', () => {
    fc.assert(
      fc.property(fc.record({ ...moment, trunk: dashed, src: dashed, dst: destination }), (parts) => {
        const read = parseRecordingName(formatRecordingName(parts), [parts.trunk]);
        const trunk = parts.callType === 'Internal' ? '' : parts.trunk;
        expect(read).toMatchObject({ ...parts, trunk });
      }),
      { numRuns: 500 },
    );
  });

  test('no name makes it throw', () => {
    fc.assert(fc.property(fc.string(), fc.array(fc.string()), (path, known) => void parseRecordingName(path, known)));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0129-()/.wavInternl') }), (tail) => {
        parseRecordingName(`20210507-003628-1620376588-${tail}`);
      }),
    );
  });

  test('whatever the parts are, the name stays one file in the day’s folder', () => {
    fc.assert(
      fc.property(fc.record({ ...moment, trunk: fc.string(), src: fc.string(), dst: fc.string() }), (parts) => {
        expect(formatRecordingName(parts)).toMatch(/^\d{8}\/\d{8}-\d{6}-\d+-[A-Za-z]+-[0-9A-Za-z+*#_.()-]+\.wav$/);
      }),
    );
  });
});

test('hostile characters are dropped', () => {
  const parts = { epoch: 1620376588, offset: -28800, callType: 'Inbound', trunk: '../x', dst: '620' } as const;
  expect(formatRecordingName({ ...parts, src: 'a,,touch$IFS/x,b' })).toBe(
    '20210507/20210507-003628-1620376588-Inbound-..x-atouchIFSxb-620.wav',
  );
});

describe('spellings', () => {
  const dir = '/media/usbStorage/monitor';
  const name = '20210422/20210422-010152-1619082112-Internal-205-204';
  test.each([
    [`${dir}/${name}`, `${name}.wav`],
    [`${dir}//${name}`, `${name}.wav`],
    [`${dir}/${name}.wav`, `${name}.wav`],
    [`${dir}/${name}.WAV`, `${name}.WAV`],
    [`/mnt/share/${name}`, `${name}.wav`],
    [`/media/usbStorage/monitor2/${name}`, `${name}.wav`],
    [name, `${name}.wav`],
    ['', ''],
    [dir, ''],
    [`${dir}/`, ''],
    [`${dir}/20210422/`, ''],
    [`${dir}/20210422-010152.wav`, ''],
    [`${dir}/old/${name}`, ''],
    [`${dir}/.trash/x.wav`, ''],
    [`${dir}/../${name}`, ''],
    ['/mnt/share/x.wav', ''],
    ['/mnt/2021042/x.wav', ''],
    ['/mnt/20210422/..', ''],
    // Names under which no number would find the file.
    ['/mnt/20210422/..wav', ''],
    ['/mnt/20210422/.hidden', ''],
    ['/mnt/20210422/a\\b', ''],
    [`/mnt/20210422/${'a'.repeat(252)}`, ''],
    ['/mnt/20210422x/a', ''],
    ['/mnt/x20210422/a', ''],
    ['/mnt/20210422/a b', '20210422/a b.wav'],
    ['/mnt/20210422/a.wav.b', '20210422/a.wav.b.wav'],
    ['/mnt/20210422/\ta', ''],
    ['/mnt/20210422/a\nb', ''],
    ['/mnt/20210422/a\0b', ''],
  ])('%j is stored as %j', (absolute, relative) => {
    expect(relativeRecording(absolute, dir)).toBe(relative);
    expect(relativeRecording(absolute, `${dir}/`)).toBe(relative);
  });

  test.each([
    [`${name}.wav`, dir, `${dir}/${name}`],
    [`${name}.wav`, `${dir}//`, `${dir}/${name}`],
    [`${name}.wav`, '/', `/${name}`],
    ['20210422/a.wav.b.wav', dir, `${dir}/20210422/a.wav.b`],
    ['', dir, ''],
  ])('%j below %s is announced as %j', (relative, below, absolute) => {
    expect(absoluteRecording(relative, below)).toBe(absolute);
    expect(relativeRecording(absolute, below)).toBe(relative);
  });
});
