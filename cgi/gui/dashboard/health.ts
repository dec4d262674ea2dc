/** `/healthz` as it tells whoever is logged in. It answers 503 while no records are stored, and that is an answer, too. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { AskError } from '../api.ts';

interface Part {
  readonly state: string;
  readonly why?: string | null;
}

export interface Health {
  readonly status: 'ok' | 'not storing' | 'stopping';
  readonly store: Part & { readonly free_bytes: number | null };
  readonly asterisk: Part & { readonly since: string; readonly version: string | null };
  readonly ami: Part;
  readonly cdr_csv: Part;
  readonly https: Part & { readonly ends?: string };
  readonly backup: Part & {
    readonly last: string | null;
    readonly age_seconds: number | null;
    readonly next: string | null;
  };
}

export function useHealth() {
  const [state, setState] = useState<{ readonly answer: Health | null; readonly error: AskError | null }>({
    answer: null,
    error: null,
  });
  const again = useCallback(() => {
    fetch('/healthz', { cache: 'no-store' })
      .then((answer) => answer.json())
      .then(
        (answer: Health) => setState({ answer, error: null }),
        () => setState((before) => ({ ...before, error: new AskError(0, 'offline', 'no answer') })),
      );
  }, []);
  useEffect(again, [again]);
  return { ...state, again };
}
