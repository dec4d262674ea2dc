/** A whole book as CSV: looked at by the box first (30014 `dryrun`), so that what is in it and every fault is seen before it is sent. */
import { useState } from 'preact/hooks';
import type { ContactsLookedAt } from '../../contract.ts';
import { AskError, ask } from '../api.ts';
import { whole } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';

const PUT = 30014;
/** Bytes that a request may have; encoded, some letters need three for one. */
const FILE_MAX = 4_000_000;

interface ImportDialogProps {
  /** Contacts that are in the book now. */
  readonly present: number;
  onDone(): void;
  onClose(): void;
}

type Seen =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'large' }
  | { readonly kind: 'failed'; readonly error: AskError }
  | { readonly kind: 'seen'; readonly csv: string; readonly about: ContactsLookedAt };

export function ImportDialog({ present, onDone, onClose }: ImportDialogProps) {
  const t = useText('phone-book');
  const common = useText('common');
  const [seen, setSeen] = useState<Seen>({ kind: 'none' });
  const [replace, setReplace] = useState(false);
  const [busy, setBusy] = useState(false);

  const look = async (file: File | undefined) => {
    if (!file) return setSeen({ kind: 'none' });
    if (file.size > FILE_MAX) return setSeen({ kind: 'large' });
    setSeen({ kind: 'looking' });
    try {
      const csv = await file.text();
      setSeen({ kind: 'seen', csv, about: await ask<ContactsLookedAt>(PUT, { csv, dryrun: true }) });
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      setSeen({ kind: 'failed', error });
    }
  };
  const send = async (csv: string, contacts: number) => {
    setBusy(true);
    try {
      await ask(PUT, { csv, replace });
      tell(t.imported(whole(contacts)));
      onDone();
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      setSeen({ kind: 'failed', error });
      setBusy(false);
    }
  };
  const about = seen.kind === 'seen' ? seen.about : null;
  const isGood = about !== null && about.faults === 0 && about.contacts > 0;

  return (
    <Dialog title={t.importTitle} wide onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (seen.kind === 'seen') void send(seen.csv, seen.about.contacts);
        }}
      >
        <p class="soft">{t.importAbout}</p>
        <Field label={t.file}>
          {(control) => (
            <input
              {...control}
              type="file"
              accept=".csv,text/csv,text/plain"
              onChange={(event) => void look(event.currentTarget.files?.[0])}
            />
          )}
        </Field>
        <div role="status">
          {seen.kind === 'looking' && <p>{t.looking}</p>}
          {seen.kind === 'large' && <p class="fault">{t.tooLarge}</p>}
          {about && <Preview about={about} />}
        </div>
        {seen.kind === 'failed' && <Failure error={seen.error} />}
        {isGood && (
          <fieldset>
            <legend>{t.mode}</legend>
            {[false, true].map((each) => (
              <label key={String(each)} class="check">
                <input type="radio" name="replace" checked={replace === each} onChange={() => setReplace(each)} />
                <span>{each ? t.modeReplace : t.modeAdd}</span>
              </label>
            ))}
            {replace && present > 0 && (
              <p class="notice" role="status">
                {t.replaces(whole(present))}
              </p>
            )}
          </fieldset>
        )}
        <div class="actions">
          <button type="submit" class={replace ? 'danger' : 'primary'} disabled={!isGood || busy}>
            {t.importNow(whole(about?.contacts ?? 0))}
          </button>
          <button type="button" onClick={onClose}>
            {common.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Preview({ about }: { readonly about: ContactsLookedAt }) {
  const t = useText('phone-book');
  const { contacts, faults, json_array_contacts: rows, json_array_faults: lines } = about;
  return (
    <>
      {faults > 0 && (
        <div class="failure">
          <p>
            <strong>{t.faults(whole(faults))}</strong>
          </p>
          <ul>
            {lines.map(({ line, message }) => (
              <li key={line}>
                {t.line(line)}: <span lang="en">{message}</span>
              </li>
            ))}
          </ul>
          {faults > lines.length && <p>{t.moreFaults(whole(faults - lines.length))}</p>}
        </div>
      )}
      <p>
        {t.good(whole(contacts))} {contacts > rows.length && t.firstOf(whole(rows.length))}
      </p>
      {rows.length > 0 && (
        <div class="preview">
          <table>
            <thead>
              <tr>
                <th scope="col">{t.number}</th>
                <th scope="col">{t.name}</th>
                <th scope="col">{t.group}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ number, name, group }) => (
                <tr key={number}>
                  <td>{number}</td>
                  <td>{name}</td>
                  <td>{group}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
