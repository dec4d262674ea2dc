/**
 * Plays a recording: nothing is fetched but its waveform until it is asked for, and then by ranges, so that the end of an
 * hour is as near as its beginning. Works without the waveform. Only one player plays at a time.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { duration } from '../format.ts';
import { useText } from '../text.ts';
import { soundAddress } from './sound-address.ts';
import { useSound } from './use-sound.ts';
import { useWaveform, Waveform } from './waveform.tsx';

interface PlayerProps {
  /** As 20053 gives it. */
  readonly path: string;
  /** What is heard: `201 → 202, 2026-11-26 12:00`. */
  readonly label: string;
  /** It plays as soon as it is there: whoever opened it wanted to hear it. */
  readonly begin?: boolean;
}

const RATES = [1, 1.25, 1.5, 1.75, 2];
const KEPT_RATE = 'cdrd.rate';
/** Seconds that the buttons leap, and the keys of the slider. */
const LEAP = 10;
const STEP = 5;
/** Parts of the waveform: one for every few pixels. */
const PARTS = { narrow: 150, wide: 400 };
const NARROW = 560;

export function Player(props: PlayerProps) {
  return <OnePlayer key={props.path} {...props} />;
}

function OnePlayer({ path, label, begin = false }: PlayerProps) {
  const t = useText('common').player;
  const [rate, setRate] = useState(keptRate);
  const [parts] = useState(() => (innerWidth < NARROW ? PARTS.narrow : PARTS.wide));
  const address = soundAddress(path);
  const { audio, playing, waiting, at, length, silence, toggle, seek } = useSound(address, rate);
  const drawn = useWaveform(path, parts);
  const total = length ?? drawn?.seconds ?? 0;
  const rateId = useId();
  const began = useRef(false);

  useEffect(() => {
    if (!begin || began.current) return;
    began.current = true;
    toggle();
  }, [begin, toggle]);

  const leap = (by: number) => seek(at + by);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = LEAPS[event.key];
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    leap(by);
  };
  return (
    <section class="player" aria-label={t.player(label)}>
      {/* biome-ignore lint/a11y/useMediaCaption: a recorded call has none */}
      <audio ref={audio} src={address} preload="none" />
      <div class="player-wave">
        <Waveform peaks={drawn?.peaks ?? []} heard={total > 0 ? at / total : 0} />
        <input
          type="range"
          min="0"
          max={total || 1}
          step="any"
          value={at}
          disabled={total === 0}
          aria-label={t.position}
          aria-valuetext={t.of(duration(Math.floor(at)), duration(total))}
          onInput={(event) => seek(event.currentTarget.valueAsNumber)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="player-controls">
        <button type="button" class="primary icon" aria-label={playing ? t.pause : t.play} onClick={toggle}>
          <Icon of={playing ? 'pause' : 'play'} />
        </button>
        <button type="button" aria-label={t.back(LEAP)} onClick={() => leap(-LEAP)} disabled={total === 0}>
          −{LEAP}
        </button>
        <button type="button" aria-label={t.on(LEAP)} onClick={() => leap(LEAP)} disabled={total === 0}>
          +{LEAP}
        </button>
        <span class="player-time">
          {duration(Math.floor(at))} / {total > 0 ? duration(total) : '–:––'}
        </span>
        <label class="visually-hidden" for={rateId}>
          {t.rate}
        </label>
        <select
          id={rateId}
          class="player-rate"
          value={String(rate)}
          onChange={(event) => {
            const chosen = Number(event.currentTarget.value);
            keepRate(chosen);
            setRate(chosen);
          }}
        >
          {RATES.map((each) => (
            <option key={each} value={String(each)}>
              {each}×
            </option>
          ))}
        </select>
        <a class="button player-save" href={soundAddress(path, true)} download>
          <Icon of="save" /> {t.save}
        </a>
        <span class="player-state" role="status">
          {playing && waiting ? t.waiting : ''}
        </span>
      </div>
      {silence && (
        <p class="fault" role="alert">
          {t.silence[silence]}
        </p>
      )}
      {drawn?.why && !silence && <p class="hint">{t.undrawn(drawn.coding)}</p>}
    </section>
  );
}

const LEAPS: Readonly<Record<string, number>> = {
  ArrowLeft: -STEP,
  ArrowDown: -STEP,
  ArrowRight: STEP,
  ArrowUp: STEP,
  PageDown: -LEAP,
  PageUp: LEAP,
};

/** The rate that was chosen last, here or in another player. */
function keptRate(): number {
  const kept = Number(localStorage.getItem(KEPT_RATE));
  return RATES.includes(kept) ? kept : 1;
}

function keepRate(rate: number): void {
  localStorage.setItem(KEPT_RATE, String(rate));
}

const SHAPES = {
  play: 'M7 4v16l13-8z',
  pause: 'M6 4h4v16H6zM14 4h4v16h-4z',
  save: 'M11 3h2v9l4-4 1.4 1.4L12 16l-6.4-6.6L7 8l4 4zM4 18h16v2H4z',
};

function Icon({ of }: { readonly of: keyof typeof SHAPES }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[of]} />
    </svg>
  );
}
