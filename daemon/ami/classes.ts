/**
 * Event and action classes of AMI, as Asterisk numbers and names them (include/asterisk/manager.h; main/manager.c, `perms`
 * and `strings_to_mask`). A set of classes is one number, a bit each, because it is compared for every event and listener.
 */

/** Names at the place of their bit; '' = a bit without a name. */
const NAMES = [
  'system',
  'call',
  'log',
  'verbose',
  'command',
  'agent',
  'user',
  'config',
  'dtmf',
  'reporting',
  'cdr',
  'dialplan',
  'originate',
  'agi',
  '', // EVENT_FLAG_HOOKRESPONSE: nobody can ask for it
  'cc',
  'aoc',
  'test',
  'security',
  'message',
] as const;

/** A bit for each class. */
export type Classes = number;

export const NO_CLASSES: Classes = 0;
export const ALL_CLASSES: Classes = NAMES.reduce((bits, name, bit) => (name === '' ? bits : bits | (1 << bit)), 0);
export const CLASS_NAMES: readonly string[] = NAMES.filter((name) => name !== '');

const BITS = new Map<string, Classes>([...NAMES.map((name, bit) => [name, 1 << bit] as const), ['all', ALL_CLASSES]]);
BITS.delete('');

/** The classes of a comma list; names that are none are passed over, as Asterisk does. Case counts there not, nor here. */
export function classesOf(text: string): Classes {
  let classes = NO_CLASSES;
  for (const name of text.split(',')) classes |= BITS.get(name.trim().toLowerCase()) ?? NO_CLASSES;
  return classes;
}

/** Whether a word names a class, or `all` of them. */
export function isClass(word: string): boolean {
  return BITS.has(word.toLowerCase());
}

/** The names in a set, in Asterisk's order. */
export function namesOf(classes: Classes): string[] {
  return CLASS_NAMES.filter((name) => (classes & (BITS.get(name) ?? 0)) !== 0);
}

/**
 * What a client writes as `Events` or `EventMask`: on, off, a number of bits, or a comma list. null: it wrote nothing,
 * which changes nothing at log-in and is an error in `Action: Events`.
 */
export function maskOf(text: string): Classes | null {
  if (text === '') return null;
  if (/^\d+$/.test(text)) return Number(BigInt.asUintN(20, BigInt(text.slice(0, 18)))) & ALL_CLASSES;
  if (/^(no|false|n|f|off)$/i.test(text)) return NO_CLASSES;
  if (/^(yes|true|y|t|on)$/i.test(text)) return ALL_CLASSES;
  return classesOf(text);
}

/** Whether everything in `wanted` is in `granted`: a listener needs all classes of an event. */
export function includes(granted: Classes, wanted: Classes): boolean {
  return (granted & wanted) === wanted;
}
