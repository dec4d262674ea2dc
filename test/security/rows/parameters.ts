/** Every parameter of every number, as the box itself lists them, with a value of one's own in it. */
import type { Box } from '../box.ts';
import { type Answer, md5 } from '../clients.ts';

interface Listed {
  readonly number: number;
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
}

/** Those whose right use ends or slows what attempts come from: they have rows of their own. */
const LEFT_OUT = new Set([8401, 8404, 30005, 30006, 30032]);
/** The reason is read in one place for all numbers; these make nothing but what is taken back. */
const REASONED = new Set([9004, 30014, 30025]);
/** What stands in the other parameters: right in form, of nobody and nothing. */
const HARMLESS: Readonly<Record<string, string>> = {
  username: 'nobody',
  password: md5('nobody'),
  role: 'monitor',
  wavefiles: '20260101/none.wav',
  uniqueid: '1.1',
  id: 'abcdef12',
  pause: '1',
  name: 'nobody',
  number: '999',
  keep: '0',
};

export interface Place {
  readonly number: number;
  readonly parameter: string;
}

/** @returns every place that a value can stand in, for a caller who may call them all. */
export async function places(box: Box, token: string): Promise<readonly Place[]> {
  const listed = (await box.ask('/cgi/webserve/', { token })).field('json_array_numbers') as readonly Listed[];
  required.clear();
  for (const { number, parameters } of listed)
    required.set(
      number,
      parameters.filter((each) => each.required).map(({ name }) => name),
    );
  return listed
    .filter(({ number }) => !LEFT_OUT.has(number))
    .flatMap(({ number, parameters }) => parameters.map(({ name }) => ({ number, parameter: name })))
    .filter(({ number, parameter }) => parameter !== 'reason' || REASONED.has(number));
}

const required = new Map<number, readonly string[]>();

/** Calls a number with this value in one parameter. Nothing that it deletes or makes is anybody's. */
export function put(box: Box, { number, parameter }: Place, value: string, token: string): Promise<Answer> {
  const others = (required.get(number) ?? []).map((name) => [name, HARMLESS[name.toLowerCase()] ?? '1'] as const);
  const values = Object.fromEntries(others.filter(([name]) => name !== parameter));
  if (number === 9004 && parameter !== 'dryrun') values['dryrun'] = '1';
  if (number === 30014 && ['name', 'reason'].includes(parameter))
    Object.assign(values, { number: '999', name: 'nobody' });
  return box.number(number, { ...values, [parameter]: value }, { token });
}

/** Takes back what the attempts left: settings, a contact, an AMI user. */
export async function cleanUp(box: Box): Promise<void> {
  const token = box.tokens.admin;
  const settings = (await box.number(30016, {}, { token })).field('json_array_settings') as readonly { name: string }[];
  await box.number(30017, { reset: (settings ?? []).map(({ name }) => name).join(',') }, { token });
  await box.number(30015, { numbers: '999' }, { token });
  await box.number(30023, { name: 'nobody' }, { token });
}
