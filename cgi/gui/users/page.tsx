/** Who may come in: accounts of people, keys of programs, and who is logged in at this moment. */
import { Page } from '../parts/page.tsx';
import { SessionList } from '../parts/session-list.tsx';
import { useText } from '../text.ts';
import { Accounts } from './accounts.tsx';
import { Keys } from './keys.tsx';

export default function Users() {
  const t = useText('users');
  return (
    <Page name="users">
      <Accounts />
      <Keys />
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">{t.sessions.title}</h2>
        <SessionList t={t.sessions} />
      </section>
    </Page>
  );
}
