/** Who is logged in, and from where; each can be ended. On the account's page one's own, among the users everybody's. */
import { useState } from 'preact/hooks';
import type { SessionList as Answer, SessionRow } from '../../contract.ts';
import { ask } from '../api.ts';
import type { sessions } from '../text/en/sessions.ts';
import type { Translated } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';
import { Question } from './question.tsx';
import { tell } from './toast.tsx';

interface SessionListProps {
  readonly t: Translated<typeof sessions>;
  /** Only this account's; absent: those that the box tells of. */
  readonly user?: string;
}

const LIST = 30031;
const END = 30032;

export function SessionList({ t, user }: SessionListProps) {
  const { answer, error, again } = useAsk<Answer>(LIST);
  const [ending, setEnding] = useState<SessionRow | 'others' | null>(null);
  if (error) return <Failure error={error} again={again} />;
  if (!answer) return <Loading />;
  const shown = answer.json_array_sessions.filter((session) => user === undefined || session.user === user);
  const others = shown.filter((session) => !session.this && session.user === user);
  return (
    <>
      <ul class="things">
        {shown.map((session) => (
          <li key={session.id} class="thing">
            <div class="thing-about">
              <strong>{user === undefined ? session.user : agentWords(session.agent)}</strong>{' '}
              {session.this && <span class="badge good">{t.thisOne}</span>}
              <p class="soft" title={session.agent}>
                {user === undefined && `${agentWords(session.agent)} · `}
                {t.from(session.address)}
              </p>
              <p class="soft">{t.times(session.begun, session.used)}</p>
            </div>
            {!session.this && (
              <button
                type="button"
                aria-label={t.endOf(session.user, session.address)}
                onClick={() => setEnding(session)}
              >
                {t.end}
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <button type="button" class="danger" onClick={() => setEnding('others')}>
          {t.endOthers}
        </button>
      )}
      {ending && (
        <Question
          title={ending === 'others' ? t.endOthers : t.endOf(ending.user, ending.address)}
          yes={t.end}
          danger
          onClose={() => setEnding(null)}
          onYes={async () => {
            const { ended } = await ask<{ readonly ended: number }>(
              END,
              ending === 'others' ? { all: true } : { id: ending.id },
            );
            tell(t.ended(ended));
            again();
          }}
        >
          <p>{t.why}</p>
        </Question>
      )}
    </>
  );
}

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg/, 'Edge'],
  [/Firefox|FxiOS/, 'Firefox'],
  [/Chrom|CriOS/, 'Chrome'],
  [/Safari/, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'macOS'],
  [/Linux|X11/, 'Linux'],
];

/** What a browser says of itself, so short that a person knows it again; of anything else its own first words. */
export function agentWords(agent: string): string {
  const nameIn = (known: typeof BROWSERS) => known.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = nameIn(BROWSERS);
  if (!browser) return agent === '' ? '?' : agent.slice(0, 40);
  return [browser, nameIn(SYSTEMS)].filter(Boolean).join(' · ');
}
