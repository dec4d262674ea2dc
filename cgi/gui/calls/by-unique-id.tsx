/** The call that a link names by its UniqueID or LinkedID, as other programs know calls: looked up, then shown as any. */
import { useEffect } from 'preact/hooks';
import type { CallTraces } from '../../contract.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';

const TRACE = 30001;

interface Props {
  readonly uniqueId: string;
  /** @param id Of the first row that its records make. */
  onFound(id: string): void;
  onClose(): void;
}

export function ByUniqueId({ uniqueId, onFound, onClose }: Props) {
  const t = useText('calls').call;
  const { answer, error, busy, again } = useAsk<CallTraces>(TRACE, { uniqueid: uniqueId });
  const rows = answer?.json_array_calls.flatMap(({ calls }) =>
    calls.filter(({ id, deleted }) => id !== null && !deleted),
  );
  const id = rows?.[0]?.id ?? null;
  useEffect(() => {
    if (id !== null) onFound(String(id));
  }, [id]);
  const isGone = error ? error.code === 'not_found' : answer !== null && id === null;
  return (
    <Dialog title={t.loading} wide onClose={onClose}>
      {busy && <Loading />}
      {!busy && isGone && <p role="alert">{t.gone}</p>}
      {!busy && error && !isGone && <Failure error={error} again={again} />}
    </Dialog>
  );
}
