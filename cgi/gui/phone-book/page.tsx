/** The phone book: looked through, changed one by one, and taken in and given out as CSV. */
import { useEffect, useState } from 'preact/hooks';
import type { ContactRow, ContactRows } from '../../contract.ts';
import { AskError, addressOf, ask } from '../api.ts';
import { whole } from '../format.ts';
import { Field } from '../parts/field.tsx';
import { ListEnd } from '../parts/list-end.tsx';
import { Page } from '../parts/page.tsx';
import { tell } from '../parts/toast.tsx';
import { useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { useMore } from '../use-more.ts';
import { ContactDialog } from './contact.tsx';
import { ImportDialog } from './import.tsx';

const LIST = 30013;
const PUT = 30014;
const REMOVE = 30015;
const PART = 100;
/** Somebody is still typing. */
const QUIET_MS = 300;

type Open = { readonly kind: 'contact'; readonly contact: ContactRow | null } | { readonly kind: 'import' } | null;

export default function PhoneBook() {
  const t = useText('phone-book');
  const common = useText('common');
  const [query, change] = useQuery();
  const search = query.get('search') ?? '';
  const [typed, setTyped] = useState(search);
  useEffect(() => setTyped(search), [search]);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => change({ search: typed }, true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [typed, search, change]);

  const list = useMore<ContactRows, ContactRow>(
    LIST,
    { limit: PART, search },
    {
      rows: ({ json_array_contacts }) => json_array_contacts,
      next: ({ json_array_contacts }) =>
        json_array_contacts.length < PART ? null : { after: json_array_contacts.at(-1)?.number },
    },
  );
  const [open, setOpen] = useState<Open>(null);
  const total = list.answer?.json_obj_filter.totalcount ?? null;

  const remove = async (contact: ContactRow) => {
    try {
      await ask(REMOVE, { numbers: contact.number });
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      return tell({ text: error.message, failed: true });
    }
    list.again();
    const back = () => {
      ask(PUT, { ...contact }).then(
        () => {
          tell(t.restored(contact.name));
          list.again();
        },
        (error: AskError) => tell({ text: error.message, failed: true }),
      );
    };
    tell({ text: t.removed(contact.name), action: { label: common.undo, run: back } });
  };

  return (
    <Page
      name="phone-book"
      actions={
        <>
          <button type="button" class="primary" onClick={() => setOpen({ kind: 'contact', contact: null })}>
            {t.add}
          </button>
          <button type="button" onClick={() => setOpen({ kind: 'import' })}>
            {t.importing}
          </button>
          <a class="button" href={addressOf(LIST, { format: 'csv' })} download="phone-book.csv">
            {t.exporting}
          </a>
        </>
      }
    >
      <p class="soft phone-book-about">{t.about}</p>
      <Field label={t.search} class="phone-book-search">
        {(control) => (
          <input
            {...control}
            type="search"
            name="search"
            placeholder={t.searchHint}
            autocomplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <p role="status" class="soft">
        {total !== null && t.total(whole(total))}{' '}
        {search !== '' && !list.busy && !list.error && t.found(whole(list.rows.length), list.more)}
      </p>
      {list.rows.length > 0 && (
        <Contacts
          rows={list.rows}
          onEdit={(contact) => setOpen({ kind: 'contact', contact })}
          onRemove={(contact) => void remove(contact)}
        />
      )}
      {!list.busy && !list.error && list.rows.length === 0 && (
        <p class="empty">{search === '' ? t.empty : t.nothing}</p>
      )}
      <ListEnd list={list} />
      {open?.kind === 'contact' && (
        <ContactDialog
          contact={open.contact}
          onDone={() => {
            setOpen(null);
            list.again();
          }}
          onClose={() => setOpen(null)}
        />
      )}
      {open?.kind === 'import' && (
        <ImportDialog
          present={total ?? 0}
          onDone={() => {
            setOpen(null);
            list.again();
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

interface ContactsProps {
  readonly rows: readonly ContactRow[];
  onEdit(contact: ContactRow): void;
  onRemove(contact: ContactRow): void;
}

function Contacts({ rows, onEdit, onRemove }: ContactsProps) {
  const t = useText('phone-book');
  const common = useText('common');
  return (
    <table class="contacts">
      <caption class="visually-hidden">{common.pages['phone-book']}</caption>
      <thead>
        <tr>
          <th scope="col">{t.number}</th>
          <th scope="col">{t.name}</th>
          <th scope="col">{t.group}</th>
          <th scope="col">
            <span class="visually-hidden">{t.actions}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((contact) => (
          <tr key={contact.number}>
            <td class="contact-number">{contact.number}</td>
            <th scope="row">{contact.name}</th>
            <td class="contact-group">{contact.group}</td>
            <td class="contact-actions">
              <button type="button" aria-label={t.editOf(contact.name)} onClick={() => onEdit(contact)}>
                {t.edit}
              </button>
              <button type="button" aria-label={t.removeOf(contact.name)} onClick={() => onRemove(contact)}>
                {t.remove}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
