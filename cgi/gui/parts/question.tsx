/** Asks before something is done that can't be taken back: what it is in the title, what follows from it below. */
import type { ComponentChildren } from 'preact';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { Dialog } from './dialog.tsx';
import { Failure } from './failure.tsx';

interface QuestionProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  /** What the button says that does it. */
  readonly yes: string;
  /** It can't be taken back. */
  readonly danger?: boolean;
  /** Does it; the question stays, with the failure, when the box refuses. */
  onYes(): Promise<unknown>;
  onClose(): void;
}

export function Question({ title, children, yes, danger, onYes, onClose }: QuestionProps) {
  const t = useText('common');
  const { busy, error, run } = useAct();
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error && <Failure error={error} />}
      <div class="actions">
        <button
          type="button"
          class={danger ? 'danger' : 'primary'}
          disabled={busy}
          onClick={() => void run(onYes).then((done) => done && onClose())}
        >
          {yes}
        </button>
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
      </div>
    </Dialog>
  );
}
