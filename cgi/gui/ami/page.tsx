/** The AMI that the box offers: from where it can be reached, who may log in and do what, and who is there (admin). */
import { useState } from 'preact/hooks';
import type { AmiClientRow, AmiUserList, AmiUserRow } from '../../contract.ts';
import { ask } from '../api.ts';
import { Copy } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Page } from '../parts/page.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { AccessCard } from './access.tsx';
import { UserDialog } from './user-dialog.tsx';

const LIST = 30021;
const REMOVE = 30023;

export default function Ami() {
  const { answer, error, again } = useAsk<AmiUserList>(LIST);
  return (
    <Page name="ami-settings">
      <AccessCard />
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      {answer && <Users users={answer.json_array_ami_users} again={again} />}
      {answer && <Clients clients={answer.json_array_ami_clients} again={again} />}
    </Page>
  );
}

interface UsersProps {
  readonly users: readonly AmiUserRow[];
  again(): void;
}

function Users({ users, again }: UsersProps) {
  const t = useText('ami').users;
  const secret = useText('ami').secret;
  const [editing, setEditing] = useState<AmiUserRow | 'new' | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const [shown, setShown] = useState<{ readonly name: string; readonly secret: string } | null>(null);
  return (
    <section class="card" aria-label={t.title}>
      <header class="page-head">
        <h2>{t.title}</h2>
        <button type="button" class="primary" onClick={() => setEditing('new')}>
          {t.add}
        </button>
      </header>
      {users.length === 0 && <p class="empty">{t.empty}</p>}
      <ul class="ami-users">
        {users.map((user) => (
          <User key={user.name} user={user} onEdit={() => setEditing(user)} onRemove={() => setRemoving(user.name)} />
        ))}
      </ul>
      {editing !== null && (
        <UserDialog
          user={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          onSaved={(made) => {
            setEditing(null);
            setShown(made);
            again();
          }}
        />
      )}
      {removing !== null && (
        <Question
          title={t.removeOf(removing)}
          yes={t.remove}
          danger
          onYes={async () => {
            await ask(REMOVE, { name: removing });
            tell(t.removed(removing));
            again();
          }}
          onClose={() => setRemoving(null)}
        >
          <p>{t.removeWhy}</p>
        </Question>
      )}
      {shown && (
        <Dialog title={secret.title(shown.name)} onClose={() => setShown(null)}>
          <p>{secret.once}</p>
          <Copy text={shown.secret} label={secret.label} />
          <div class="actions">
            <button type="button" class="primary" onClick={() => setShown(null)}>
              {secret.done}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

interface UserProps {
  readonly user: AmiUserRow;
  onEdit(): void;
  onRemove(): void;
}

function User({ user, onEdit, onRemove }: UserProps) {
  const t = useText('ami').users;
  const { classes, writes } = useText('ami');
  const words = (list: string, known: Readonly<Record<string, string>>) =>
    list === ''
      ? t.nothing
      : list
          .split(',')
          .map((word) => known[word] ?? word)
          .join('; ');
  return (
    <li>
      <h3>{user.name}</h3>
      <dl>
        <dt>{t.hears}</dt>
        <dd>{words(user.read, classes)}</dd>
        <dt>{t.may}</dt>
        <dd>{words(user.write, { ...classes, ...writes })}</dd>
        <dt>{t.from}</dt>
        <dd>{user.permit === '' ? t.box : user.permit.split(',').join(', ')}</dd>
      </dl>
      {user.extras === 1 && <p class="badge">{t.extras}</p>}
      <div class="actions">
        <button type="button" aria-label={t.editOf(user.name)} onClick={onEdit}>
          {t.edit}
        </button>
        <button type="button" class="danger" aria-label={t.removeOf(user.name)} onClick={onRemove}>
          {t.remove}
        </button>
      </div>
    </li>
  );
}

function Clients({ clients, again }: { readonly clients: readonly AmiClientRow[]; again(): void }) {
  const t = useText('ami').clients;
  return (
    <section class="card" aria-label={t.title}>
      <header class="page-head">
        <h2>{t.title}</h2>
        <button type="button" onClick={again}>
          {t.refresh}
        </button>
      </header>
      {clients.length === 0 && <p class="soft">{t.none}</p>}
      <ul class="ami-clients">
        {clients.map(({ user, address, since }) => (
          <li key={`${user} ${address} ${since}`}>
            <strong>{user}</strong> {address === '' ? t.local : address} <span class="soft">{t.since(since)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
