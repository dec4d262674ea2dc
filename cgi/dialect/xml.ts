/**
 * XML 1.0 as dialects write it: elements in order, one a line, indented. What comes from strangers can't break it: markup
 * is escaped, and a character that XML has no way to write, not even as a reference, is told as U+FFFD (XML 1.0, 2.2).
 */

/** An element: its name, what it holds, and its attributes. Names are ours; texts may be anybody's. */
export type XmlNode = readonly [
  name: string,
  content: string | number | readonly XmlNode[],
  attributes?: Readonly<Record<string, string | number>>,
];

export const XML_TYPE = 'application/xml; charset=utf-8';
export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A whole document, without a line feed at its end. @throws for a name that can't be an element's or an attribute's: a fault of ours. */
export function xmlDocument(root: XmlNode): string {
  return `${XML_DECLARATION}${xmlElement(root).trimEnd()}`;
}

/** An element as lines, each with its line feed. @param depth How many it stands in. @throws as {@link xmlDocument} does. */
export function xmlElement([name, content, attributes = {}]: XmlNode, depth = 0): string {
  const indent = '  '.repeat(depth);
  const named = Object.entries(attributes).map(([key, value]) => ` ${nameOf(key)}="${escaped(String(value), true)}"`);
  const begin = `${indent}<${nameOf(name)}${named.join('')}>`;
  if (!Array.isArray(content)) return `${begin}${escaped(String(content), false)}</${name}>\n`;
  if (content.length === 0) return `${begin}</${name}>\n`;
  return `${begin}\n${content.map((child: XmlNode) => xmlElement(child, depth + 1)).join('')}${indent}</${name}>\n`;
}

/**
 * What stands before and behind a long list, for an answer that is written as it is found: `begin`, then elements of
 * {@link xmlElement} at `depth`, then `end`.
 * @param names Outermost first. @param first Elements in the innermost, before the list.
 */
export function xmlAround(
  names: readonly string[],
  first: readonly XmlNode[] = [],
): { readonly begin: string; readonly end: string; readonly depth: number } {
  const lines = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');
  const begins = names.map((name, depth) => `${'  '.repeat(depth)}<${nameOf(name)}>`);
  const ends = names.map((name, depth) => `${'  '.repeat(depth)}</${name}>`).reverse();
  const inner = first.map((node) => xmlElement(node, names.length)).join('');
  return { begin: `${XML_DECLARATION}${lines(begins)}${inner}`, end: lines(ends).trimEnd(), depth: names.length };
}

function nameOf(name: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new Error(`${name} can be no XML name`);
  return name;
}

/** Half a pair of UTF-16 is no character; the others XML excludes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu;

/** A bare CR would be read as a line feed, and in an attribute any white space as a blank (XML 1.0, 2.11 and 3.3.3). */
function escaped(text: string, inAttribute: boolean): string {
  return text
    .replace(NOT_XML, '\ufffd')
    .replace(inAttribute ? /[&<>"\r\n\t]/g : /[&<>"\r]/g, (sign) => REFERENCES[sign] ?? `&#${sign.charCodeAt(0)};`);
}

const REFERENCES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
