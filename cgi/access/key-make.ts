/** 30011 (ours): makes an API key. The answer is the only place where it ever stands. */
import * as v from 'valibot';
import { isScope, may, type Right, type Role, SCOPES, type Scope } from '../../storage/model/rights.ts';
import type { KeyMade } from '../contract.ts';
import { field, requiredRole, Wrong } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, type Verb, verb } from '../verb.ts';
import type { Known } from './session.ts';

/** Numbers that a key may be limited to; the table has fewer. */
const NUMBERS_MAX = 100;
/** Ten years. */
const DAYS_MAX = 3_650;

const name = v.pipe(
  v.string(),
  v.description('what it is for'),
  v.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, 'must be 1 to 64 letters, digits, blanks, . _ -'),
);

const numberList = field('numbers that it may call, a comma list; none: all that its role may', (text) => {
  if (text.trim() === '') return undefined;
  const numbers = text.split(',').map((part) => part.trim());
  if (numbers.length > NUMBERS_MAX) throw new Wrong('has too many values');
  if (numbers.some((number) => !/^[1-9]\d{0,5}$/.test(number))) throw new Wrong('must be numbers such as 9006,20053');
  return [...new Set(numbers.map(Number))];
});

const scopeList = field(`what it may besides, a comma list of ${SCOPES.join(', ')}; none: nothing`, (text) => {
  const words = text.split(',').map((part) => part.trim());
  const scopes = words.filter((word) => word !== '');
  if (!scopes.every(isScope)) throw new Wrong(`must be of ${SCOPES.join(', ')}`);
  return SCOPES.filter((scope) => scopes.includes(scope));
});

const days = field(`days that it is good for, 1 to ${DAYS_MAX}; none: it has no end`, (text) => {
  if (text.trim() === '') return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text.trim()) || Number(text) > DAYS_MAX) throw new Wrong(`must be 1 to ${DAYS_MAX}`);
  return Number(text);
});

/** A key that is limited to numbers makes none that may call others. @throws {CgiError} `denied` */
function refuseMoreThanOwn(caller: Known | null, numbers: readonly number[] | undefined): void {
  const own = caller?.numbers ?? null;
  if (own !== null && !(numbers?.every((number) => own.has(number)) ?? false))
    throw new CgiError('denied', `${caller?.user} may only make keys for numbers of its own`);
}

/** Scopes open what admin may; and a program hands on none that it was not given itself. @throws {CgiError} */
function refuseScopes(caller: Known | null, role: Role, scopes: readonly Scope[]): void {
  if (scopes.length > 0 && role !== 'admin')
    throw new CgiError('invalid', `scopes: ${role} may none of them`, 'scopes');
  if (!caller?.user.startsWith('key:')) return;
  if (!scopes.every((scope) => caller.scopes.has(scope)))
    throw new CgiError('denied', `${caller.user} may only make keys with scopes of its own`);
}

/** @param rightOf What a number asks for, null for nothing; undefined: there is no such number. */
export function makeKey(rightOf: (number: number) => Right | null | undefined): Verb {
  return verb({
    about: 'make an API key for a program; it is shown this once',
    right: 'users',
    parameters: v.strictObject({ name, role: requiredRole, numbers: numberList, scopes: scopeList, days }),
    lines: () => 2, // with its removal, which costs none
    async handle({ name, role, numbers, scopes = [], days }, { keys, zone, now }, asking) {
      refuseMoreThanOwn(asking.caller, numbers);
      refuseScopes(asking.caller, role, scopes);
      for (const number of numbers ?? []) {
        const right = rightOf(number);
        if (right === undefined) throw new CgiError('invalid', `numbers: there is no number ${number}`, 'numbers');
        if (right !== null && !may(role, right))
          throw new CgiError('invalid', `numbers: ${role} may not call ${number}`, 'numbers');
      }
      const { id, key } = await keys.make({ name, role, numbers: numbers ?? null, scopes, days }, by(asking));
      const expires = days === undefined ? '' : zone.text(now() + days * 86_400);
      const granted = { role, numbers: numbers?.join(',') ?? '', scopes: scopes.join(',') };
      return json<KeyMade>({ result: 'success', id, name, ...granted, expires, key });
    },
  });
}
