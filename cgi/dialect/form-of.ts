/** What a request of a dialect carries, by query and by form body. */
import { formText } from '../form-text.ts';
import { CgiError } from '../reply.ts';
import type { DialectRequest } from './dialect.ts';
import { readForm } from './form.ts';
import { isMultipart, MultipartError, readMultipart } from './multipart.ts';

export type Form = ReadonlyMap<string, string>;

/**
 * Query and form body as one, the body before the query, as PHP's `$_REQUEST` and Rails' `params` have it. Reads the body:
 * once a request.
 * @param known Whether the caller has shown who it is. @throws {CgiError} `invalid` for a body that is no form and for a list, as PHP
 * has it (`limit[]=5`): nothing here takes one, and without a word it would be left out; `too_large`, `busy`
 */
export async function formOf(request: DialectRequest, known = true): Promise<Form> {
  const form = readForm(request.query);
  const body = await request.body(known);
  if (body !== null && body.length > 0)
    for (const [name, value] of fieldsOf(body, request.header('content-type'))) form.set(name, value);
  const list = [...form.keys()].find((name) => name.endsWith('[]'));
  if (list === undefined) return form;
  const name = list.slice(0, -2).slice(0, 64);
  throw new CgiError('invalid', `${name} must be one value, not a list`, name);
}

/** A phone number of a form; '' = not given. A blank at its front is a `+` that was not encoded, as in the filters of numbers. */
export function numberIn(form: Form, name: string): string {
  return (form.get(name) ?? '').replace(/^ (?=\d)/, '+').trim();
}

function fieldsOf(body: Buffer, type: string): Form {
  if (isMultipart(type)) return fieldsIn(body, type);
  // A body of another kind would be lost without a word.
  if (type !== '' && !/^application\/x-www-form-urlencoded *(;|$)/i.test(type))
    throw new CgiError('invalid', 'the body must be application/x-www-form-urlencoded or multipart/form-data');
  return readForm(formText(body).trim());
}

/** Those of a body of multipart/form-data. @throws {CgiError} `invalid` */
export function fieldsIn(body: Buffer, type: string): Form {
  try {
    return readMultipart(body, type);
  } catch (error) {
    throw error instanceof MultipartError ? new CgiError('invalid', `the body ${error.message}`) : error;
  }
}
