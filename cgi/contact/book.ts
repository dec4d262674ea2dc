/**
 * The phone book: who a number in a call belongs to. A change of many contacts is gathered beside the book in short steps
 * and then takes its place whole, so that records never wait for it and a kill leaves the old book or the new one.
 *
 * A contact's number is met exactly as calls show it, and nothing else is tried: what `030…`, `004930…` and `+4930…` have
 * in common depends on the country and on what each trunk's carrier sends, which this box isn't told; and by their last
 * digits two strangers are soon the same person (0301234567 and 0891234567 end in the same seven). One number that comes
 * in two shapes gets two lines. `620(202)` never stands here: of such a call the book is asked for the caller.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Contact } from '../../storage/store.ts';
import { CgiError } from '../reply.ts';

/** Contacts in the book: a large company's; as CSV they fit a form body (4 MB), and on a worn flash the swap is short. */
export const CONTACTS_MAX = 20_000;
/** Contacts written, read or removed in one step of the store: some 5 ms on the machine of a developer. */
export const CONTACTS_STEP = 500;
/** Changes waiting for their turn. Each may hold a whole book in memory. */
const WAITING_MAX = 4;

export interface PhoneBook {
  count(): Promise<number>;
  /** Whose these numbers are, by number; one that nobody has isn't there. @param numbers At most {@link CONTACTS_STEP} are looked up. */
  of(numbers: readonly string[]): Promise<ReadonlyMap<string, Contact>>;
  /** All of them in order of number, those after `after`, in steps; a change may come between two. */
  list(after: string): AsyncGenerator<readonly Contact[]>;
  /** Adds or changes them, all or none. @throws {CgiError} `invalid` when the book would be too large, `busy`. */
  put(contacts: readonly Contact[], by: By): Promise<void>;
  /** Makes the book exactly these. @throws {CgiError} likewise. */
  replace(contacts: readonly Contact[], by: By): Promise<void>;
  /** @param numbers At most {@link CONTACTS_STEP}. @returns how many there were. */
  remove(numbers: readonly string[], by: By): Promise<number>;
  /** Empties it. @returns how many there were. */
  clear(by: By): Promise<number>;
}

export function createPhoneBook(store: StoreClient): PhoneBook {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** One change at a time: two that gather at once would take each other's contacts along. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    if (waiting >= WAITING_MAX)
      return Promise.reject(new CgiError('busy', 'the phone book is being changed', undefined, 5));
    waiting += 1;
    const turn = last.then(change);
    last = turn.then(
      () => (waiting -= 1),
      () => (waiting -= 1),
    );
    return turn;
  }

  async function* list(after: string): AsyncGenerator<readonly Contact[]> {
    for (let from: string | undefined = after; from !== undefined; ) {
      const step: readonly Contact[] = await store.ask('contacts', { after: from, limit: CONTACTS_STEP });
      yield step;
      from = step.length < CONTACTS_STEP ? undefined : step.at(-1)?.number;
    }
  }

  async function swap(contacts: readonly Contact[], by: By, action: string, count: number): Promise<number> {
    for (let at = 0; at === 0 || at < contacts.length; at += CONTACTS_STEP)
      await store.write({ kind: 'contactsStaged', contacts: contacts.slice(at, at + CONTACTS_STEP), first: at === 0 });
    const { removed } = await store.write({ kind: 'contactsSwapped', audit: { ...by, action, detail: { count } } });
    return removed;
  }

  async function put(contacts: readonly Contact[], by: By): Promise<void> {
    const few = contacts.length <= CONTACTS_STEP;
    if (few && (await store.ask('contactCount')) + contacts.length <= CONTACTS_MAX) {
      const [only] = contacts;
      const detail = contacts.length === 1 && only ? { ...only } : { count: contacts.length };
      await store.write({ kind: 'contacts', contacts, audit: { ...by, action: 'contacts.put', detail } });
      return;
    }
    const merged = new Map<string, Contact>();
    for await (const step of list('')) for (const contact of step) merged.set(contact.number, contact);
    for (const contact of contacts) merged.set(contact.number, contact);
    bounded(merged.size, contacts.length === 1 ? 'number' : 'csv');
    await swap([...merged.values()], by, 'contacts.put', contacts.length);
  }

  return {
    count: () => store.ask('contactCount'),
    async of(numbers) {
      const asked = [...new Set(numbers)].filter((number) => number !== '').slice(0, CONTACTS_STEP);
      const found = asked.length === 0 ? [] : await store.ask('contactsOf', asked);
      return new Map(found.map((contact) => [contact.number, contact]));
    },
    list,
    put: (contacts, by) => inTurn(() => put(contacts, by)),
    async replace(contacts, by) {
      bounded(contacts.length, 'csv');
      await inTurn(() => swap(contacts, by, 'contacts.replaced', contacts.length));
    },
    remove: (numbers, by) =>
      inTurn(async () => {
        const audit = { ...by, action: 'contacts.removed', detail: { numbers: numbers.join(',').slice(0, 1_000) } };
        return (await store.write({ kind: 'contactsGone', numbers, audit })).removed;
      }),
    clear: (by) => inTurn(async () => swap([], by, 'contacts.cleared', await store.ask('contactCount'))),
  };
}

function bounded(count: number, parameter: string): void {
  if (count > CONTACTS_MAX)
    throw new CgiError(
      'invalid',
      `the phone book takes ${CONTACTS_MAX} contacts, this would make it ${count}`,
      parameter,
    );
}
