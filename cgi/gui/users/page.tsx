/** Who may come in: accounts of people, keys of programs, links that show calls, and who is logged in at this moment. */
import { Page } from '../parts/page.tsx';
import { SessionList } from '../parts/session-list.tsx';
import { useText } from '../text.ts';
import { Accounts } from './accounts.tsx';
import { Keys } from './keys.tsx';
import { Shares } from './shares.tsx';

export default function Users() {
  const t = useText('users');
  return (
    <Page name="users">
      <Accounts />
      <Keys />
      <Shares />
      <section class="card" aria-labelledby="sessions">
        <h2 id="sessions">{t.sessions.title}</h2>
        <SessionList t={t.sessions} />
      </section>
    </Page>
  );
}
