/** A user of the AMI, made or changed (30022). A secret that the page makes is drawn here, and shown once by who opened it. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { AmiUserRow, AmiUserSet } from '../../contract.ts';
import { ask } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';

const SET = 30022;

/** What programs usually need stands first; the rest behind a line. */
const READ = ['cdr', 'call', 'agent', 'dtmf', 'reporting', 'user', 'system'];
const READ_MORE = [
  ...['all', 'dialplan', 'originate', 'message', 'cc', 'aoc', 'security', 'config', 'command', 'agi', 'log', 'verbose'],
  'test',
];
const WRITE = ['call', 'originate', 'reporting', 'agent', 'user', 'message', 'system'];
const WRITE_MORE = ['dtmf', 'cc'];
const SECRET_BYTES = 18;

interface UserDialogProps {
  /** null: a new one. */
  readonly user: AmiUserRow | null;
  onClose(): void;
  /** @param made The secret that was drawn here; null: there is none to be shown. */
  onSaved(made: { readonly name: string; readonly secret: string } | null): void;
}

export function UserDialog({ user, onClose, onSaved }: UserDialogProps) {
  const t = useText('ami').form;
  const common = useText('common');
  const [name, setName] = useState(user?.name ?? '');
  const [how, setHow] = useState<'keep' | 'generate' | 'type'>(user ? 'keep' : 'generate');
  const [typed, setTyped] = useState('');
  const [read, setRead] = useState(wordsOf(user?.read ?? 'cdr,call,agent'));
  const [write, setWrite] = useState(wordsOf(user?.write ?? ''));
  const [permit, setPermit] = useState((user?.permit ?? '').split(',').join('\n'));
  const [extras, setExtras] = useState(user?.extras === 1);
  const { busy, error, run } = useAct();
  const known = new Set([...WRITE, ...WRITE_MORE]);
  const [actions, setActions] = useState([...write].filter((word) => !known.has(word)).join(', '));
  const faultOf = (parameter: string) => (error?.parameter === parameter ? error.reason : null);

  const save = () =>
    run(async () => {
      const secret = how === 'keep' ? null : how === 'type' ? typed : draw();
      const classes = [...write].filter((word) => known.has(word));
      const answer = await ask<AmiUserSet>(SET, {
        name,
        secret,
        read: [...read].join(','),
        write: [...classes, ...listOf(actions)].join(','),
        permit: listOf(permit).join(','),
        extras: extras ? '1' : '0',
      });
      tell(answer.by_name === '' ? t.saved(name) : t.unknown(answer.by_name));
      onSaved(how === 'generate' && secret !== null ? { name, secret } : null);
    });

  return (
    <Dialog title={user ? t.change(user.name) : t.create} wide onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!user && (
          <Field label={t.name} hint={t.nameHint} fault={faultOf('name')}>
            {(control) => (
              <input
                {...control}
                required
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <fieldset>
          <legend>{t.secret}</legend>
          {(user ? (['keep', 'generate', 'type'] as const) : (['generate', 'type'] as const)).map((each) => (
            <label key={each} class="check">
              <input type="radio" name="secret" checked={how === each} onChange={() => setHow(each)} /> {t[each]}
            </label>
          ))}
          {how === 'type' && (
            <Field label={t.typed}>
              {(control) => (
                <input
                  {...control}
                  required
                  maxLength={80}
                  autocomplete="off"
                  spellcheck={false}
                  value={typed}
                  onInput={(event) => setTyped(event.currentTarget.value)}
                />
              )}
            </Field>
          )}
          {faultOf('secret') && (
            <p class="fault" role="alert">
              {faultOf('secret')}
            </p>
          )}
        </fieldset>
        <Classes title={t.read} first={READ} more={READ_MORE} chosen={read} onChosen={setRead} words="classes" />
        <Classes title={t.write} first={WRITE} more={WRITE_MORE} chosen={write} onChosen={setWrite} words="writes">
          <Field label={t.actions} hint={t.actionsHint} fault={faultOf('write')}>
            {(control) => (
              <input
                {...control}
                autocomplete="off"
                spellcheck={false}
                value={actions}
                onInput={(event) => setActions(event.currentTarget.value)}
              />
            )}
          </Field>
        </Classes>
        <Field label={t.permit} hint={t.permitHint} fault={faultOf('permit')}>
          {(control) => (
            <textarea
              {...control}
              class="mono"
              rows={2}
              autocomplete="off"
              spellcheck={false}
              value={permit}
              onInput={(event) => setPermit(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="setting-check">
          <label class="check">
            <input type="checkbox" checked={extras} onChange={(event) => setExtras(event.currentTarget.checked)} />
            {t.extras}
          </label>
          <p class="hint">{t.extrasHint}</p>
        </div>
        {error && !['name', 'secret', 'write', 'permit'].includes(error.parameter ?? '') && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            {common.save}
          </button>
          <button type="button" onClick={onClose}>
            {common.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ClassesProps {
  readonly title: string;
  readonly first: readonly string[];
  readonly more: readonly string[];
  readonly chosen: ReadonlySet<string>;
  onChosen(chosen: ReadonlySet<string>): void;
  readonly words: 'classes' | 'writes';
  readonly children?: ComponentChildren;
}

function Classes({ title, first, more, chosen, onChosen, words, children }: ClassesProps) {
  const t = useText('ami');
  const box = (word: string) => (
    <label key={word} class="check">
      <input
        type="checkbox"
        checked={chosen.has(word)}
        onChange={(event) => {
          const next = new Set(chosen);
          if (event.currentTarget.checked) next.add(word);
          else next.delete(word);
          onChosen(next);
        }}
      />
      <span>
        <code>{word}</code> {t[words][word] ?? t.classes[word] ?? ''}
      </span>
    </label>
  );
  return (
    <fieldset class="ami-classes">
      <legend>{title}</legend>
      <div class="ami-boxes">{first.map(box)}</div>
      <details open={more.some((word) => chosen.has(word))}>
        <summary>{t.form.more}</summary>
        <div class="ami-boxes">{more.map(box)}</div>
      </details>
      {children}
    </fieldset>
  );
}

function wordsOf(list: string): ReadonlySet<string> {
  return new Set(list === '' ? [] : list.split(','));
}

function listOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** As long as nobody guesses it, of characters that every program takes. */
function draw(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
