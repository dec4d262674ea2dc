/**
 * The settings as a form: what holds (30016), what is being changed, and one request that changes it all or none (30017). A
 * fault that the box finds is told at the field that it names.
 */
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { SettingList, SettingRow, SettingsChanged } from '../contract.ts';
import { AskError, ask, type Parameters } from './api.ts';
import { useAsk } from './use-ask.ts';

const LIST = 30016;
const CHANGE = 30017;

export interface SettingsForm {
  /** Those that one may change, by name; null until they are there. */
  readonly rows: ReadonlyMap<string, SettingRow> | null;
  /** Why they are not there. */
  readonly error: AskError | null;
  /** Asks for them once more; what is being changed stays. */
  again(): void;
  /** As it is being changed, else as it holds. */
  value(name: string): string;
  set(name: string, value: string): void;
  /** Those that are to become another value. */
  readonly dirty: readonly string[];
  /** What is wrong with one, in the box's words; null: nothing that is known. */
  fault(name: string): string | null;
  /** The one that the last change was refused for; null: none of the form's. */
  readonly blamed: string | null;
  /** Why the last change was refused, where no field of the form is to blame. */
  readonly refusal: AskError | null;
  readonly busy: boolean;
  discard(): void;
  /** @param more Parameters that go along, such as `reason`. @returns null when it was refused. */
  save(more?: Parameters): Promise<SettingsChanged | null>;
}

/** Values that the box has taken since it gave a list, and that list. */
interface Saved {
  readonly over: SettingList | null;
  readonly values: Readonly<Record<string, string>>;
}
const NOTHING_SAVED: Saved = { over: null, values: {} };

/** @param shown Names that have a field in the form: a fault of another one is told as {@link SettingsForm.refusal}. */
export function useSettings(shown: (name: string) => boolean = () => true): SettingsForm {
  const { answer, error, again } = useAsk<SettingList>(LIST);
  const [draft, setDraft] = useState<ReadonlyMap<string, string>>(new Map());
  const [saved, setSaved] = useState(NOTHING_SAVED);
  const [refusal, setRefusal] = useState<AskError | null>(null);
  const [busy, setBusy] = useState(false);

  const rows = useMemo(
    () => (answer ? new Map(answer.json_array_settings.map((row) => [row.name, row])) : null),
    [answer],
  );
  // Until the list is here anew it tells of what held before: a box that was just ticked and saved would show as unticked.
  const held = (name: string) =>
    (saved.over === answer ? saved.values[name] : undefined) ?? rows?.get(name)?.value ?? '';
  const dirty = [...draft].filter(([name, value]) => plain(value) !== plain(held(name))).map(([name]) => name);
  const blamed = refusal?.parameter !== undefined && shown(refusal.parameter) ? refusal.parameter : null;

  const set = useCallback((name: string, value: string) => {
    setDraft((before) => new Map(before).set(name, value));
    setRefusal((before) => (before?.parameter === name ? null : before));
  }, []);

  return {
    rows,
    error,
    again,
    value: (name) => draft.get(name) ?? held(name),
    set,
    dirty,
    fault: (name) => (blamed === name ? (refusal?.reason ?? null) : null),
    blamed,
    refusal: blamed === null ? refusal : null,
    busy,
    discard() {
      setDraft(new Map());
      setRefusal(null);
    },
    async save(more = {}) {
      setBusy(true);
      setRefusal(null);
      const sent = Object.fromEntries(dirty.map((name) => [name, draft.get(name)]));
      try {
        const changed = await ask<SettingsChanged>(CHANGE, { ...more, ...sent });
        setSaved((before) => ({
          over: answer,
          values: { ...(before.over === answer && before.values), ...changed.settings },
        }));
        // What was typed since it was sent is a change of its own.
        setDraft((now) => new Map([...now].filter(([name, value]) => sent[name] !== value)));
        return changed;
      } catch (failed) {
        if (!(failed instanceof AskError)) throw failed;
        setRefusal(failed);
        return null;
      } finally {
        setBusy(false);
        again();
      }
    },
  };
}

/** A list that only ends its lines otherwise is the same list. */
function plain(value: string): string {
  return value.includes('\n') ? value.trim() : value;
}
