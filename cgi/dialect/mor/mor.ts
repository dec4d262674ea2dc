/** Placeholder of the dialect: each address answers that it isn't here yet. */
import { type CgiError, ERROR_STATUS } from '../../reply.ts';
import type { Dialect } from '../dialect.ts';

export const mor: Dialect = {
  answer: async (request) => mor.fault({ code: 'not_found', message: 'not here yet' } as CgiError, request),
  fault: ({ code, message }) => ({
    kind: 'text',
    status: ERROR_STATUS[code],
    type: 'text/plain; charset=utf-8',
    text: message,
  }),
};
