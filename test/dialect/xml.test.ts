/** What dialects write as XML is well-formed whatever it holds, and is read again as it was meant. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type XmlNode, xmlAround, xmlDocument, xmlElement } from '../../cgi/dialect/xml.ts';
import { type Element, readXml, textAt } from '../support/strict-xml.ts';

/** Any text, with what breaks XML far more often than chance would have it. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\0',
        '\x07',
        '\x1b',
        '\r',
        '\n',
        '\t',
        '&',
        '<',
        '>',
        '"',
        ']]>',
        '\ufffe',
        '\ud83d',
        '\udc4d',
        '👍',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,8}$/);
const { node } = fc.letrec<{ node: XmlNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(name, text, fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true })),
    fc.tuple(name, fc.array(tie('node'), { maxLength: 4 })),
  ) as fc.Arbitrary<XmlNode>,
}));

/** As XML can tell it. */
const told = (value: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  Buffer.from(value.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')).toString();

function expectSame(element: Element, [tag, content, attributes = {}]: XmlNode): void {
  expect(element.name).toBe(tag);
  expect(element.attributes).toEqual(
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, told(String(value))])),
  );
  if (typeof content === 'object') {
    expect(element.text.trim()).toBe('');
    expect(element.children.length).toBe(content.length);
    content.forEach((child, index) => {
      expectSame(element.children[index] as Element, child);
    });
  } else {
    expect(element.text).toBe(told(String(content)));
    expect(element.children).toEqual([]);
  }
}

test('any document is well-formed and is read again as it was meant', () => {
  fc.assert(
    fc.property(node, (root) => {
      expectSame(readXml(xmlDocument(root)), root);
    }),
  );
});

test('a list that is written as it is found is one document', () => {
  fc.assert(
    fc.property(fc.array(node, { maxLength: 5 }), fc.array(node, { maxLength: 3 }), (rows, first) => {
      const { begin, end, depth } = xmlAround(['page', 'calls'], first);
      const root = readXml(begin + rows.map((row) => xmlElement(row, depth)).join('') + end);
      expectSame(root, ['page', [['calls', [...first, ...rows]]]]);
    }),
  );
});

describe('an element', () => {
  test.each([
    [['a', ''], '<a></a>\n'],
    [['a', []], '<a></a>\n'],
    [['a', 7], '<a>7</a>\n'],
    [['device', '"101" <101>', { id: 1 }], '<device id="1">&quot;101&quot; &lt;101&gt;</device>\n'],
    [['a', [['b', 'x\r']]], '<a>\n  <b>x&#13;</b>\n</a>\n'],
    [['a', 'bell\x07'], '<a>bell\ufffd</a>\n'],
  ] as const)('%j', (root, expected) => {
    expect(xmlElement(root)).toBe(expected);
  });

  test('takes no name that is not ours to choose', () => {
    for (const bad of ['', '1a', 'a b', 'a>', 'é']) expect(() => xmlElement([bad, ''])).toThrow();
    expect(() => xmlElement(['a', '', { 'b=': '' }])).toThrow();
  });
});

test('the reader is strict', () => {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  for (const bad of [
    '<a>',
    '<a></b>',
    '<a>&b;</a>',
    '<a>&</a>',
    '<a b="1" b="2"></a>',
    '<a>\x07</a>',
    '<a/><b/>',
    '<a>&#0;</a>',
    '<a>]]></a>',
  ])
    expect(() => readXml(head + bad), bad).toThrow();
  expect(textAt(readXml(`${head}<a><b>&#38;x</b></a>`), 'b')).toBe('&x');
});
