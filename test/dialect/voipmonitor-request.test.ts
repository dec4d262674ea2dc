/** What clients of VoIPmonitor's scripts may send: any way of writing it is read alike, and nothing makes the reader fall over. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRelaxed } from '../../cgi/dialect/voipmonitor/relaxed-json.ts';
import { readSent, textIn, wholeIn, yesIn } from '../../cgi/dialect/voipmonitor/request.ts';
import { CgiError } from '../../cgi/reply.ts';

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,12}$/).filter((name) => name !== '__proto__');
const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const asText = (each: unknown) => (each === null ? '' : String(each));

describe('a filter as people write it into an address', () => {
  const read = (text: string) => Object.fromEntries(readRelaxed('cdr_filter', text));

  test('JSON is read as JSON', () => {
    const object = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'grapheme' }), value), { maxKeys: 20 });
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 2), (given, space) => {
        const found = readRelaxed('cdr_filter', JSON.stringify(given, null, space));
        expect([...found].sort()).toEqual(
          Object.entries(given)
            .map(([name, each]) => [name, asText(each)])
            .sort(),
        );
      }),
    );
  });

  test('names need no quotes, texts may stand in single ones', () => {
    const quoted = fc.stringMatching(/^[^'\\]*$/).map((each) => [each, `'${each}'`]);
    const bare = fc.stringMatching(/^[+]?[0-9]{1,15}$/).map((each) => [each, each]);
    const pairs = fc.array(
      fc.tuple(
        word.map((name) => name.replaceAll('-', '')),
        fc.oneof(quoted, bare),
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(pairs, fc.constantFrom('', ' ', '\n'), (all, blank) => {
        const text = all.map(([name, [, written = '']]) => `${name}${blank}:${blank}${written}`).join(`${blank},`);
        const wanted = new Map(all.map(([name, [meant = '']]) => [name, meant]));
        expect(readRelaxed('cdr_filter', `${blank}{${text}${blank}}${blank}`)).toEqual(wanted);
      }),
    );
  });

  test('the documents’ own', () =>
    expect(read('{fcallid:"uDR8mtloKFa1F8625VL2OXSFp.RuG73v"}')).toEqual({
      fcallid: 'uDR8mtloKFa1F8625VL2OXSFp.RuG73v',
    }));

  test.each([
    ['{a:"x\\u0041\\n\\\'",}', { a: "xA\n'" }],
    ['{ }', {}],
    ['{a:null,b:true,c:"null",a:-1.5e3}', { a: '-1.5e3', b: 'true', c: 'null' }],
    ['{__proto__:1}', Object.fromEntries([['__proto__', '1']])],
  ])('%s', (text, wanted) => expect(read(text)).toEqual(wanted));

  test.each([
    ['', 'there is no { at character 1'],
    ['[1]', 'there is no { at character 1'],
    ['{a}', 'there is no : at character 3'],
    ['{a:}', 'there is no value, a text in quotes or a number, at character 4'],
    ['{a:{b:1}}', 'there is no value, a text in quotes or a number, at character 4'],
    ['{a:1 b:2}', 'there is no , and no } at character 6'],
    ['{a:1', 'there is no , and no } at character 5'],
    ['{,}', 'there is no name at character 2'],
    ['{a:1}}', 'something follows the } at character 6'],
    ['{a:"\\u12"}', 'a \\u is without its four digits at character 10'],
    [`{a:"${'x'.repeat(8_000)}"}`, 'is over 8000 characters'],
    [`{${Array.from({ length: 101 }, (_, index) => `a${index}:1`)}}`, 'there are more than 100 names'],
  ])('is refused: %.40s', (text, why) => expect(() => read(text)).toThrow(why));

  test('anything else is read or refused', () => {
    const noise = fc.stringMatching(/^[{}[\]:,"'\\a-c0-9 un.]*$/).map((text) => `{${text}}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), noise), (text) => {
        try {
          readRelaxed('cdr_filter', text);
        } catch (error) {
          expect(error).toBeInstanceOf(CgiError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a request', () => {
  const scalars = fc.dictionary(word, fc.oneof(fc.string(), fc.integer()), { minKeys: 1, maxKeys: 8 });
  const read = (query: string, body: string) => {
    const { texts, params, isList } = readSent(query, body);
    const shown = params.map((each) => Object.fromEntries([...each].map(([name, one]) => [name, String(one)])));
    return { texts: Object.fromEntries(texts), params: shown, isList };
  };
  const texts = (object: object) =>
    Object.fromEntries(Object.entries(object).map(([name, each]) => [name, String(each)]));

  test('means the same by query, form, JSON, JSON in JSON and in brackets', () => {
    fc.assert(
      fc.property(scalars, (params) => {
        const json = JSON.stringify(params);
        const form = new URLSearchParams({ task: 'getVoipCalls', user: 'u', params: json }).toString();
        const named = Object.entries(params).map(
          ([name, each]) => [`params[${name}]`, String(each)] as [string, string],
        );
        const brackets = new URLSearchParams([['task', 'getVoipCalls'], ['user', 'u'], ...named]).toString();
        const wanted = { texts: { task: 'getVoipCalls', user: 'u' }, params: [texts(params)], isList: false };
        expect(read(form, '')).toEqual(wanted);
        expect(read('', form)).toEqual(wanted);
        expect(read('user=u', JSON.stringify({ task: 'getVoipCalls', params }))).toEqual(wanted);
        expect(read('', ` ${JSON.stringify({ task: 'getVoipCalls', user: 'u', params: json })}`)).toEqual(wanted);
        expect(read(brackets, '')).toEqual(wanted);
      }),
    );
  });

  test('several of them, too', () => {
    fc.assert(
      fc.property(fc.array(scalars, { minLength: 1, maxLength: 5 }), (all) => {
        const named = all.flatMap((params, index) =>
          Object.entries(params).map(([name, each]) => [`params[${index}][${name}]`, String(each)] as [string, string]),
        );
        const wanted = { texts: {}, params: all.map(texts), isList: true };
        expect(read(new URLSearchParams({ params: JSON.stringify(all) }).toString(), '')).toEqual(wanted);
        expect(read(new URLSearchParams(named).toString(), '')).toEqual(wanted);
      }),
    );
  });

  test('without params there is one question without a name in it', () => {
    expect(read('task=x&params=', '')).toEqual({ texts: { task: 'x' }, params: [{}], isList: false });
    expect(read('', '{"task":"x","params":null}')).toEqual({ texts: { task: 'x' }, params: [{}], isList: false });
  });

  test('no name reaches what objects have of their own', () => {
    const { params, text } = readSent('__proto__=1', '{"params":{"__proto__":"2","constructor":3}}');
    expect(params).toEqual([
      new Map<string, unknown>([
        ['__proto__', '2'],
        ['constructor', 3],
      ]),
    ]);
    expect(text('constructor')).toBe('');
    expect(text('__proto__')).toBe('1');
  });

  test.each([
    ['params={"a":', 'params is no valid JSON'],
    ['params=7', 'params must be a JSON object, or an array of them'],
    ['params=[[]]', 'params must be a JSON object, or an array of them'],
    ['params={"a":{}}', 'a is not understood'],
    ['params={"a":[[[[]]]]}', 'a is not understood'],
    [`params={"a":[${'0,'.repeat(200)}0]}`, 'a is not understood'],
    [`params=[${'{},'.repeat(20)}{}]`, 'params has more than 20 objects'],
    [`params={"a":"${'x'.repeat(8_001)}"}`, 'params is over 8000 characters'],
    [`a=${'x'.repeat(8_001)}`, 'a is over 8000 characters'],
    [Array.from({ length: 201 }, (_, index) => `a${index}=1`).join('&'), 'more than 200 parameters'],
    ['params={"caller":90049893718281123}', 'caller: so many digits must stand in quotes'],
    ['params[a]=1&params[0][b]=2', 'params is both an object and an array'],
    ['params[a][b][c]=1', 'params[a][b][c] is not understood'],
  ])('is refused: %.40s', (query, why) => expect(() => readSent(query, '')).toThrow(why));

  test('a body of JSON is as bounded', () => {
    expect(() => readSent('', '[1]')).toThrow('the body must be a JSON object');
    expect(() => readSent('', '{"a"')).toThrow('the body is no valid JSON');
    expect(() => readSent('', '{"fcaller":90049893718281123}')).toThrow('fcaller: so many digits must stand in quotes');
    expect(readSent('', '{"fcaller":900498937182811}').text('fcaller')).toBe('900498937182811');
    const large = `{"a":${'[],'.repeat(200_000)}}`;
    expect(() => readSent('', large)).toThrow('the body is over 400000 characters');
    expect(() => readSent('', JSON.stringify({ params: { a: 'x'.repeat(8_001) } }))).toThrow('a is over 8000');
    expect(readSent('', '{"sort":[{"property":"calldate2"}],"x":true}').text('sort')).toBe(
      '[{"property":"calldate2"}]',
    );
  });

  test('a body of JSON may begin with a byte order mark, as Windows’ programs write one', () => {
    expect(readSent('', '\ufeff{"task":"x"}').text('task')).toBe('x');
    expect(readSent('', '\ufefftask=x').text('task')).toBe('x');
  });

  test('lists and objects within each other, however deep, are refused by their name', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"b":', '}'],
    ] as const) {
      const nested = (depth: number) => `{"sort":${open.repeat(depth)}1${close.repeat(depth)}}`;
      expect(readSent('', nested(3)).text('sort')).toBe(nested(3).slice(8, -1));
      for (const depth of [4, 8_000, 50_000])
        expect(() => readSent('', nested(depth))).toThrow('sort is not understood');
    }
  });

  test('values are read by kind', () => {
    const [params = new Map()] = readSent(
      '',
      '{"params":{"a":" 7 ","b":true,"c":"no","d":[1],"e":"x","f":null}}',
    ).params;
    expect(wholeIn(params, 'a')).toBe(7);
    expect(textIn(params, 'a')).toBe(' 7 ');
    expect([yesIn(params, 'b'), yesIn(params, 'c'), yesIn(params, 'f'), yesIn(params, 'g')]).toEqual([
      ...[true, false, undefined, undefined],
    ]);
    expect(() => wholeIn(params, 'e')).toThrow('e must be a whole number');
    expect(() => yesIn(params, 'e')).toThrow('e must be true or false');
    expect(() => textIn(params, 'd')).toThrow('d must be one value');
  });
});
