/** Fields of multipart/form-data: what is put in comes out, whatever it holds, and nothing else ever comes of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOf } from '../../cgi/dialect/form-of.ts';
import { isMultipart, MultipartError, readMultipart } from '../../cgi/dialect/multipart.ts';

const TYPE = 'multipart/form-data; boundary=----WebKitFormBoundaryx';

const part = (name: string, value: string, more = '') =>
  `------WebKitFormBoundaryx\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const END = '------WebKitFormBoundaryx--\r\n';
const read = (text: string, type = TYPE) => Object.fromEntries(readMultipart(Buffer.from(text), type));

/** As a web server's own client writes one: Node's. */
async function written(fields: readonly (readonly [string, string])[]) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  const request = new Request('http://box/', { method: 'POST', body: form });
  return { type: request.headers.get('content-type') ?? '', body: Buffer.from(await request.arrayBuffer()) };
}

describe('what is put in comes out', () => {
  /** Line ends in a field are made CRLF on the way (HTML, multipart encoding); in names they are escaped. */
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((each) => each.replaceAll(/\r\n|\r|\n/g, '\r\n'));
  const name = fc.string({ maxLength: 12 }).map((each) => each.replaceAll(/[\r\n"\\]/g, '_'));
  const awkward = fc.constantFrom(
    '',
    '\r\n',
    '--',
    '\r\n--',
    '\r\n--x\r\n\r\n',
    '------WebKitFormBoundaryx',
    '\0',
    'ü €',
  );

  test('of any fields, by any client', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.oneof(text, awkward)), { minLength: 1, maxLength: 8 }),
        async (fields) => {
          const { type, body } = await written(fields);
          expect(Object.fromEntries(readMultipart(body, type))).toEqual(Object.fromEntries(fields));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('with text before the first and behind the last, blanks behind a boundary, quotes in a name', () => {
    expect(read(`before\r\n${part('a', '1')}${END}behind`)).toEqual({ a: '1' });
    expect(read(`------WebKitFormBoundaryx \t\r\ncontent-disposition:form-data;name=a\r\n\r\n1\r\n${END}`)).toEqual({
      a: '1',
    });
    expect(read(`${part('a\\"b\\\\', '1')}${part('c', '------WebKitFormBoundaryxy\r\n------WebKit')}${END}`)).toEqual({
      'a"b\\': '1',
      c: '------WebKitFormBoundaryxy\r\n------WebKit',
    });
    expect(
      read(
        '--a b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n--a b--',
        'multipart/form-data; boundary="a b"',
      ),
    ).toEqual({ x: 'y' });
    expect(read(END)).toEqual({});
  });

  test('of several of one name the last', () => {
    expect(read(`${part('a', '1')}${part('b', '')}${part('a', '2')}${END}`)).toEqual({ a: '2', b: '' });
  });
});

describe('refused is', () => {
  test.each([
    ['a file', `${part('a', '1', '; filename="x.php"')}${END}`, /has a file \(a\), which is not taken/],
    ['a file by its other name', `${part('a', '1', "; filename*=UTF-8''x")}${END}`, /has a file/],
    ['a cut one', part('a', '1'), /is cut/],
    ['one of another boundary', part('a', '1').replaceAll('Boundaryx', 'Boundaryy'), /is cut, or has another boundary/],
    ['nothing', '', /is cut/],
    ['a field without headers', `------WebKitFormBoundaryx\r\n\r\n1\r\n${END}`, /without a name/],
    ['a field without a name', part('a', '1').replace('; name="a"', '') + END, /without a name/],
    ['a field that is none', part('a', '1').replace('form-data;', 'attachment;') + END, /without a name/],
    [
      'headers without end',
      `------WebKitFormBoundaryx\r\nX: ${'x'.repeat(5_000)}\r\n\r\n1\r\n${END}`,
      /end of its headers/,
    ],
    [
      'an encoding',
      part('a', '1').replace('\r\n\r\n', '\r\nContent-Transfer-Encoding: base64\r\n\r\n') + END,
      /encoding/,
    ],
    ['too many fields', part('a', '1').repeat(1_001) + END, /over 1000 fields/],
  ])('%s', (_, body, message) => {
    expect(() => read(body)).toThrow(MultipartError);
    expect(() => read(body)).toThrow(message);
  });

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; boundary="a "',
  ])('%s', (type) => {
    expect(isMultipart(type)).toBe(true);
    expect(() => read(part('a', '1') + END, type)).toThrow(/without a boundary/);
  });

  test('whatever is thrown at it, with an error of its own or not at all', async () => {
    const { type, body } = await written([
      ['start_date', '2017-12-05 00:00:00'],
      ['limit', '5'],
    ]);
    const changes = fc.array(
      fc.tuple(fc.nat(body.length + 5), fc.constantFrom('\r', '\n', '-', '"', ';', '\0', '\r\n\r\n', '')),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(changes, fc.nat(body.length), fc.boolean(), (changed, cut, isCut) => {
        let text = body.toString('latin1');
        for (const [at, put] of changed) text = text.slice(0, at) + put + text.slice(at + 1);
        try {
          const form = readMultipart(Buffer.from(isCut ? text.slice(0, cut) : text, 'latin1'), type);
          for (const [name, value] of form) expect(name.length + value.length).toBeLessThanOrEqual(text.length);
        } catch (error) {
          if (!(error instanceof MultipartError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('in a time that grows as the body does: boundaries that are none, and headers of quotes', () => {
    const near = Buffer.from(`${part('a', '\r\n------WebKitFormBoundaryxx'.repeat(150_000))}${END}`);
    const quotes = `; name="${'\\"'.repeat(1_900)}`;
    const begin = performance.now();
    expect(readMultipart(near, TYPE).get('a')).toHaveLength(150_000 * 28);
    expect(() => read(part('a', '1', quotes).replace('; name="a"', '') + END)).toThrow(MultipartError);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});

describe('a request’s form', () => {
  const asked = (query: string, body: Buffer | null, type: string) =>
    formOf({ query, body: async () => body, header: (name: string) => (name === 'content-type' ? type : '') } as never);

  test('has what stands in the query and in the body, and the body’s before the query’s', async () => {
    const urlencoded = await asked(
      'a=1&b=2',
      Buffer.from('b=3&c=x+y\n'),
      'application/x-www-form-urlencoded; charset=UTF-8',
    );
    expect(Object.fromEntries(urlencoded)).toEqual({ a: '1', b: '3', c: 'x y' });
    const multipart = await asked('a=1&b=2', Buffer.from(part('b', '3') + END), TYPE);
    expect(Object.fromEntries(multipart)).toEqual({ a: '1', b: '3' });
    expect(Object.fromEntries(await asked('a=1', null, ''))).toEqual({ a: '1' });
    expect(Object.fromEntries(await asked('a=1', Buffer.alloc(0), 'text/plain'))).toEqual({ a: '1' });
    expect(Object.fromEntries(await asked('', Buffer.from('a=1'), ''))).toEqual({ a: '1' });
  });

  test('has no lists, which would be left out without a word', async () => {
    const wrong = { code: 'invalid', message: 'limit must be one value, not a list', parameter: 'limit' };
    for (const query of ['limit[]=5', 'limit%5B%5D=5&limit=7'])
      await expect(asked(query, null, '')).rejects.toMatchObject(wrong);
    await expect(asked('', Buffer.from('limit[]=5'), '')).rejects.toMatchObject(wrong);
    expect((await asked('date_from[year]=2021', null, '')).size).toBe(1);
  });

  test('is Latin-1 where it is no UTF-8, value by value, raw or encoded', async () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1');
    const read = async (query: string, body: string, type = '') =>
      Object.fromEntries(await asked(query, bytes(body), type));
    expect(await read('a=M%FCller+%zz&b=%C3%A9', '')).toEqual({ a: 'Müller %zz', b: 'é' });
    const wanted = { a: 'Müller', b: 'é', c: 'ß', d: 'é' };
    expect(await read('', 'a=M\xfcller&b=\xc3\xa9&c=%DF&d=%C3%A9')).toEqual(wanted);
    expect(await read('', `${part('a', 'M\xfcller')}${part('b', '\xc3\xa9')}${END}`, TYPE)).toEqual({
      a: 'Müller',
      b: 'é',
    });
    expect(await read('', `${part('n\xe4me', '1')}${END}`, TYPE)).toEqual({ näme: '1' });
  });

  test('is none of another kind, and none that is broken', async () => {
    await expect(asked('', Buffer.from('{}'), 'application/json')).rejects.toMatchObject({
      code: 'invalid',
      message: 'the body must be application/x-www-form-urlencoded or multipart/form-data',
    });
    await expect(asked('', Buffer.from(part('a', '1')), TYPE)).rejects.toMatchObject({
      code: 'invalid',
      message: 'the body is cut, or has another boundary than it says',
    });
  });
});
