/** Backups' steps on the medium, whoever takes them: the worker of the daemon, or a command in its own thread. */
import { CgiError } from '../../cgi/reply.ts';
import type { BackupAnswers, BackupStep, Progress, Refused } from '../recordings/backup-protocol.ts';

/** @throws {CgiError} `storage_offline` */
export type AskMedium = <Kind extends BackupStep['kind']>(
  step: Extract<BackupStep, { kind: Kind }>,
) => Promise<BackupAnswers[Kind]>;

const CODES = { full: 'disk_full', 'read-only': 'storage_offline', other: 'conflict' } as const;

/** What the medium answers. @throws {CgiError} when it refuses. */
export function agreed<Answer>(answer: Answer | Refused): Answer {
  if (isRefused(answer)) throw new CgiError(CODES[answer.as], answer.refused);
  return answer;
}

function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'refused' in answer;
}

/**
 * Goes through a file from its beginning to its end.
 * @param between Called between two pieces; what it throws ends it.
 * @returns what the last piece answered.
 * @throws {CgiError} `conflict` when the pieces before got lost: the medium hung, or was exchanged.
 */
export async function through<Answer extends Progress>(
  piece: (at: number) => Promise<Answer | Refused | null>,
  between: () => void = () => {},
): Promise<Answer & { readonly sum: string }> {
  for (let at = 0; ; ) {
    const answer = agreed(await piece(at));
    if (answer === null) throw new CgiError('conflict', 'the medium hung or was exchanged meanwhile');
    if (answer.sum !== null) return { ...answer, sum: answer.sum };
    ({ at } = answer);
    between();
  }
}
