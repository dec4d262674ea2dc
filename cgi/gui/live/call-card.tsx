/** One call in progress: who, by which line, in what state, for how long, and its recording with the hand on it. */
import { useState } from 'preact/hooks';
import { type AskError, ask } from '../api.ts';
import { duration } from '../format.ts';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import type { ShownCall } from './calls.ts';

const PAUSE = 30020;

interface CallCardProps {
  readonly call: ShownCall;
  /** The box's clock, epoch seconds. */
  readonly now: number;
  /** Whether something can be done with it. */
  readonly usable: boolean;
}

export function CallCard({ call, now, usable }: CallCardProps) {
  const t = useText('live');
  const state = call.over ? 'over' : call.state;
  const isOut = call.userfield === 'Outbound';
  const lines = [call.channel, call.dstchannel].filter((line) => line !== '');
  return (
    <li class={`card live-call ${state}`} data-call={call.id}>
      <p class="live-state">
        <span class="live-mark" aria-hidden="true" />
        {t.states[state]}
      </p>
      <p class="live-parties">
        <span class="visually-hidden">{t.from} </span>
        <Party number={call.src} contact={isOut ? '' : call.contact} name={call.srcname} />
        <span class="live-arrow" aria-hidden="true">
          →
        </span>
        <span class="visually-hidden"> {t.to} </span>
        <Party number={call.dst} contact={isOut ? call.contact : ''} name="" />
      </p>
      <p class="live-lines soft">
        {t.types[call.userfield as keyof typeof t.types] ?? call.userfield}
        {lines.length > 0 && ` · ${t.by(lines.join(' → '))}`}
        {call.port > 0 && ` · ${t.port(call.port)}`}
      </p>
      <p class="live-time number">
        <span class="visually-hidden">{call.talking === null ? t.since : t.talking} </span>
        <time>{duration(Math.floor(Math.max(0, now - (call.talking ?? call.since))))}</time>
      </p>
      <RecordingLight call={call} usable={usable} />
    </li>
  );
}

interface PartyProps {
  readonly number: string;
  /** By the phone book, and as the caller is called by the network; '' = by neither. */
  readonly contact: string;
  readonly name: string;
}

function Party({ number, contact, name }: PartyProps) {
  const t = useText('live');
  // `FROM96-5550100`: an inbound route has put its name before the number.
  const routed = name.endsWith(`-${number}`) ? name.slice(0, -number.length - 1) : name === number ? '' : name;
  const called = [contact, routed].filter((each, index, all) => each !== '' && all.indexOf(each) === index).join(', ');
  return (
    <span class="live-party">
      {called !== '' && <span>{called} </span>}
      <strong>{number || t.unknown}</strong>
    </span>
  );
}

function RecordingLight({ call, usable }: { readonly call: ShownCall; readonly usable: boolean }) {
  const t = useText('live');
  const [busy, setBusy] = useState(false);
  const { recording } = call;
  const change = async (pause: boolean, undo: boolean) => {
    setBusy(true);
    try {
      await ask(PAUSE, { id: call.id, pause: pause ? '1' : '0' });
      const text = pause ? t.paused : t.resumed;
      tell(
        undo ? { text, action: { label: pause ? t.resume : t.pause, run: () => void change(!pause, false) } } : text,
      );
    } catch (error) {
      tell({ text: `${t.pauseFailed} ${(error as AskError).message}`, failed: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="live-recording">
      <span class={`live-light ${recording}`}>
        <span class="live-dot" aria-hidden="true" />
        {t.recordings[recording]}
      </span>
      {recording !== 'off' && (
        <button
          type="button"
          disabled={!usable || busy}
          aria-label={recording === 'on' ? t.pauseOf(call.src, call.dst) : t.resumeOf(call.src, call.dst)}
          onClick={() => void change(recording === 'on', true)}
        >
          {recording === 'on' ? t.pause : t.resume}
        </button>
      )}
    </div>
  );
}
