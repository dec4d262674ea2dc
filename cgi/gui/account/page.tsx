/** One's own account: password, second factor, where one is logged in, and the language of the pages. */

import { useState } from 'preact/hooks';
import { useMe } from '../me.ts';
import { LanguageChoice } from '../parts/language.tsx';
import { NewPassword } from '../parts/new-password.tsx';
import { Page } from '../parts/page.tsx';
import { SessionList } from '../parts/session-list.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { SecondFactor } from './second-factor.tsx';

export default function Account() {
  const t = useText('account');
  const { me, refresh } = useMe();
  /** Another one: the fields begin anew, and so does the list of sessions, of which others have ended. */
  const [turn, setTurn] = useState(0);
  return (
    <Page name="account">
      <section class="card" aria-labelledby="who">
        <h2 id="who">{t.who(me.user)}</h2>
        <p>{t.roles[me.role]}</p>
        <LanguageChoice />
      </section>
      <section class="card" aria-labelledby="password">
        <h2 id="password">{t.password.title}</h2>
        {me.initial && <p class="notice">{t.password.initial}</p>}
        <details class="more" open={me.initial}>
          <summary>{t.password.change}</summary>
          <NewPassword
            key={turn}
            user={me.user}
            onDone={() => {
              setTurn(turn + 1);
              refresh();
              tell(t.password.done);
            }}
          />
        </details>
      </section>
      <SecondFactor onChanged={() => setTurn(turn + 1)} />
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">{t.sessions.title}</h2>
        <SessionList key={turn} t={t.sessions} user={me.user} />
      </section>
    </Page>
  );
}
