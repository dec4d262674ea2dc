/** Lines of Asterisk's CDR CSV as legs: real ones of Master.csv, old and new columns, and of our own layout. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvLineError, legOfCsvLine, splitCsvLine } from '../../daemon/asterisk/cdr-csv.ts';
import { zone } from '../../storage/model/local-time.ts';

const utc = zone('UTC');
/** Real lines of a 16.28 (local time = UTC). */
const ANSWERED =
  '"","205","204","from-ext-205","""205"" <205>","SIP/205-00000000","SIP/204-00000001","Dial","SIP/204,30,TtKkWwXx","2026-11-23 23:49:22","2026-11-23 23:49:22","2026-11-23 23:49:25",3,3,"ANSWERED","DOCUMENTATION","1795477762.0","Internal"';
const BUSY =
  '"","205","209","from-ext-205","""205"" <205>","SIP/205-00000016","SIP/209-00000017","Dial","SIP/209,30,TtKkWwXx","2026-11-23 23:55:26",,"2026-11-23 23:55:26",0,0,"BUSY","DOCUMENTATION","1795478126.46","Internal"';

describe('a line of Master.csv', () => {
  test('every field', () => {
    expect(legOfCsvLine(ANSWERED, utc)).toEqual({
      accountCode: '',
      source: '205',
      destination: '204',
      destinationContext: 'from-ext-205',
      callerId: '"205" <205>',
      channel: 'SIP/205-00000000',
      destinationChannel: 'SIP/204-00000001',
      lastApplication: 'Dial',
      lastData: 'SIP/204,30,TtKkWwXx',
      start: { epoch: 1_795_477_762, offset: 0 },
      answer: { epoch: 1_795_477_762, offset: 0 },
      end: { epoch: 1_795_477_765, offset: 0 },
      duration: 3,
      billsec: 3,
      disposition: 'ANSWERED',
      amaFlags: 'DOCUMENTATION',
      uniqueId: '1795477762.0',
      userField: 'Internal',
      recordingFile: '',
      linkedId: null,
      sequence: null,
      cidName: null,
      ivr: null,
      dialled: null,
      callType: null,
      talkStart: null,
      extra: [],
    });
    expect(legOfCsvLine(BUSY, utc)).toMatchObject({ answer: null, disposition: 'BUSY', billsec: 0 });
  });

  test('newcdrcolumns bring PeerAccount, LinkedID and Sequence, with and without UserField', () => {
    const added = { linkedId: '1795477762.0', sequence: 7, extra: [['PeerAccount', 'shop']] };
    expect(legOfCsvLine(`${ANSWERED},"shop","1795477762.0",7`, utc)).toMatchObject({ ...added, userField: 'Internal' });
    const without = ANSWERED.replace(/,"Internal"$/, '');
    expect(legOfCsvLine(`${without},"shop","1795477762.0",7`, utc)).toMatchObject({ ...added, userField: '' });
  });

  test('local time, and GMT found out by the epoch in UniqueID', () => {
    const berlin = zone('Europe/Berlin');
    const local = ANSWERED.replaceAll('2026-11-23 23:49', '2026-11-24 00:49');
    const expected = { start: { epoch: 1_795_477_762, offset: 3_600 }, end: { epoch: 1_795_477_765, offset: 3_600 } };
    expect(legOfCsvLine(local, berlin)).toMatchObject(expected);
    expect(legOfCsvLine(ANSWERED, berlin)).toMatchObject(expected);
  });
});

test('our own layout: epochs cut to seconds, and everything that the dialplan set', () => {
  const ours = [
    ...['', '506', '620', 'from-trunk-42', '"FROM96-506" <506>', 'SIP/42-0000000c', 'SIP/202-0000000d', 'Dial'],
    ...['SIP/202,30', '1795478090.999999', '1795478091.000001', '1795478093.5', '2', '2', 'ANSWERED', 'DOCUMENTATION'],
    ...['1795478090.24', '', '/rec/20261123/x', 'FROM96-', 'IVR620-', '620', 'Inbound', '1795478091'],
    ...['1795478090.24', '3', ''],
  ];
  const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
  expect(legOfCsvLine(ours.map(quoted).join(','), utc)).toMatchObject({
    start: { epoch: 1_795_478_090 },
    answer: { epoch: 1_795_478_091 },
    end: { epoch: 1_795_478_093 },
    recordingFile: '/rec/20261123/x',
    cidName: 'FROM96-',
    ivr: 'IVR620-',
    dialled: '620',
    callType: 'Inbound',
    talkStart: 1_795_478_091,
    linkedId: '1795478090.24',
    sequence: 3,
    extra: [],
  });
  expect(
    legOfCsvLine(ours.map((field, at) => quoted(at === 10 ? '0.000000' : field)).join(','), utc).answer,
  ).toBeNull();
});

test.each([
  ['cut in the middle of a field', ANSWERED.slice(0, 60), /closing quote|columns/],
  ['a half line run into the next', ANSWERED.slice(0, 60) + BUSY, /quote|columns/],
  ['too few columns', '"a","b"', /2 columns/],
  ['no UniqueID', ANSWERED.replace('"1795477762.0"', '""'), /UniqueID/],
  ['a start that is no time', ANSWERED.replace('"2026-11-23 23:49:22"', '"soon"'), /start is not a time: soon/],
  ['no end', ANSWERED.replace('"2026-11-23 23:49:25"', ''), /no end/],
])('%s is refused with a reason', (_name, line, reason) => {
  expect(() => legOfCsvLine(line, utc)).toThrow(CsvLineError);
  expect(() => legOfCsvLine(line, utc)).toThrow(reason);
});

test('fields come back as they were written, whatever stands in them', () => {
  const field = fc.string().map((text) => text.replaceAll(/[\r\n]/g, ' '));
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 30 }), (fields) => {
      const line = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
      expect(splitCsvLine(line)).toEqual(fields);
    }),
  );
});

test('any bytes either make a record or a reason, never another error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), fc.nat(ANSWERED.length), (noise, at) => {
      const line = ANSWERED.slice(0, at) + noise;
      try {
        legOfCsvLine(line, utc);
      } catch (error) {
        expect(error).toBeInstanceOf(CsvLineError);
      }
    }),
  );
});
