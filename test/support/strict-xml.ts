/**
 * A strict reader of the XML that we write: elements, attributes, text, references. Anything else, and anything that is not
 * well-formed by XML 1.0, is thrown, so that a test which reads an answer proves that it may be read.
 */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its text, without that of its children. */
  readonly text: string;
}

/** XML 1.0, 2.2: all that a document may hold. */
const CHARACTERS = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** @throws where it is not well-formed. */
export function readXml(text: string): Element {
  if (!CHARACTERS.test(text)) throw new Error('a character that XML 1.0 forbids');
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/i.exec(text);
  if (!declaration) throw new Error('no declaration');
  let at = declaration[0].length;
  const root = element();
  if (text.slice(at).trim() !== '') throw new Error('something behind the root');
  return root;

  function take(pattern: RegExp, what: string): RegExpExecArray {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(text);
    if (!found) throw new Error(`${what} expected at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    at = sticky.lastIndex;
    return found;
  }

  function element(): Element {
    const [, name = ''] = take(/<([A-Za-z_][\w.-]*)/, 'an element');
    const attributes: Record<string, string> = {};
    while (text[at] === ' ') {
      const [, key = '', value = ''] = take(/ ([A-Za-z_][\w.-]*)="([^"<]*)"/, 'an attribute');
      if (key in attributes) throw new Error(`${key} twice`);
      attributes[key] = resolved(value.replace(/[\t\n\r]/g, ' '));
    }
    if (text.startsWith('/>', at)) {
      at += 2;
      return { name, attributes, children: [], text: '' };
    }
    take(/>/, 'the end of a tag');
    const children: Element[] = [];
    let own = '';
    while (!text.startsWith('</', at)) {
      if (text[at] === '<') children.push(element());
      else own += resolved(take(/[^<]+/, 'text')[0].replace(/\r\n?/g, '\n'));
    }
    const [, ended = ''] = take(/<\/([A-Za-z_][\w.-]*)>/, 'an end');
    if (ended !== name) throw new Error(`${name} ended as ${ended}`);
    return { name, attributes, children, text: own };
  }
}

function resolved(text: string): string {
  if (text.includes(']]>')) throw new Error(']]> in text');
  return text.replace(/&([^;&]*)(;?)/g, (whole, name: string, end: string) => {
    const number = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name);
    const sign = number
      ? String.fromCodePoint(number[1] ? Number.parseInt(number[1], 16) : Number(number[2]))
      : NAMES[name];
    if (end === '' || sign === undefined || !CHARACTERS.test(sign)) throw new Error(`no reference: ${whole}`);
    return sign;
  });
}

/** The text of the first element along these names, each a child of the one before; null: there is none. */
export function textAt(root: Element, ...names: readonly string[]): string | null {
  let here: Element | undefined = root;
  for (const name of names) here = here?.children.find((child) => child.name === name);
  return here?.text ?? null;
}
