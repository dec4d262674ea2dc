/** How loud a recording is, drawn: what is asked for (30048), and a line where it can't be had. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Waveform as Drawn } from '../../contract.ts';
import { addressOf } from '../api.ts';

const WAVEFORM = 30048;

/**
 * By GET, with the browser's own cache: the box says whether the file is still the same.
 * @returns null until it is there, and where it can't be had: the sound does without.
 */
export function useWaveform(path: string, parts: number): Drawn | null {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    fetch(addressOf(WAVEFORM, { wavefile: path, parts }), { signal: stop.signal })
      .then(async (response) => {
        if (response.ok) setDrawn((await response.json()) as Drawn);
      })
      .catch(() => {}); // given up, or no answer: the audio element tells that better
    return () => stop.abort();
  }, [path, parts]);
  return drawn;
}

/** The quietest that fills the height: what is softer all along is drawn softer, and silence as a line. */
const FULL_FROM = 20;

interface WaveformProps {
  /** 0 to 100 each. */
  readonly peaks: readonly number[];
  /** 0 to 1: how much of it has been heard. */
  readonly heard: number;
}

export function Waveform({ peaks, heard }: WaveformProps) {
  const { line, width } = useMemo(() => {
    const full = Math.max(FULL_FROM, ...peaks);
    const bars = peaks.length > 0 ? peaks : [0];
    const line = bars.map((peak, index) => {
      const half = Math.max(1, Math.round((peak / full) * 48));
      return `M${index + 0.5} ${50 - half}v${2 * half}`;
    });
    return { line: line.join(''), width: bars.length };
  }, [peaks]);
  // Without peaks one bar is as wide as all: a line.
  const thickness = peaks.length > 0 ? 0.7 : 1;
  return (
    <svg class="waveform" viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={line} stroke-width={thickness} />
      <path
        class="heard"
        d={line}
        stroke-width={thickness}
        style={{ clipPath: `inset(0 ${(100 - heard * 100).toFixed(2)}% 0 0)` }}
      />
    </svg>
  );
}
