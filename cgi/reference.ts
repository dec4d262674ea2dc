/**
 * The reference of the numbers, made from the table: what `GET /cgi/webserve/` answers, and what README prints. So no
 * document can say what the code doesn't do.
 */
import * as v from 'valibot';
import type { Right } from '../storage/model/rights.ts';
import { spelling } from './params.ts';
import { REASON_ABOUT, takesReason } from './reason.ts';
import type { Verb } from './verb.ts';

export interface ParameterReference {
  readonly name: string;
  readonly about: string;
  readonly required: boolean;
}

export interface NumberReference {
  readonly number: number;
  readonly about: string;
  /** null: anybody. */
  readonly right: Right | null;
  readonly parameters: readonly ParameterReference[];
}

/** In the table's order. */
export function referenceOf(table: Readonly<Record<number, Verb>>): NumberReference[] {
  return Object.entries(table).map(([number, { about, right, parameters }]) => ({
    number: Number(number),
    about,
    right,
    parameters: [
      ...Object.entries(parameters.entries).map(([plain, schema]) => ({
        name: spelling(plain),
        about: v.getDescription(schema as v.GenericSchema) ?? v.getDescription(unwrapped(schema)) ?? '',
        required: schema.type !== 'optional',
      })),
      ...(takesReason(Number(number)) ? [{ name: 'reason', about: REASON_ABOUT, required: false }] : []),
    ],
  }));
}

function unwrapped(schema: v.ObjectEntries[string]): v.GenericSchema {
  return ('wrapped' in schema ? schema.wrapped : schema) as v.GenericSchema;
}
