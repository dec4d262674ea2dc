/** What a line says, as a sentence about who did it. What isn't known here is told by its own name. */
import type { AuditLine } from '../../contract.ts';
import { useText } from '../text.ts';

/** What can be chosen in the filter: an action, or all that begin so. */
export const ACTION_GROUPS = [
  'login*',
  'user.*',
  'password.*',
  'factor.*',
  'session.*',
  'key.*',
  'share.*',
  'setting.*',
  'calls.*',
  'recording*',
  'contacts.*',
  'view.*',
  'ami*',
  'backup.*',
  'denied',
] as const;

/** @returns the words that follow the name of who did it. */
export function useWords(): (line: AuditLine) => string {
  const t = useText('audit');
  return ({ action, detail }) => {
    const sentence = t.acts[action as keyof typeof t.acts] as string | undefined;
    const known = sentence ?? (action.startsWith('ami.') ? t.amiAct : t.unknown);
    // What stands in braces is a detail of the line, or the action's own name.
    const words = known.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name === 'action' && !('action' in detail) ? action : String(detail[name] ?? ''),
    );
    const untold = Number(detail['untold'] ?? 0);
    return untold > 0 ? `${words} ${t.untold(untold)}` : words;
  };
}
