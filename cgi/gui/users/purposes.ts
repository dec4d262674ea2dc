/** What programs usually do, and the numbers and the role that each needs: a key gets no more than that. */
import type { Role, Scope } from '../../contract.ts';

export const PURPOSES = {
  calls: { role: 'admin', numbers: [9005, 9006, 30002] },
  recordings: { role: 'monitor', numbers: [20036, 20053] },
  live: { role: 'admin', numbers: [30019] },
  pause: { role: 'admin', numbers: [30020] },
  contacts: { role: 'admin', numbers: [30013, 30014, 30015] },
  deleteCalls: { role: 'admin', numbers: [9004] },
  deleteRecordings: { role: 'monitor', numbers: [20054] },
} as const satisfies Readonly<Record<string, { readonly role: Role; readonly numbers: readonly number[] }>>;
export type Purpose = keyof typeof PURPOSES;
export const PURPOSE_NAMES = Object.keys(PURPOSES) as readonly Purpose[];

/** What no role alone gives a program. */
export const SCOPES: readonly Scope[] = ['extension.secrets', 'firewall', 'call.place', 'cdr.share'];

/** Of a comma list, as the box gives it. */
export function scopesOf(list: string): Scope[] {
  const given = list.split(',');
  return SCOPES.filter((scope) => given.includes(scope));
}

/** The purposes that these numbers serve whole, and the numbers that none of them has. */
export function purposesOf(numbers: readonly number[]) {
  const given = new Set(numbers);
  const purposes = PURPOSE_NAMES.filter((purpose) => PURPOSES[purpose].numbers.every((number) => given.has(number)));
  const told = new Set<number>(purposes.flatMap((purpose) => [...PURPOSES[purpose].numbers]));
  return { purposes, rest: numbers.filter((number) => !told.has(number)) };
}

/** The least role that serves them; a number chosen by itself may be any, and scopes are admin's. */
export function roleFor(
  purposes: ReadonlySet<Purpose>,
  numbers: ReadonlySet<number>,
  scopes: ReadonlySet<Scope>,
): Role {
  return numbers.size > 0 || scopes.size > 0 || [...purposes].some((purpose) => PURPOSES[purpose].role === 'admin')
    ? 'admin'
    : 'monitor';
}

/** All of them, in order. */
export function numbersOf(purposes: ReadonlySet<Purpose>, numbers: ReadonlySet<number>): number[] {
  const all = new Set([...numbers, ...[...purposes].flatMap((purpose) => [...PURPOSES[purpose].numbers])]);
  return [...all].sort((a, b) => a - b);
}
