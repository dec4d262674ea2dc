/** What is done with all calls of the filter: CSV, the same by a program, and deleting them. */
import { useState } from 'preact/hooks';
import { type AskError, addressOf, ask, formOf, type Parameters } from '../api.ts';
import { whole } from '../format.ts';
import { boxClock, useMe } from '../me.ts';
import { Copy } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { Loading } from '../parts/loading.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { pinned } from './filter.ts';
import type { Order } from './use-calls.ts';

const LIST = 9006;
const CSV = 9005;
const DELETE = 9004;
const UNDO = 30003;

interface ToolsProps {
  readonly filter: Parameters;
  readonly order: Order;
  readonly total: number | null;
  /** Calls were deleted, or have come back. */
  onChanged(): void;
}

export function Tools({ filter, order, total, onChanged }: ToolsProps) {
  const t = useText('calls');
  const [open, setOpen] = useState<'csv' | 'curl' | 'remove' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <button type="button" onClick={() => setOpen('csv')}>
        {t.csv.open}
      </button>
      <button type="button" onClick={() => setOpen('curl')}>
        {t.curl.open}
      </button>
      <button type="button" class="danger" onClick={() => setOpen('remove')}>
        {t.remove.open}
      </button>
      {open === 'csv' && <Csv filter={filter} order={order} total={total} onClose={close} />}
      {open === 'curl' && <Curl filter={filter} order={order} onClose={close} />}
      {open === 'remove' && <Remove filter={filter} onClose={close} onChanged={onChanged} />}
    </>
  );
}

/** As 9005 and 9006 take it. */
const orderOf = ({ sort, order }: Order) => ({
  ...(sort !== 'calldate' && { sort }),
  ...((sort !== 'calldate' || order !== 'desc') && { order }),
});

function Csv({ filter, order, total, onClose }: Omit<ToolsProps, 'onChanged'> & { onClose(): void }) {
  const t = useText('calls').csv;
  const [bom, setBom] = useState(true);
  const [semicolon, setSemicolon] = useState(false);
  const [asText, setAsText] = useState(false);
  const address = addressOf(CSV, {
    ...filter,
    ...orderOf(order),
    bom,
    text: asText,
    ...(semicolon && { delimiter: ';' }),
  });
  const check = (label: string, value: boolean, set: (value: boolean) => void) => (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
  return (
    <Dialog title={t.title} onClose={onClose}>
      {total !== null && <p>{t.about(whole(total))}</p>}
      {check(t.spreadsheet, bom, setBom)}
      {check(t.semicolon, semicolon, setSemicolon)}
      {check(t.text, asText, setAsText)}
      <div class="actions">
        <a class="button primary" href={address} download onClick={() => setTimeout(onClose)}>
          {t.download}
        </a>
      </div>
    </Dialog>
  );
}

function Curl({ filter, order, onClose }: Pick<ToolsProps, 'filter' | 'order'> & { onClose(): void }) {
  const t = useText('calls').curl;
  const form = formOf({ ...filter, ...orderOf(order) }).toString();
  const address = `${location.origin}/cgi/webserve/${LIST}?&${form}`;
  // What a form leaves as it is, no shell touches between these quotes: ' is %27 there.
  const command = `curl -s -H 'Authorization: Bearer KEY' '${address.replaceAll("'", '%27')}'`;
  return (
    <Dialog title={t.title} wide onClose={onClose}>
      <p>{t.about}</p>
      <Copy text={command} label={t.command} />
    </Dialog>
  );
}

type CallsText = ReturnType<typeof useText<'calls'>>;

/** A parameter of the filter by the name that its field has on the page. */
function named(name: string, t: CallsText): string {
  if (name === 'disposition') return t.outcome;
  if (name === 'userfield') return t.direction;
  const label = t[name as keyof CallsText];
  return typeof label === 'string' ? label : name;
}

/** And its value by the word that the field shows. */
function worded(name: string, value: string, t: CallsText): string {
  const words: Readonly<Record<string, string>> =
    name === 'disposition' ? t.status : name === 'userfield' ? t.directions : {};
  return value
    .split(',')
    .map((word) => words[word] ?? word)
    .join(', ');
}

interface Deleted {
  readonly deleted: number;
  readonly undo: string;
  readonly running?: true;
}

function Remove({ filter: shown, onClose, onChanged }: Pick<ToolsProps, 'filter' | 'onChanged'> & { onClose(): void }) {
  const text = useText('calls');
  const t = text.remove;
  const common = useText('common');
  const [reason, setReason] = useState('');
  const [error, setError] = useState<AskError | null>(null);
  const [busy, setBusy] = useState(false);
  const { me, drift } = useMe();
  // With its day: what is counted is what will be deleted, also behind midnight.
  const [filter] = useState(() => pinned(shown, boxClock(drift, me.zone)));
  const counted = useAsk<{ readonly matches: number }>(DELETE, { ...filter, dryrun: true });
  const remove = async () => {
    setBusy(true);
    setError(null);
    try {
      const { deleted, undo, running } = await ask<Deleted>(DELETE, { ...filter, reason });
      onClose();
      tell({
        text: running ? t.running(whole(deleted)) : t.done(whole(deleted)),
        action: { label: common.undo, run: () => void bringBack(undo) },
      });
      onChanged();
    } catch (failed) {
      setError(failed as AskError);
      setBusy(false);
    }
  };
  const bringBack = async (undo: string) => {
    try {
      const { restored } = await ask<{ readonly restored: number }>(UNDO, { undo });
      tell(t.restored(whole(restored)));
      onChanged();
    } catch (failed) {
      tell({ text: (failed as AskError).message, failed: true });
    }
  };
  const matches = counted.answer?.matches;
  return (
    <Dialog title={t.title} onClose={onClose}>
      {counted.error && <Failure error={counted.error} again={counted.again} />}
      {matches === undefined && !counted.error && <Loading />}
      {matches === 0 && <p>{t.nothing}</p>}
      {matches !== undefined && matches > 0 && (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void remove();
          }}
        >
          <p>{t.about(whole(matches))}</p>
          <ul class="words">
            {Object.entries(filter).map(([name, value]) => (
              <li key={name}>
                {named(name, text)}: {worded(name, String(value), text)}
              </li>
            ))}
          </ul>
          <p>{t.recordings}</p>
          <Field label={t.reason}>
            {(control) => (
              <input
                {...control}
                type="text"
                maxLength={200}
                value={reason}
                onInput={(event) => setReason(event.currentTarget.value)}
              />
            )}
          </Field>
          {error && <Failure error={error} />}
          <div class="actions">
            <button type="submit" class="danger" disabled={busy}>
              {t.submit(whole(matches))}
            </button>
            <button type="button" onClick={onClose}>
              {common.cancel}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
