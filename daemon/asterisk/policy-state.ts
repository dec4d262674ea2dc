/**
 * Whether Asterisk has what it was to be told, and why not: what the writer of the policy knows, the connection and the
 * medium, as one answer for people. Pure.
 */
import type { PolicyState } from '../../cgi/settings/port.ts';
import type { MediumState } from '../recordings/medium-state.ts';
import type { AsteriskStatus } from './connection.ts';
import type { PolicyWriterState } from './recording-policy.ts';

/** manager.c's words for an action whose class the user hasn't got. */
const DENIED = 'Permission denied';

const AWAY = { off: 'off', connecting: 'away', down: 'away', refused: 'login' } as const;

export function policyState(
  { told, since, refusal, held }: PolicyWriterState,
  asterisk: Pick<AsteriskStatus, 'state' | 'why'>,
  medium: Pick<MediumState, 'why' | 'state'>,
): PolicyState {
  const shown = { since, held: held === true ? medium.why || medium.state : '' };
  if (told) return { ...shown, state: 'written', why: '', message: '' };
  const pending = (why: PolicyState['why'], message: string): PolicyState => ({
    ...shown,
    state: 'pending',
    why,
    message,
  });
  if (asterisk.state !== 'up') return pending(AWAY[asterisk.state], asterisk.why);
  if (refusal !== '') return pending(refusal === DENIED ? 'rights' : 'refused', refusal);
  return held === null ? pending('medium', medium.why) : pending('writing', '');
}
