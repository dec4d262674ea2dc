/** What of a dialect there is: each dialect lists every function of its documents, and README's tables are made of it. */

export interface DialectFunction {
  /** As the dialect's own documents call it: `cmd=cdrreport`, `GET /stats/missed_calls`, `task=getVoipCalls`. */
  readonly name: string;
  readonly works: 'yes' | 'differs' | 'no';
  /** How it differs, or why it isn't here; '' where it works as documented. */
  readonly note: string;
}
