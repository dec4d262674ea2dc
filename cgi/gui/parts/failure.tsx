/** Why something isn't shown, and another try. What the box says of it stands below in its own words. */
import type { AskError } from '../api.ts';
import { useText } from '../text.ts';

interface FailureProps {
  readonly error: AskError;
  readonly again?: () => void;
}

export function Failure({ error, again }: FailureProps) {
  const t = useText('common');
  const headline =
    error.code === 'offline' ? t.failure.offline : error.code === 'denied' ? t.failure.denied : t.failure.refused;
  return (
    <div class="failure" role="alert">
      <p>
        <strong>{headline}</strong>
      </p>
      {error.code !== 'offline' && (
        <p lang="en">
          {error.parameter && <code>{error.parameter}</code>} {error.reason}
        </p>
      )}
      {again && (
        <button type="button" onClick={again}>
          {t.again}
        </button>
      )}
    </div>
  );
}
