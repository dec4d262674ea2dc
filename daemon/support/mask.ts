/**
 * What a support archive may not tell, taken out of texts: secrets, telephone numbers, callers' names, addresses of clients,
 * mail addresses. The same number is called the same in all of an archive (`number-1`), so that who reads it can still tell
 * that two lines are about one phone. It masks too much rather than too little: a figure may become a number, too.
 */
import { isIPv6 } from 'node:net';
import { SECRET_SHAPES } from '../log.ts';

export interface MaskOptions {
  /** Texts that are masked wherever they stand: what lies in `state.dir/secret`, the webhook's address. */
  readonly secrets: readonly string[];
}

export interface MaskChoice {
  /** Addresses stay: it is the box's own configuration, and they were put in to be read. */
  readonly addresses?: boolean;
  /** Figures behind `=` stay: of a line of the log, which masks numbers itself. */
  readonly figures?: boolean;
}

export interface Mask {
  text(text: string, choice?: MaskChoice): string;
  /** Every text in it, and no figure. */
  json(value: unknown, choice?: MaskChoice): unknown;
}

/** Shorter ones stand everywhere, and open nothing. */
const SECRET_LEAST = 4;

const MAIL = /[\w.+=-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/g;
/** `"Eva" <205>`, also with escaped quotes. */
const NAMED = /(\\?")([^"\\<>\n]{1,80})\1\s*<[^<>\n]{0,80}>/g;
/** A channel: `SIP/02112345-0000001a`, or its peer alone. */
const CHANNEL =
  /\b(SIP|PJSIP|IAX2|SCCP|Skinny|Local|DAHDI|Dongle|GSM)\/([A-Za-z0-9_.+*#-]+?)(?:-([0-9a-f]{4,})\b|(?=[@/;,\s"')\]]|$))/g;
const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]\d)/g;
const IPV6 = /(?<![0-9A-Za-z:.])[0-9a-f:]*:[0-9a-f:.]*:[0-9a-f:.]*/gi;
/** With blanks and the like, as people write them; and five digits at a stretch or more. */
const SPACED = /(?:\+|(?<!\d)00)\d[\d ()/-]{5,}\d/g;
const DIGITS = /\+?\d{5,}/g;
const DIGITS_NO_FIGURE = /(?<![=\d])\+?\d{5,}/g;
/** Nobody in particular. */
const EVERYBODYS = /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|255\.255\.255\.255|::1?|::ffff:127\.0\.0\.1)$/i;

export function createMask({ secrets }: MaskOptions): Mask {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  // The longest first: one may be part of another.
  const exact = [...new Set(secrets)]
    .filter(({ length }) => length >= SECRET_LEAST)
    .sort((a, b) => b.length - a.length);

  function called(kind: string, text: string): string {
    const key = `${kind} ${text}`;
    const known = names.get(key);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${kind}-${count}`;
    names.set(key, name);
    return name;
  }
  const number = (found: string) => called('number', found.replaceAll(/\D/g, ''));
  const address = (found: string) => (EVERYBODYS.test(found) ? found : called('ip', found.toLowerCase()));

  function text(given: string, { addresses = false, figures = false }: MaskChoice = {}): string {
    let masked = given;
    for (const secret of exact) masked = masked.replaceAll(secret, '***');
    masked = masked
      .replace(SECRET_SHAPES, '***')
      .replace(MAIL, (found) => called('mail', found.toLowerCase()))
      .replace(NAMED, (_, quote: string, name: string) => `${quote}${called('name', name)}${quote} <…>`)
      .replace(CHANNEL, (_, technology: string, peer: string, channel?: string) => {
        const one = channel === undefined ? '' : `-${called('channel', channel)}`;
        return `${technology}/${called('peer', peer)}${one}`;
      });
    if (!addresses)
      masked = masked.replace(IPV4, address).replace(IPV6, (found) => (isIPv6(found) ? address(found) : found));
    return masked.replace(SPACED, number).replace(figures ? DIGITS_NO_FIGURE : DIGITS, number);
  }

  function json(value: unknown, choice?: MaskChoice): unknown {
    if (typeof value === 'string') return text(value, choice);
    if (Array.isArray(value)) return value.map((each) => json(each, choice));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, json(each, choice)]));
  }
  return { text, json };
}
