/** README's reference of the numbers and their parameters, made from the table that answers them. */

import { callFilter } from '../../cgi/cdr/filter.ts';
import { type NumberReference, referenceOf } from '../../cgi/reference.ts';
import { SETTINGS } from '../../cgi/settings/schema.ts';
import { TABLE } from '../../cgi/table.ts';
import { may, ROLES } from '../../storage/model/rights.ts';
import { markdown, markdownTable } from './readme.ts';

/** Parameters that stand together in several numbers, or are many: named by a word in the table of numbers. */
const TOGETHER: readonly (readonly [word: string, names: readonly string[]])[] = [
  ['*the filter*', Object.keys(callFilter.entries)],
  ['*the settings*', SETTINGS.map(({ name }) => name)],
];

function parametersText(parameters: NumberReference['parameters']): string {
  const plain = (name: string) => name.toLowerCase();
  const has = (wanted: string) => parameters.some(({ name }) => plain(name) === wanted);
  const words = TOGETHER.filter(([, names]) => names.every(has));
  const named = new Set(words.flatMap(([, names]) => names));
  const rest = parameters.filter(({ name }) => !named.has(plain(name)));
  return [
    ...words.map(([word]) => word),
    ...rest.map(({ name, required }) => `\`${name}\`${required ? ' (must)' : ''}`),
  ].join(', ');
}

/** Two Markdown tables: what each number does, for whom and with which parameters; what each parameter means. */
export function numberReference(): string {
  const all = merged(referenceOf(TABLE));
  const numbers = all.map(({ shown, about, right, parameters }) => [
    shown,
    markdown(about),
    right === null ? 'anybody' : ROLES.filter((role) => may(role, right)).join(', '),
    parametersText(parameters),
  ]);
  const filter = TOGETHER[0]?.[1].map((name) => `\`${name === 'ivr' ? 'IVR' : name}\``).join(', ');
  return `${markdownTable(['number', 'what it does', 'who may', 'parameters'], numbers)}
*The filter*: ${filter}.

<details><summary>Every parameter</summary>

${markdownTable(['parameter', 'meaning', 'of'], parametersOf(all))}
</details>
`;
}

interface Shown extends NumberReference {
  /** With its other number, and whether it is ours. */
  readonly shown: string;
}

/** The log-in has two numbers: one row. */
function merged(all: readonly NumberReference[]): Shown[] {
  return all
    .filter(({ number }) => TABLE[number] !== TABLE[8404] || number === 8404)
    .map((each) => {
      const others = all.filter(({ number }) => number !== each.number && TABLE[number] === TABLE[each.number]);
      const shown =
        others.length > 0 ? `${each.number} (${others.map(({ number }) => number).join(', ')})` : each.number;
      return { ...each, shown: `${shown}${each.number >= 30_000 ? ' (ours)' : ''}` };
    });
}

/** One row for those that mean the same in the same numbers, in the order of their first number. */
function parametersOf(all: readonly Shown[]): string[][] {
  const meanings = new Map<string, { name: string; about: string; numbers: number[] }>();
  for (const { number, parameters } of all)
    for (const { name, about } of parameters) {
      const key = `${name} ${about}`;
      const meaning = meanings.get(key) ?? { name, about, numbers: [] };
      meaning.numbers.push(number);
      meanings.set(key, meaning);
    }
  const rows = new Map<string, string[][]>();
  for (const { name, about, numbers } of meanings.values()) {
    const key = `${about} ${numbers}`;
    rows.set(key, [...(rows.get(key) ?? []), [`\`${name}\``, markdown(about), numbers.join(', ')]]);
  }
  return [...rows.values()].map((same) => [same.map(([name]) => name).join(', '), ...(same[0] ?? []).slice(1)]);
}
