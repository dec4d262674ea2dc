/** The form body of a request, read within bounds: one body's, and that of all bodies held at a time. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { formText } from '../../cgi/form-text.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { HttpLimits } from '../limits.ts';

export interface Bodies {
  /**
   * @param known Whether the sender has shown who it is: a stranger's body may be small only.
   * @throws {CgiError} `too_large`; `busy` when others' bodies fill the room; `invalid` for a body that is no form.
   * @throws when the client goes away meanwhile.
   */
  read(request: IncomingMessage, response: ServerResponse, known: boolean): Promise<string>;
  /** A body of any kind, as it is; null: there is none. Otherwise the same. */
  bytes(request: IncomingMessage, response: ServerResponse, known: boolean): Promise<Buffer | null>;
}

export function createBodies(limits: HttpLimits): Bodies {
  let held = 0;

  function collect(request: IncomingMessage, response: ServerResponse, max: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      // Held until its answer is through: handlers work with what stood in it.
      response.once('close', () => {
        held -= length;
      });
      const refuse = (error: CgiError) => {
        request.off('data', take);
        request.resume(); // the rest is thrown away: with bytes unread the client might never see why
        reject(error);
      };
      const take = (chunk: Buffer) => {
        if (length + chunk.length > max) return refuse(tooLarge(max));
        if (held + chunk.length > limits.bodies)
          return refuse(new CgiError('busy', 'too many large requests at a time'));
        held += chunk.length;
        length += chunk.length;
        chunks.push(chunk);
      };
      request.on('data', take);
      request.once('end', () => resolve(Buffer.concat(chunks)));
      request.once('error', reject);
      request.once('close', () => reject(new Error('the client went away')));
    });
  }

  return {
    bytes,
    async read(request, response, known) {
      const body = await bytes(request, response, known);
      if (body === null) return '';
      const type = request.headers['content-type'] ?? '';
      // Clients of the guide POST with an empty body and any type; a body of another kind would be silently lost.
      if (body.length > 0 && type !== '' && !/^application\/x-www-form-urlencoded *(;|$)/i.test(type))
        throw new CgiError('invalid', 'the body must be application/x-www-form-urlencoded');
      return formText(body).trim();
    },
  };

  async function bytes(request: IncomingMessage, response: ServerResponse, known: boolean): Promise<Buffer | null> {
    if (request.method !== 'POST') return null;
    const max = known ? limits.body : limits.strangerBody;
    if (Number(request.headers['content-length'] ?? 0) > max) throw tooLarge(max);
    if (request.headers.expect !== undefined) {
      response.writeContinue();
      response.removeHeader('Connection'); // as take() in connection.ts left it
    }
    return collect(request, response, max);
  }
}

function tooLarge(max: number): CgiError {
  return new CgiError('too_large', `the body is over ${max} bytes`);
}
