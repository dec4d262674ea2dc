/** Filters kept under a name: chosen, saved, removed. A view brings its filter and its order into the address. */
import { useState } from 'preact/hooks';
import type { SavedView, SavedViewSet, ViewPage, SavedViews as Views } from '../../contract.ts';
import { type AskError, ask } from '../api.ts';
import { useMe } from '../me.ts';
import { go } from '../router.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';
import { Field } from './field.tsx';
import { tell } from './toast.tsx';

const VIEWS = 30041;
const SET = 30042;
const REMOVE = 30043;

interface SavedViewsProps {
  readonly page: ViewPage;
  /** What of the address a view keeps: the filter, by the names of 9006 or 20053, `period` and the order. */
  readonly query: string;
}

export function SavedViews({ page, query }: SavedViewsProps) {
  const t = useText('common').views;
  const { answer, again } = useAsk<Views>(VIEWS, { page });
  const [saving, setSaving] = useState(false);
  const views = answer?.json_array_views ?? [];
  const chosen = views.find((view) => ordered(view.query) === ordered(query)) ?? null;
  const remove = async ({ id, name }: SavedView) => {
    try {
      await ask(REMOVE, { id });
      tell(t.removed(name));
    } catch (failed) {
      tell({ text: (failed as AskError).message, failed: true });
    }
    again();
  };
  return (
    <div class="saved-views">
      {views.length > 0 && (
        <select
          aria-label={t.title}
          value={chosen ? String(chosen.id) : ''}
          onChange={(event) => {
            const view = views.find(({ id }) => String(id) === event.currentTarget.value);
            if (view) go(`/${page}${view.query === '' ? '' : `?${view.query}`}`);
          }}
        >
          <option value="" disabled>
            {t.choose}
          </option>
          {views.map((view) => (
            <option key={view.id} value={String(view.id)}>
              {view.changeable ? view.name : t.by(view.name, view.owner)}
            </option>
          ))}
        </select>
      )}
      {chosen?.changeable ? (
        <button type="button" class="plain" onClick={() => void remove(chosen)}>
          {t.remove}
        </button>
      ) : (
        <button type="button" onClick={() => setSaving(true)}>
          {t.save}
        </button>
      )}
      {saving && (
        <Save
          page={page}
          query={query}
          views={views}
          onClose={() => setSaving(false)}
          onSaved={(name) => {
            setSaving(false);
            tell(t.saved(name));
            again();
          }}
        />
      )}
    </div>
  );
}

/** Whatever order its names stand in. */
function ordered(query: string): string {
  const parameters = new URLSearchParams(query);
  parameters.sort();
  return parameters.toString();
}

interface SaveProps extends SavedViewsProps {
  readonly views: readonly SavedView[];
  onClose(): void;
  onSaved(name: string): void;
}

function Save({ page, query, views, onClose, onSaved }: SaveProps) {
  const t = useText('common').views;
  const common = useText('common');
  const { me } = useMe();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const [error, setError] = useState<AskError | null>(null);
  const save = async () => {
    setError(null);
    const before = views.find((view) => view.name === name.trim() && view.changeable);
    try {
      await ask<SavedViewSet>(SET, {
        page,
        name: name.trim(),
        query,
        shared,
        ...(before && { id: before.id }),
      });
      onSaved(name.trim());
    } catch (failed) {
      setError(failed as AskError);
    }
  };
  return (
    <Dialog title={t.save} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={t.name} hint={t.nameHint}>
          {(control) => (
            <input
              {...control}
              type="text"
              required
              maxLength={60}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        {me.role === 'admin' && (
          <label class="check">
            <input type="checkbox" checked={shared} onChange={(event) => setShared(event.currentTarget.checked)} />
            <span>{t.shared}</span>
          </label>
        )}
        {error && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary">
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
