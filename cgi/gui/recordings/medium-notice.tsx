/** What people must know of the medium that recordings lie on: that it is away, slow, full or takes none. Nothing while all is well. */
import { useEffect, useRef } from 'preact/hooks';
import type { MediaRows } from '../../contract.ts';
import { bytes } from '../format.ts';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';

const MEDIA = 30024;
const LOOK_MS = 10_000;
/** Bytes: ten calls' worth. */
const LOW = 64 * 1024 * 1024;

/** @param onChange Called when the medium has come, gone or been exchanged. */
export function MediumNotice({ onChange }: { onChange(): void }) {
  const t = useText('recordings').medium;
  const { answer, again } = useAsk<MediaRows>(MEDIA);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && again(), LOOK_MS);
    return () => clearInterval(timer);
  }, [again]);
  const medium = answer?.medium;
  const mark = medium && `${medium.id} ${medium.state === 'mounted' || medium.state === 'slow'}`;
  const before = useRef(mark);
  useEffect(() => {
    if (before.current !== undefined && mark !== undefined && before.current !== mark) onChange();
    before.current = mark;
  }, [mark, onChange]);
  const said = medium && sayingOf(medium, t);
  return (
    <div aria-live="polite">
      {said && (
        <div class="notice">
          <p>
            <strong>{said.text}</strong>
          </p>
          {said.why !== '' && <p lang="en">{said.why}</p>}
        </div>
      )}
    </div>
  );
}

type Texts = ReturnType<typeof useText<'recordings'>>['medium'];

function sayingOf({ state, why, writable, free }: MediaRows['medium'], t: Texts) {
  if (state === 'absent') return { text: t.absent, why };
  if (state === 'dead') return { text: t.dead, why };
  if (state === 'slow') return { text: t.slow, why };
  if (free !== null && free < LOW) return { text: t.full(bytes(free)), why };
  return writable ? null : { text: t.readOnly, why };
}
