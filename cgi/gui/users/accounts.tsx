/** The accounts: made, changed and removed by an admin. One's own password is on the account's page. */
import { useState } from 'preact/hooks';
import type { AccountList, AccountRow } from '../../contract.ts';
import { ask } from '../api.ts';
import { useMe } from '../me.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { TRIAL_SECONDS } from '../parts/pending-change.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { Link } from '../router.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { AccountDialog } from './account-dialog.tsx';

const LIST = 30007;
const REMOVE = 30009;

export function Accounts() {
  const t = useText('users');
  const { me, refresh } = useMe();
  const { answer, error, again } = useAsk<AccountList>(LIST);
  const [changing, setChanging] = useState<AccountRow | 'new' | null>(null);
  const [removing, setRemoving] = useState<AccountRow | null>(null);
  return (
    <section class="card" aria-labelledby="accounts">
      <header class="section-head">
        <h2 id="accounts">{t.accounts.title}</h2>
        <button type="button" class="primary" onClick={() => setChanging('new')}>
          {t.accounts.add}
        </button>
      </header>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      <ul class="things">
        {answer?.json_array_accounts.map((account) => (
          <li key={account.user} class="thing">
            <div class="thing-about">
              <strong>{account.user}</strong> <span class="badge">{t.roles[account.role]}</span>{' '}
              {account.user === me.user && <span class="badge good">{t.accounts.you}</span>}{' '}
              {account.totp && <span class="badge good">{t.accounts.totp}</span>}{' '}
              {account.initial && <span class="badge warn">{t.accounts.initial}</span>}
              <p class="soft">
                {account.used === '' ? t.accounts.neverUsed : t.accounts.used(account.used.slice(0, 16))}
              </p>
            </div>
            <div class="actions">
              {account.user === me.user && (
                <Link to="/account" class="button">
                  {t.accounts.own}
                </Link>
              )}
              <button type="button" aria-label={t.accounts.changeOf(account.user)} onClick={() => setChanging(account)}>
                {t.accounts.change}
              </button>
              <button
                type="button"
                class="danger"
                aria-label={t.accounts.removeOf(account.user)}
                onClick={() => setRemoving(account)}
              >
                {t.remove}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {changing && (
        <AccountDialog
          account={changing === 'new' ? null : changing}
          own={changing !== 'new' && changing.user === me.user}
          onClose={() => setChanging(null)}
          onDone={(said) => {
            setChanging(null);
            if (said === null) return refresh();
            tell(said);
            again();
          }}
        />
      )}
      {removing && (
        <Question
          title={t.accounts.removeOf(removing.user)}
          yes={t.remove}
          danger
          onClose={() => setRemoving(null)}
          onYes={async () => {
            const own = removing.user === me.user;
            await ask(REMOVE, { UserName: removing.user, confirm: own ? TRIAL_SECONDS : null });
            // The own session has ended with it: the log-in is shown.
            if (own) return refresh();
            tell(t.accounts.removed(removing.user));
            again();
          }}
        >
          <p>{t.accounts.removeWhy}</p>
          {removing.user === me.user && <p class="notice">{t.accounts.ownRemoval}</p>}
        </Question>
      )}
    </section>
  );
}
