/** What a verb is: who may call it, its parameters, and its handler. One file each; table.ts gives it a number. */
import type * as v from 'valibot';
import type { StoreClient } from '../storage/client.ts';
import type { Zone } from '../storage/model/local-time.ts';
import type { Right } from '../storage/model/rights.ts';
import type { Accounts } from './access/accounts.ts';
import type { Caller, Sessions } from './access/session.ts';
import type { Schema } from './params.ts';
import type { Reply } from './reply.ts';

/** What handlers work with; start.ts puts it together. */
export interface Services {
  readonly store: StoreClient;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  /** The box's zone: dates in requests are on its clock. */
  readonly zone: Zone;
  /** Epoch seconds. */
  now(): number;
}

export interface Verb<S extends Schema = Schema> {
  /** null: anybody, without log-in. */
  readonly right: Right | null;
  readonly parameters: S;
  handle(parameters: v.InferOutput<S>, services: Services, caller: Caller | null): Reply | Promise<Reply>;
}

/** A verb with the types of its own parameters checked. */
export function verb<S extends Schema>(definition: Verb<S>): Verb {
  return definition as unknown as Verb;
}
