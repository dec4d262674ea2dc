/**
 * What a dialect is: the addresses, parameters and answers of another product, over what this one has. A dialect translates
 * and nothing else: rights, limits and rows are those of the numbers (guide), and what the box doesn't have is an error in
 * the dialect's own form. Each is off until it is switched on, and its code is loaded with the first request.
 */
import type { CgiError, Reply } from '../reply.ts';
import type { Services } from '../verb.ts';

/** What arrived for a dialect, whatever carried it. */
export interface DialectRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** What the owner has put in front of the dialect's addresses: '', `/demo`. */
  readonly base: string;
  /** Behind the base, as the dialect spells it: `/api/api.php`. */
  readonly path: string;
  /** Undecoded; '' where there is none. */
  readonly query: string;
  /** A header's value; '' where there is none. @param name In lower case. */
  header(name: string): string;
  /** Undecoded; null: none of this name. */
  cookie(name: string): string | null;
  /**
   * Reads the body; null where there is none. Asked for once.
   * @param known Whether the caller has shown who it is: a stranger's may be small only. @throws {CgiError} `too_large`, `busy`
   */
  body(known: boolean): Promise<Buffer | null>;
  /** Who asks has been found out by what stood in the request itself, which no look at its headers told: it is no stranger's. */
  readonly recognised: () => void;
  /** The client's address. */
  readonly address: string;
  /** What the client says of itself: a stranger's text. */
  readonly agent: string;
  /** By HTTPS. */
  readonly secure: boolean;
  /** `192.168.1.5:8080`: how the client calls the box; one of its names, or its address. */
  readonly host: string;
}

export interface Dialect {
  /** @throws {CgiError}, {StoreError}: told by `fault`. */
  answer(request: DialectRequest, services: Services): Promise<Reply>;
  /**
   * A fault as clients of the dialect expect it. `internal` where it is ours: the log has the details. When another try makes
   * sense goes with it by itself.
   */
  fault(error: CgiError, request: DialectRequest): Reply;
}
