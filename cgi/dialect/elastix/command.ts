/**
 * What the commands of the Elastix API share: how one is asked, and how it answers. It was written in PHP, and its clients
 * know PHP's ways: JSON in ASCII with `\/` for each slash, texts that are called HTML.
 */
import type { Known } from '../../access/session.ts';
import type { Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { DialectRequest } from '../dialect.ts';
import type { Like } from '../enter.ts';
import type { Form } from '../form-of.ts';

export interface Command {
  /** The number of ours that does the same: it says who may. */
  readonly like: Like;
  /** `Content-Type` of what it answers; absent: JSON. */
  readonly type?: string;
  /** Whether HEAD is its own affair; otherwise who may ask hears that all is well, and nothing is looked for. */
  readonly head?: boolean;
  /**
   * Called when the asker may.
   * @param form What stood in the query and in the body, which goes before. @throws {CgiError}
   */
  answer(request: DialectRequest, services: Services, caller: Known, form: Form): Promise<Reply>;
}

export const JSON_TYPE = 'application/json';
/** As the web server of an Elastix box called whatever PHP gave no name of its own. */
export const TEXT_TYPE = 'text/html; charset=UTF-8';

/** As PHP's `json_encode` writes it. */
export function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\x80-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function phpReply(value: unknown): Reply {
  return { kind: 'text', status: 200, type: JSON_TYPE, text: phpJson(value) };
}

/** The one form of all its errors, with the blanks that stand in its document. @param status For people. */
export function errorReply(status: string, code: number): Reply {
  return {
    kind: 'text',
    status: code,
    type: JSON_TYPE,
    text: `{"status": ${JSON.stringify(status)}, "code": ${code}}`,
  };
}
