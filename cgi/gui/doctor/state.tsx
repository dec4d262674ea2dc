/** A state by word, colour and sign: none of them alone has to be seen. */
import type { DoctorFinding } from '../../contract.ts';

const LOOKS: Readonly<Record<DoctorFinding['state'], { readonly look: string; readonly sign: string }>> = {
  ok: { look: 'good', sign: '✓' },
  warning: { look: 'warn', sign: '!' },
  fault: { look: 'bad', sign: '✕' },
};

interface StateBadgeProps {
  readonly state: DoctorFinding['state'];
  readonly word: string;
}

export function StateBadge({ state, word }: StateBadgeProps) {
  const { look, sign } = LOOKS[state];
  return (
    <span class={`badge ${look}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
