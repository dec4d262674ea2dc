/** Why something isn't shown, and another try. What the box says of it stands below in its own words. */
import type { AskError } from '../api.ts';
import { useText } from '../text.ts';

interface FailureProps {
  readonly error: AskError;
  readonly again?: () => void;
}

export function Failure({ error, again }: FailureProps) {
  const t = useText('common');
  const { codes, refused } = t.failure;
  const headline = codes[error.code as keyof typeof codes] ?? refused;
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
