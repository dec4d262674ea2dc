/** How parameters are read and checked (guide-resolved, "URL and method"). */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import * as fields from '../../cgi/fields.ts';
import { checkParameters, readParameters } from '../../cgi/params.ts';

const read = (...sources: readonly string[]) =>
  Object.fromEntries([...readParameters(...sources)].map(([plain, { value }]) => [plain, value]));
const fault = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    const { code, parameter, message } = error as { code: string; parameter?: string; message: string };
    return [code, parameter, message];
  }
  return null;
};

describe('reading', () => {
  test.each([
    ['', {}],
    ['&', {}],
    ['&&&a=1&&', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', { '': '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=x+y%2Bz', { a: 'x y+z' }],
    ['a=%C3%BC', { a: 'ü' }],
    ['IV%20R=7', { ivr: '7' }],
    ['IV+R=7', { ivr: '7' }],
    ['STARTdate=1', { startdate: '1' }],
    ['_=1&random=2&A=3&_=4', { a: '3' }],
    ['wavefiles=1', { wavefiles: '1' }],
    ['WavFiles=1', { wavefiles: '1' }],
    ['wavfiles=1&wavefiles=1', { wavefiles: '1' }],
    ['src=1&src=2&SRC=3', { src: '1,2,3' }],
    ['dst=&dst=2&dst=', { dst: '2' }],
    ['src=+4930', { src: ' 4930' }],
    ['a=1&a=1', { a: '1' }],
    ['a=%00', { a: '\0' }],
  ])('%s', (query, expected) => {
    expect(read(query)).toEqual(expected);
  });

  test('query and body are one', () => {
    expect(read('&a=1&src=1', 'b=2&src=2')).toEqual({ a: '1', src: '1,2', b: '2' });
    expect(fault(() => read('limit=1', 'Limit=2'))).toEqual([
      'invalid',
      'Limit',
      'Limit is given twice with different values',
    ]);
  });

  test('what can’t be decoded is refused by its name', () => {
    expect(fault(() => read('src=%E0%A4%A'))).toEqual(['invalid', 'src', 'src is not validly percent-encoded']);
    expect(fault(() => read('%ff=1'))).toEqual(['invalid', '%ff', '%ff is not validly percent-encoded']);
    expect(fault(() => read(`${'%ff'.repeat(1_000)}=1`))?.[1]?.length).toBe(64);
  });

  test('a thousand are enough', () => {
    expect(read('src=1&'.repeat(999))['src']?.length).toBe(1_997);
    expect(fault(() => read('a=1&'.repeat(1_001)))).toEqual(['invalid', undefined, 'more than 1000 parameters']);
    expect(fault(() => read('&'.repeat(600), '&'.repeat(600)))?.[0]).toBe('invalid');
    // A body of 4 MB in repeated lists: put together one by one they'd take hours.
    expect(fault(() => read('', 'src=1&'.repeat(700_000)))?.[0]).toBe('invalid');
  });
});

describe('checking', () => {
  const schema = v.strictObject({ src: fields.numbers, limit: fields.rows(1, 'rows'), name: v.string() });
  const check = (query: string) => checkParameters(schema, readParameters(query));

  test('gives values, and nothing for what is absent or empty', () => {
    expect(check('name=x&limit=5&src=')).toEqual({ name: 'x', limit: 5, src: undefined });
    expect(check('name=')).toEqual({ name: '' });
  });

  test('refuses what it doesn’t know, what is missing and what is wrong, by the client’s own spelling', () => {
    expect(fault(() => check('name=x&Colour=1'))).toEqual(['invalid', 'Colour', 'Colour is not a parameter here']);
    expect(fault(() => check(''))).toEqual(['invalid', 'name', 'name is missing']);
    const guide = v.strictObject({ username: v.string() });
    expect(fault(() => checkParameters(guide, readParameters('')))?.slice(1)).toEqual([
      'UserName', // as the reference shows it
      'UserName is missing',
    ]);
    expect(fault(() => check('name=x&LIMIT=0'))).toEqual(['invalid', 'LIMIT', 'LIMIT must be 1 or more']);
    expect(fault(() => check(`name=x&${'y'.repeat(500)}=1`))?.[1]).toBe('y'.repeat(64));
  });

  test('names that every object has are read as any other', () => {
    expect([...readParameters('constructor=1&__proto__=2').keys()]).toEqual(['constructor', '__proto__']);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s is no parameter either',
    (name) => {
      expect(fault(() => check(`name=x&${name}=1`))).toEqual(['invalid', name, `${name} is not a parameter here`]);
    },
  );
});

describe('fields', () => {
  const value = (field: v.GenericSchema<unknown, unknown>, text: string) => {
    const result = v.safeParse(field, text);
    return result.success ? (result.output ?? null) : result.issues[0]?.message;
  };
  const wall = (text: string) => Date.parse(`${text}Z`) / 1000;

  test('dates', () => {
    expect(value(fields.startDate, '2021-05-07 00:00')).toEqual({
      text: '2021-05-07 00:00',
      wall: wall('2021-05-07T00:00:00'),
    });
    expect(value(fields.endDate, '2021-05-07 23:59')).toEqual({
      text: '2021-05-07 23:59',
      wall: wall('2021-05-07T23:59:59'),
    });
    expect(value(fields.endDate, ' 2021-05-07T23:59:10 ')).toEqual({
      text: '2021-05-07T23:59:10',
      wall: wall('2021-05-07T23:59:10'),
    });
    for (const empty of ['', ' ']) expect(value(fields.startDate, empty)).toBe(null);
    for (const bad of [
      '2021-05-07',
      '2021-02-29 00:00',
      '2021-05-07 24:00',
      '2021-5-7 0:00',
      '07.05.2021 00:00',
      '2021-05-07 00:00:60',
      '1e9',
    ])
      expect(value(fields.startDate, bad)).toMatch(/^must be a date/);
  });

  test('dispositions, in every spelling of the guide', () => {
    expect(value(fields.dispositions, 'answered,No Answer,NOANSWER, N O ANSWER')).toEqual([
      'ANSWERED',
      'NO ANSWER',
      'NO ANSWER',
      'NO ANSWER',
    ]);
    expect(value(fields.dispositions, 'FAILD')).toEqual(['FAILED', 'CONGESTION']);
    expect(value(fields.dispositions, 'congestion')).toEqual(['CONGESTION']);
    for (const all of ['', ' ', 'All', 'BUSY,all']) expect(value(fields.dispositions, all)).toBe(null);
    for (const bad of [',', ' , ', 'MAYBE', 'BUSY,MAYBE'])
      expect(value(fields.dispositions, bad)).toMatch(/^must be one of ANSWERED/);
    expect(value(fields.dispositions, 'BUSY,'.repeat(21))).toBe('has too many values');
  });

  test('directions, in every spelling of the guide', () => {
    expect(value(fields.callTypes, 'interval,Call Back,CALLBACK,Conference,inbound,Outbound')).toEqual([
      'Internal',
      'CallBack',
      'CallBack',
      'Conference',
      'Inbound',
      'Outbound',
    ]);
    expect(value(fields.callTypes, ',')).toMatch(/^must be one of Internal/);
  });

  test('prefixes drop one dash behind; a dash alone would be no filter and is refused', () => {
    expect(['96-', '96--', '-', '', 'a-b'].map((text) => value(fields.prefix, text))).toEqual([
      '96',
      '96-',
      'must be more than a dash',
      null,
      'a-b',
    ]);
  });

  test('ports', () => {
    for (const all of ['', '-1', '0', '00']) expect(value(fields.port, all)).toBe(null);
    expect(value(fields.port, '3')).toEqual({ gsm: 3 });
    expect(value(fields.port, 'gsm03')).toEqual({ trunk: 'GSM3' });
    expect(value(fields.port, 'PSTN2')).toEqual({ trunk: 'pstn2' });
    for (const bad of ['-2', '1.5', 'GSM', 'GSM 3', '12345', 'x'])
      expect(value(fields.port, bad)).toMatch(/^must be -1/);
  });

  test('seconds, rows and cursors', () => {
    expect(['', '0', '007', ' 5 '].map((text) => value(fields.seconds, text))).toEqual([null, 0, 7, 5]);
    for (const bad of ['-1', '1.5', '1e3', '0x10', '1234567890123', '٣'])
      expect(value(fields.seconds, bad)).toMatch(/^must be/);
    expect(value(fields.rows(1, 'rows'), '0')).toBe('must be 1 or more');
    expect(value(fields.cursor, '-5.7')).toEqual({ key: -5, id: 7 });
    for (const bad of ['5', '5.', '.5', '5.-1', '1.2.3', '1234567890123456.1'])
      expect(value(fields.cursor, bad)).toMatch(/cursor/);
  });

  test('accounts', () => {
    for (const good of ['a', 'max.muster_1-2', 'x'.repeat(64)]) expect(value(fields.userName, good)).toBe(good);
    for (const bad of ['', 'a b', 'x'.repeat(65), 'a\n', '../x', 'ü'])
      expect(value(fields.userName, bad)).toMatch(/^must be/);
    expect(value(fields.passwordDigest, 'BDA313358CA9DAF69A08ECD18942B644')).toBe('bda313358ca9daf69a08ecd18942b644');
    for (const bad of ['', 'admin', 'g'.repeat(32), 'a'.repeat(33), `${'a'.repeat(32)}\n`])
      expect(value(fields.passwordDigest, bad)).toMatch(/^must be/);
  });
});
