/** A new API key: what it is for, what it may, and how long. */
import { useEffect, useState } from 'preact/hooks';
import type { KeyMade, Role, Scope } from '../../contract.ts';
import { ask } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { numbersOf, PURPOSE_NAMES, type Purpose, roleFor, SCOPES } from './purposes.ts';

interface KeyDialogProps {
  onClose(): void;
  onMade(key: KeyMade): void;
}

const MAKE = 30011;
const DAYS = ['', '30', '90', '365'] as const;
/** What the key may: some purposes, or all that a role may. */
type Extent = 'some' | Role;

export function KeyDialog({ onClose, onMade }: KeyDialogProps) {
  const t = useText('users').keys;
  const common = useText('common');
  const [name, setName] = useState('');
  const [extent, setExtent] = useState<Extent>('some');
  const [purposes, setPurposes] = useState<ReadonlySet<Purpose>>(new Set());
  const [numbers, setNumbers] = useState<ReadonlySet<number>>(new Set());
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set());
  const [days, setDays] = useState('');
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAct();

  const nothing = extent === 'some' && purposes.size === 0 && numbers.size === 0;
  // Monitor may none of them, whatever was ticked before.
  const given = extent === 'monitor' ? new Set<Scope>() : scopes;
  const submit = async () => {
    setTried(true);
    if (nothing) return;
    const role = extent === 'some' ? roleFor(purposes, numbers, given) : extent;
    const list = extent === 'some' ? numbersOf(purposes, numbers).join(',') : null;
    const wanted = { name: name.trim(), role, numbers: list, scopes: [...given].join(','), days };
    await run(async () => onMade(await ask<KeyMade>(MAKE, wanted)));
  };
  const nameFault = error?.parameter === 'name' ? error.reason : null;
  return (
    <Dialog title={t.add} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        <Field label={t.name} hint={t.nameHint} fault={nameFault}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={64}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <fieldset>
          <legend>{t.may}</legend>
          {(['monitor', 'admin', 'some'] as const).map((each) => (
            <label key={each} class="check">
              <input type="radio" name="scope" checked={extent === each} onChange={() => setExtent(each)} />
              {each === 'some' ? t.some : t.all[each]}
            </label>
          ))}
          {extent === 'some' && (
            <div class="within">
              {PURPOSE_NAMES.map((purpose) => (
                <label key={purpose} class="check">
                  <input
                    type="checkbox"
                    checked={purposes.has(purpose)}
                    onChange={() => setPurposes(turned(purposes, purpose))}
                  />
                  {t.purposes[purpose]}
                </label>
              ))}
              <details>
                <summary>{t.single}</summary>
                <SingleNumbers chosen={numbers} onChange={setNumbers} />
              </details>
            </div>
          )}
          {tried && nothing && (
            <p class="fault" role="alert">
              {t.nothing}
            </p>
          )}
        </fieldset>
        {extent !== 'monitor' && (
          <fieldset>
            <legend>{t.besides}</legend>
            {SCOPES.map((each) => (
              <label key={each} class="check">
                <input type="checkbox" checked={scopes.has(each)} onChange={() => setScopes(turned(scopes, each))} />
                {t.scopes[each]}
              </label>
            ))}
          </fieldset>
        )}
        <Field label={t.days}>
          {(control) => (
            <select {...control} value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              {DAYS.map((each) => (
                <option key={each} value={each}>
                  {each === '' ? t.withoutEnd : t.forDays(each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {error && !nameFault && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            {t.make}
          </button>
          <button type="button" onClick={onClose}>
            {common.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function turned<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

interface Reference {
  readonly json_array_numbers: readonly { readonly number: number; readonly about: string }[];
}

interface SingleNumbersProps {
  readonly chosen: ReadonlySet<number>;
  onChange(chosen: ReadonlySet<number>): void;
}

/** Every number that there is, as the box's own reference has it. */
function SingleNumbers({ chosen, onChange }: SingleNumbersProps) {
  const [list, setList] = useState<Reference['json_array_numbers']>([]);
  useEffect(() => {
    fetch('/cgi/webserve/')
      .then((answer) => answer.json() as Promise<Reference>)
      .then(
        // 8401 and 8404 are the log-in, which a key has no use for.
        (reference) => setList(reference.json_array_numbers.filter(({ number }) => number > 9000)),
        () => {},
      );
  }, []);
  return (
    <div class="numbers">
      {list.map(({ number, about }) => (
        <label key={number} class="check">
          <input type="checkbox" checked={chosen.has(number)} onChange={() => onChange(turned(chosen, number))} />
          <span>
            <code>{number}</code> <span lang="en">{about}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
