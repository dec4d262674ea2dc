/** The frame around every page: the menu, who is logged in, and what has just happened. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PageName } from '../contract.ts';
import { ask } from './api.ts';
import { useMe } from './me.ts';
import { ENTRIES, maySee, type PageEntry } from './pages.tsx';
import { PendingChange } from './parts/pending-change.tsx';
import { Toasts } from './parts/toast.tsx';
import { Link } from './router.tsx';
import { useText } from './text.ts';

interface ShellProps {
  readonly current: PageName | null;
  onLoggedOut(): void;
  readonly children: ComponentChildren;
}

const LOGOUT = 30005;
const GROUPS: readonly PageEntry['group'][] = ['overview', 'calls', 'settings', 'box', 'own'];

export function Shell({ current, onLoggedOut, children }: ShellProps) {
  const t = useText('common');
  const { me } = useMe();
  const [open, setOpen] = useState(false);
  // Another page has been chosen: the menu has done its work.
  useEffect(() => setOpen(false), [current]);
  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, [open]);
  const logOut = () => {
    void ask(LOGOUT).finally(onLoggedOut);
  };
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <header class="bar">
        <button
          type="button"
          class="plain menu-button"
          aria-expanded={open}
          aria-controls="menu"
          onClick={() => setOpen(!open)}
        >
          <span aria-hidden="true">☰</span> {t.menu}
        </button>
        <span class="host">
          <img src="/favicon.svg" alt="" width="24" height="24" /> {me.host}
        </span>
        <span class="who" title={t.loggedInAs(me.user)}>
          {me.user}
        </span>
        <button type="button" class="plain" onClick={logOut}>
          {t.logout}
        </button>
      </header>
      <nav id="menu" class={open ? 'menu open' : 'menu'} aria-label={t.menu}>
        {GROUPS.map((group) => {
          const entries = ENTRIES.filter((entry) => entry.group === group && maySee(entry, me.role));
          if (entries.length === 0) return null;
          return (
            <section key={group}>
              <h2>{t.groups[group]}</h2>
              <ul>
                {entries.map(({ name }) => (
                  <li key={name}>
                    <Link to={`/${name}`} current={name === current}>
                      {t.pages[name]}
                    </Link>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </nav>
      <main id="content" tabIndex={-1}>
        <PendingChange />
        {children}
      </main>
      <Toasts />
    </div>
  );
}
