/** One matter that the doctor has looked at, in the box's words, and the command that mends it. */
import type { DoctorFinding } from '../../contract.ts';
import { Copy } from '../parts/copy.tsx';
import { useText } from '../text.ts';
import { StateBadge } from './state.tsx';

export function FindingRow({ finding }: { readonly finding: DoctorFinding }) {
  const t = useText('doctor');
  const { check, state, says, mend } = finding;
  return (
    <li class="doctor-finding">
      <StateBadge state={state} word={t.states[state]} />
      <div>
        <p lang="en">{says}</p>
        {mend !== null && (
          <>
            <p class="hint">{t.mend}</p>
            <Copy text={mend} label={t.mendOf(check)} />
          </>
        )}
      </div>
    </li>
  );
}
