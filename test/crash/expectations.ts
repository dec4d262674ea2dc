/**
 * What must be there after a crash: of every subject (a record, a setting, a file) the value that somebody was told last,
 * or one that was asked for since and of which nobody was told anything yet. Written down as notes between the operations
 * of a trace, so that at each operation it is known what had been promised before it.
 */
import type { Happening } from './trace.ts';

/** Where nothing of a subject is there. */
export const ABSENT = 'absent';

export interface Expected {
  /** The last value that somebody was told is there. */
  readonly told: string;
  /** Asked for since. */
  readonly asked: readonly string[];
}

/** By subject: `setting trash.days`, `record 1617000000.4/8`. */
export type Expectations = ReadonlyMap<string, Expected>;

/** Something was asked for, or somebody was told that it is so. */
export interface Note {
  readonly is: 'asked' | 'told';
  readonly subject: string;
  readonly value: string;
}

/** The name of an act that begins. */
export interface Begin {
  readonly act: string;
}

export function noteOf(happening: Happening): Note | Begin | null {
  return happening.kind === 'note' ? (JSON.parse(happening.text) as Note | Begin) : null;
}

export function expecting(expectations: Expectations, { is, subject, value }: Note): Expectations {
  const { told = ABSENT, asked = [] } = expectations.get(subject) ?? {};
  const now = is === 'told' ? { told: value, asked: [] } : { told, asked: [...asked, value] };
  return new Map(expectations).set(subject, now);
}

/**
 * @param found The value that is there; null: nobody has looked.
 * @returns the subjects whose value is neither what was told nor what was asked for since.
 */
export function broken(expectations: Expectations, found: (subject: string) => string | null): string[] {
  return [...expectations].flatMap(([subject, { told, asked }]) => {
    const value = found(subject);
    return value === null || value === told || asked.includes(value)
      ? []
      : [`${subject} is ${value}; told ${told}${asked.length > 0 ? `, asked ${asked}` : ''}`];
  });
}
