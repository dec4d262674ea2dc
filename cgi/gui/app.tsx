/** Who asks decides what is shown: the log-in, the change of a password that was given, or a page in its frame. */
import type { ComponentType } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Me } from '../contract.ts';
import { type AskError, ask, onSessionLost } from './api.ts';
import { Login } from './login.tsx';
import { MeContext } from './me.ts';
import { ENTRIES, maySee, type PageEntry, startPage } from './pages.tsx';
import { Failure } from './parts/failure.tsx';
import { Loading } from './parts/loading.tsx';
import { NewPassword } from './parts/new-password.tsx';
import { NoPage } from './parts/no-page.tsx';
import { tell } from './parts/toast.tsx';
import { usePlace } from './router.tsx';
import { Shell } from './shell.tsx';
import { loadText, useText } from './text.ts';

const WHOAMI = 30037;

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'nobody'; readonly ended: boolean }
  | { readonly kind: 'failed'; readonly error: AskError }
  | { readonly kind: 'somebody'; readonly me: Me; readonly drift: number };

export function App() {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const refresh = useCallback(() => {
    const asked = Date.now();
    ask<Me>(WHOAMI).then(
      (me) => setState({ kind: 'somebody', me, drift: me.now - (asked + Date.now()) / 2 }),
      (error: AskError) => {
        // Told to whoever listens for lost sessions already.
        if (error.status !== 401) setState({ kind: 'failed', error });
      },
    );
  }, []);
  useEffect(() => {
    const stop = onSessionLost(() => setState((before) => ({ kind: 'nobody', ended: before.kind === 'somebody' })));
    refresh();
    return () => {
      stop();
    };
  }, [refresh]);

  switch (state.kind) {
    case 'asking':
      return <Loading />;
    case 'failed':
      return (
        <main class="login">
          <Failure error={state.error} again={refresh} />
        </main>
      );
    case 'nobody':
      return <Login ended={state.ended} onDone={refresh} />;
    case 'somebody':
      if (wantsShare()) return <Loading />;
      return (
        <MeContext.Provider value={{ me: state.me, drift: state.drift, refresh }}>
          <Somebody me={state.me} refresh={refresh} onLoggedOut={() => setState({ kind: 'nobody', ended: false })} />
        </MeContext.Provider>
      );
  }
}

/**
 * Whether somebody came by a shared link that asks for a log-in: the box sent him here with it behind the sign that no
 * browser passes on. Back there he goes from a page of the box, so that his session's cookie goes with him.
 */
function wantsShare(): boolean {
  const [, path] = /^#(\/share\/[\w-]{43})$/.exec(location.hash) ?? [];
  if (path === undefined) return false;
  location.replace(path);
  return true;
}

interface SomebodyProps {
  readonly me: Me;
  refresh(): void;
  onLoggedOut(): void;
}

function Somebody({ me, refresh, onLoggedOut }: SomebodyProps) {
  const t = useText('common');
  const [later, setLater] = useState(false);
  const { path } = usePlace();
  const name = path === '/' ? startPage(me.role) : path.slice(1);
  const entry = ENTRIES.find((each) => each.name === name && maySee(each, me.role)) ?? null;
  if (me.initial && !later)
    return (
      <main class="login">
        <div class="card">
          <h1>{t.initial.title}</h1>
          <p>{t.initial.why}</p>
          <NewPassword
            user={me.user}
            onLater={() => setLater(true)}
            onDone={() => {
              refresh();
              tell(t.initial.done);
            }}
          />
        </div>
      </main>
    );
  return (
    <Shell current={entry?.name ?? null} onLoggedOut={onLoggedOut}>
      {entry ? (
        <Shown key={entry.name} entry={entry} />
      ) : (
        <NoPage path={path} denied={ENTRIES.some((each) => each.name === name)} />
      )}
    </Shell>
  );
}

/** A page, once its code and its texts are there. */
function Shown({ entry }: { readonly entry: PageEntry }) {
  const [page, setPage] = useState<{ readonly Page: ComponentType } | null>(null);
  const [broken, setBroken] = useState(false);
  const t = useText('common');
  useEffect(() => {
    Promise.all([entry.load(), loadText(entry.text)]).then(
      ([{ default: Page }]) => setPage({ Page }),
      () => setBroken(true),
    );
  }, [entry]);
  if (broken)
    return (
      <div class="failure" role="alert">
        <p>{t.failure.broken}</p>
        {/* After an update of the box its old code is gone: the whole document has the new names. */}
        <button type="button" onClick={() => location.reload()}>
          {t.again}
        </button>
      </div>
    );
  return page ? <page.Page /> : <Loading />;
}
