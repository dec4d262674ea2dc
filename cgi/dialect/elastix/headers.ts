/** A packet's headers by name, as Asterisk writes them. */
import type { AsteriskHeaders } from '../port.ts';

/** A caller that isn't known, in Asterisk's own word. */
const UNKNOWN = '<unknown>';

/** Value of the first of this name, '' where there is none or Asterisk doesn't know it. */
export function headerOf(headers: AsteriskHeaders, name: string): string {
  const value = headers.find(([each]) => each === name)?.[1] ?? '';
  return value === UNKNOWN ? '' : value;
}

/** Text of an event in a page of HTML, where names that callers gave themselves must be text and nothing else. */
export function eventText(headers: AsteriskHeaders): string {
  return `${headers.map(([name, value]) => `${name}: ${value === UNKNOWN ? value : escaped(value)}\r\n`).join('')}\r\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
