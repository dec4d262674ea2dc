/** 9005, and 9006 as CSV and XML: the guide's columns and bytes, and that whatever a stranger's name holds comes back. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Leg } from '../../storage/model/leg.ts';
import { csvTextCell } from '../../storage/sql/csv-page.ts';
import { parseCsv } from '../support/csv.ts';
import { leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const HEADER =
  'Date,Source,Destination,CID Prefix,In_Route,IVR,Src. Trunk,Account Code,Dst. Trunk,Call Direction,Status,Duration,Billing Duration,UniqueID,Recording Filename';

const talk = (start: number, seconds: number, change: Partial<Leg> = {}): Leg =>
  leg(start, {
    uniqueId: `${start}.10`,
    linkedId: null,
    end: { epoch: start + seconds, offset: -28_800 },
    duration: seconds,
    ...change,
  });

describe('9005', () => {
  const box = openBox({ atEnd: afterAll });
  beforeAll(async () => {
    // The first and the fourth row of the guide's figure 4; the file was saved from a spreadsheet, which dropped seconds.
    await box.call(talk(at('2021-05-07 00:42:23'), 5, { source: '202', destination: '205', uniqueId: '1620376943.7' }));
    await box.call(
      talk(at('2021-05-07 00:49:48'), 10, {
        source: '506',
        destination: '620',
        channel: 'SIP/96-1',
        destinationChannel: 'SIP/202-1',
        callType: 'CallBack',
        billsec: 2,
        uniqueId: '1620377388.10',
        recordingFile: '/media/usbStorage/monitor/20210507/20210507-004956-1620377396-CallBack-96-506-620(202)',
      }),
    );
    await box.call(talk(at('2021-03-24 01:12:40'), 5, { cidName: 'Müller; "Söhne", =1+1', ivr: '=cmd|calc' }));
    await box.call(talk(at('2021-12-09 23:59:57'), 5, { source: '+49301234567', accountCode: '-1+1', ivr: '-5' }));
  });

  test('has the guide’s columns, times of the end without padding, CRLF, newest first', async () => {
    const { type, filename, text } = await box.send(9005, 'startdate=2021-05-07 00:00&enddate=2021-05-07 23:59');
    expect(type).toBe('text/csv; charset=utf-8');
    expect(filename).toBe('CDR-2021May07.120000.csv');
    expect(text).toBe(
      `${HEADER}\r\n` +
        '2021/5/7 0:49:58,506,620(202),,,,96,,,CallBack,ANSWERED,10,2,1620377388.10,20210507/20210507-004956-1620377396-CallBack-96-506-620(202).wav\r\n' +
        '2021/5/7 0:42:28,202,205,,,,,,,Internal,ANSWERED,5,3,1620376943.7,\r\n',
    );
  });

  test.each([
    ['2021-03-24', '2021/3/24 1:12:45,205,204,"Müller; ""Söhne"", =1+1","Müller; ""Söhne"", =1+1",\'=cmd|calc,'],
    ['2021-12-09', "2021/12/10 0:00:02,+49301234567,204,,,-5,,'-1+1,"],
  ])('guards and quotes what stands on %s', async (day, begin) => {
    const { text } = await box.send(9005, `startdate=${day} 00:00&enddate=${day} 23:59`);
    expect(text.split('\r\n')[1]?.slice(0, begin.length)).toBe(begin);
  });

  test('with bom, delimiter, order, limit and offset', async () => {
    const all = 'startdate=2021-01-01 00:00&enddate=2021-12-31 23:59';
    const { text } = await box.send(9005, `${all}&bom=1&delimiter=;&order=asc&limit=2&offset=1`);
    expect(text.startsWith(`\ufeff${HEADER.replaceAll(',', ';')}\r\n2021/5/7 0:42:28;202;205;`)).toBe(true);
    expect(parseCsv(text, ';').map(([date]) => date?.split(' ')[0])).toEqual(['\ufeffDate', '2021/5/7', '2021/5/7']);
    expect((await box.send(9005, `${all}&bom=0&delimiter=%3B`)).text.startsWith('Date;Source')).toBe(true);
  });

  test('with text=1 writes numbers as text constants, out of which nothing breaks', async () => {
    const day = (date: string) => box.send(9005, `startdate=${date} 00:00&enddate=${date} 23:59&text=1`);
    const [, december] = parseCsv((await day('2021-12-09')).text);
    expect(december?.slice(0, 8)).toEqual([
      '2021/12/10 0:00:02',
      '="+49301234567"',
      '="204"',
      '',
      '',
      '="-5"',
      '',
      '="-1+1"',
    ]);
    const [, march] = parseCsv((await day('2021-03-24')).text);
    expect(march?.[3]).toBe('="Müller; ""Söhne"", =1+1"');
    expect(march?.[5]).toBe("'=cmd|calc");
    expect(march?.slice(9, 13)).toEqual(['Internal', 'ANSWERED', '5', '3']);
  });

  test('of nothing is its header', async () => {
    expect((await box.send(9005, 'src=nobody')).text).toBe(`${HEADER}\r\n`);
  });

  test.each([
    ['bom=yes', 'bom'],
    ['text=yes', 'text'],
    ['delimiter=|', 'delimiter'],
    ['delimiter=,;', 'delimiter'],
    ['sort=uniqueid', 'sort'],
    ['format=csv', 'format'],
    ['startdate=2021-05-08 00:00&enddate=2021-05-07 00:00', 'startdate'],
  ])('refuses %s by name', async (query, parameter) => {
    expect(await box.ask(9005, query)).toMatchObject({ status: 400, body: { error: { parameter } } });
  });

  test('is named by the box’s clock, every month in the guide’s English', async () => {
    const { fileTime } = await import('../../cgi/cdr/download.ts');
    const { zone } = await import('../../storage/model/local-time.ts');
    const names = Array.from({ length: 12 }, (_, month) =>
      fileTime(Date.UTC(2021, month, 8, 2, 3, 4) / 1000, zone('Etc/GMT+8')),
    );
    expect(names.map((name) => name.slice(0, 9)).join(' ')).toBe(
      '2021Jan07 2021Feb07 2021Mar07 2021Apr07 2021May07 2021Jun07 2021Jul07 2021Aug07 2021Sep07 2021Oct07 2021Nov07 2021Dec07',
    );
    expect(names[4]).toBe('2021May07.180304');
  });
});

describe('9006', () => {
  test('as CSV has its own fields, guarded likewise', async () => {
    const box = openBox();
    await box.call(talk(at('2021-05-07 01:00:00'), 5, { cidName: '@SUM(1)' }));
    const { type, filename, text } = await box.send(9006, 'format=csv&delimiter=;');
    expect([type, filename]).toEqual(['text/csv; charset=utf-8', undefined]);
    const [names, row] = parseCsv(text, ';');
    const [json] = (await box.list(9006, '')).rows;
    expect(names).toEqual(Object.keys(json ?? {}));
    expect(row).toEqual(Object.values({ ...json, cidname: "'@SUM(1)", in_route: "'@SUM(1)" }).map(String));
  });

  test('as XML is well-formed whatever a name holds, and says what JSON says', async () => {
    const box = openBox();
    const hostile = 'a\u0001<b>&amp;"\'\r\n\t]]>\u000b\uffff😀\u2028';
    await box.call(talk(at('2021-05-07 01:00:00'), 5, { cidName: hostile }));
    await box.call(talk(at('2021-05-07 02:00:00'), 5));
    const { type, filename, text } = await box.send(9006, 'format=xml&limit=1&order=asc');
    expect([type, filename]).toEqual(['application/xml; charset=utf-8', undefined]);
    const { root, rows } = readXml(text);
    expect(root).toBe('listing');
    const json = await box.list(9006, 'limit=1&order=asc');
    const shown = 'a\ufffd<b>&amp;"\'\r\n\t]]>\ufffd\ufffd😀\u2028';
    const expected = { ...json.rows[0], cidname: shown, in_route: shown };
    expect(rows).toEqual([Object.entries(expected).map(([name, value]) => [name.replaceAll(' ', '_'), String(value)])]);
    expect(text).toContain(
      `<json_obj_filter><startdate>2021-05-07 00:00</startdate><enddate>2021-05-07 23:59</enddate><totalcount>2</totalcount><cursor>${json.about.cursor}</cursor></json_obj_filter>\n</listing>\n`,
    );
    expect(readXml((await box.send(9006, 'format=xml&src=nobody')).text).rows).toEqual([]);
  });

  test.each(['html', 'CSVX', 'json,csv'])('refuses format=%s', async (format) => {
    const { body } = await openBox().ask(9006, `format=${format}`);
    expect(body).toEqual({
      error: { code: 'invalid', parameter: 'format', message: 'format must be json or csv or xml' },
    });
  });
});

/** Elements without attributes, text and five references: a strict reader of just that. @throws for anything else. */
function readXml(text: string): { readonly root: string; readonly rows: (readonly [name: string, text: string])[][] } {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!text.startsWith(declaration)) throw new Error('no declaration');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no way to write them
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new Error('a character that is none of XML 1.0');
  const open: string[] = [];
  const rows: (readonly [string, string])[][] = [];
  let root = '';
  let inside = '';
  const token = /<(\/?)([A-Za-z_][\w.-]*)>|&(amp|lt|gt|#13);|[^<&]/gsu;
  token.lastIndex = declaration.length;
  const references = { amp: '&', lt: '<', gt: '>', '#13': '\r' } as const;
  for (let end = declaration.length; end < text.length; end = token.lastIndex) {
    const found = token.exec(text);
    if (found?.index !== end) throw new Error(`not well-formed at ${text.slice(end, end + 40)}`);
    const [whole, close, name, reference] = found;
    if (name === undefined) inside += reference ? references[reference as keyof typeof references] : whole;
    else if (close === '') {
      root ||= name;
      open.push(name);
      if (name === 'row') rows.push([]);
      inside = '';
    } else {
      if (open.pop() !== name) throw new Error(`</${name}> closes another`);
      if (open.at(-1) === 'row') rows.at(-1)?.push([name, inside]);
    }
  }
  if (open.length > 0) throw new Error(`${open} is not closed`);
  return { root, rows };
}

describe('any text', () => {
  const START = at('2021-05-07 00:00:00');
  /** What the store keeps: NUL ends a text in SQLite's own functions and is dropped on its way in. */
  const kept = (text: string) => text.replaceAll('\0', '');
  const NASTY = [
    '"',
    ',',
    ';',
    '\r',
    '\n',
    '\t',
    '\0',
    '\x01',
    '\x1f',
    '=',
    '+',
    '-',
    '@',
    "'",
    '.',
    '1',
    '0',
    ' ',
    '😀',
    'ü',
    '＝',
    '\u2028',
    '\ufeff',
    '[',
    '{',
  ];
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...NASTY), maxLength: 6 }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.stringMatching(/^[+-]?\d{1,6}(\.\d{0,3}){0,2}$/),
  );

  test('comes back from a CSV as it was but for the guard, and nothing begins as a formula does', async () => {
    const box = openBox();
    let calls = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text, text, text), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(',', ';'),
        async (rows, delimiter) => {
          const start = START + ++calls * 100;
          for (const [index, [source, destination, accountCode, uniqueId]] of rows.entries())
            await box.call(
              talk(start + index, 5, {
                source,
                destination,
                accountCode,
                uniqueId: `${uniqueId}${start + index}.0`,
                callerId: '',
              }),
            );
          const range = `startdate=${local(start)}&enddate=${local(start + rows.length - 1)}&order=asc`;
          const csv = await box.send(9005, `${range}&delimiter=${encodeURIComponent(delimiter)}`);
          const [, ...parsed] = parseCsv(csv.text, delimiter);
          const { rows: json } = await box.list(9006, range);
          expect(parsed.length).toBe(json.length);
          for (const [index, cells] of parsed.entries()) {
            expect(cells).toHaveLength(15);
            const row = json[index] ?? {};
            const found = [row['src'], row['dst'], row['accountcode'], row['UniqueID']].map(String);
            for (const [column, original] of found.entries()) {
              const cell = cells[[1, 2, 7, 13][column] ?? 0] ?? '';
              expect(cell).not.toMatch(/^[=@\t\r\n＝＠＋－]/);
              if (/^[+-]/.test(cell)) expect(cell).toMatch(/^[+-]\d+(\.\d+)?$/);
              expect(cell === original || cell === `'${original}`).toBe(true);
              if (cell !== original) expect(original).toMatch(/^(?:[=@\t\r\n＝＠＋－]|[+-](?!\d+(\.\d+)?$))/);
            }
            const entered = rows[index];
            if (entered && json.length === rows.length) expect(row['accountcode']).toBe(kept(entered[2]));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('stays inside its text constant', () => {
    fc.assert(
      fc.property(text, (original) => {
        const [[cell = ''] = []] = parseCsv(`${csvTextCell(original)}\r\n`);
        if (/\d/.test(original)) {
          expect(cell).toMatch(/^="(?:[^"]|"")*"$/);
          expect(cell.slice(2, -1).replaceAll('""', '"')).toBe(original);
        } else expect([original, `'${original}`]).toContain(cell);
      }),
      { numRuns: 2_000 },
    );
    expect(csvTextCell(`=1${'x'.repeat(254)}`)).toBe(`'=1${'x'.repeat(254)}`); // longer than Excel takes
  });

  const local = (epoch: number) => new Date((epoch - 28_800) * 1000).toISOString().slice(0, 19).replace('T', ' ');
});
