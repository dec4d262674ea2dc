/** `sort`: the call report in another order than that of its time, for as many calls as can be put in order. */
import type { StoreClient } from '../storage/client.ts';
import type { Page, SortColumn } from '../storage/filter.ts';
import { TooManyToSort } from '../storage/sorted.ts';
import type { Listing, Listings } from '../storage/walks.ts';
import { field, Wrong } from './fields.ts';
import { CgiError } from './reply.ts';

/** By the words of 9006; `calldate` is the order of the listing itself. */
const SORTS: Readonly<Record<string, SortColumn | undefined>> = {
  calldate: undefined,
  src: 'src',
  dst: 'dst',
  contact: 'contact',
  channel: 'srcTrunk',
  dstchannel: 'dstTrunk',
  duration: 'duration',
  billsec: 'billsec',
  disposition: 'disposition',
  userfield: 'callType',
  accountcode: 'accountCode',
  cidname: 'cidName',
  ivr: 'ivr',
  port: 'port',
};
const KNOWN = Object.keys(SORTS).map((word) => (word === 'ivr' ? 'IVR' : word));

export const sortField = field(
  `what the rows are put in order by: ${KNOWN.join(', ')}; texts by their characters, equal rows newest first. Other than calldate: for 100,000 calls at most`,
  (text): SortColumn | undefined => {
    if (text === '') return undefined;
    const word = text.toLowerCase();
    if (!Object.hasOwn(SORTS, word)) throw new Wrong(`must be one of ${KNOWN.join(', ')}`);
    return SORTS[word];
  },
);

/** The pages of a listing. @throws {CgiError} `invalid` when more match than can be put in order. */
export async function* pagesOf<Kind extends keyof Listings>(
  store: StoreClient,
  kind: Kind,
  listing: Listing<Listings[Kind]>,
): AsyncGenerator<Page> {
  try {
    yield* store.pages(kind, listing);
  } catch (error) {
    if (!(error instanceof TooManyToSort)) throw error;
    throw new CgiError(
      'invalid',
      `sort is for 100,000 calls at most, and ${error.message}: ask for fewer, such as a shorter range, or leave sort out`,
      'sort',
    );
  }
}
