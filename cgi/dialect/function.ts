/** What of a dialect there is: each dialect lists every function of its documents, and README's tables are made of it. */

export interface DialectFunction {
  /** As the dialect's own documents call it: `cmd=cdrreport`, `GET /stats/missed_calls`, `task=getVoipCalls`. */
  readonly name: string;
  readonly works: 'yes' | 'differs' | 'no';
  /**
   * The numbers of ours that do the same: a key that is limited to numbers needs these, and no others. Absent: it takes none, or
   * is a part of another function, or isn't here.
   */
  readonly numbers?: readonly number[];
  /** How it differs, or why it isn't here; '' where it works as documented. */
  readonly note: string;
}
