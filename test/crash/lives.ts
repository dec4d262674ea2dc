/** The lives that the crash matrix looks at: between them they do everything that the daemon writes. */
import { digestOf } from '../../daemon/state.ts';
import { ABSENT, callSubject, type Life, listed, type Player, playLife, startIn } from './player.ts';

/** Calls of one burst: what waits during a commit goes into the next one together. */
const BURST = 12;
/** The calls that are deleted: numbers 300 to 309 belong to the first ten of a box. */
const DELETED = 'dst=30*&startdate=2000-01-01 00:00';
const NAMES = ['01', '02', '03'].map((n) => `${'20210329'}-0000${n}-16170000${n}-Internal-202-204`);

/** A new box: it is set up, takes its first calls, and its owner tries what it can. */
export function firstDay(root: string): Promise<Life> {
  return playLife(
    'first day',
    root,
    async (player) => {
      await setUp(player);
      await takeCalls(player);
      await changeSettings(player);
      await deleteCalls(player);
      await deleteRecordings(player);
      player.act('stop');
    },
    { env: { CDRD_HTTPS_LISTEN: '127.0.0.1:0' } },
  );
}

async function setUp(player: Player): Promise<void> {
  player.act('creation');
  const made = ['login admin', 'login monitor'];
  for (const subject of made) player.asked(subject, 'initial');
  player.asked('certificate', 'whole');
  await startIn(player);
  for (const subject of made) player.told(subject, 'initial');
  player.told('certificate', 'whole');
}

async function takeCalls(player: Player): Promise<void> {
  player.act('record');
  for (let call = 0; call < 3; call++) {
    player.calls(1);
    await player.stored();
  }
  player.calls(BURST);
  await player.stored();
  player.act('close');
  await player.closed();
  player.act('recording');
  for (const name of NAMES) player.recording(name);
  await listed(player, NAMES.length);
}

async function changeSettings(player: Player): Promise<void> {
  const { get, change } = player;
  player.act('settings');
  await change(['setting trash.days'], '3', () => get('/cgi/webserve/30017?trash.days=3'));
  await change(['contact 555'], 'Ann', () => get('/cgi/webserve/30014?number=555&name=Ann'));
  player.act('accounts');
  const password = digestOf('correct horse battery');
  await change(['account tech'], 'monitor', () =>
    get(`/cgi/webserve/30008?username=tech&role=monitor&password=${password}`),
  );
  await change(['login monitor'], 'own', () => get(`/cgi/webserve/30008?username=monitor&password=${password}`));
  player.act('AMI users');
  const set = (words: string) => get(`/cgi/webserve/30022?name=crm&secret=s3cret&${words}`);
  await change(['ami-user crm'], 'cdr', () => set('read=cdr'));
  await change(['ami-user crm'], 'cdr,call', () => set('read=cdr,call'));
}

/** @returns what undoes it. */
async function deleteMatching(player: Player): Promise<{ subjects: string[]; undo: string }> {
  const { json_array_astcdrs: rows } = await player.get(`/cgi/webserve/9006?${DELETED}`);
  const subjects = (rows as { UniqueID: string }[]).map(({ UniqueID }) => callSubject(UniqueID));
  if (subjects.length === 0) throw new Error('there is nothing to delete');
  let undo = '';
  await player.change(subjects, 'trash', async () => {
    undo = String((await player.get(`/cgi/webserve/9004?${DELETED}`))['undo']);
  });
  return { subjects, undo };
}

async function deleteCalls(player: Player): Promise<void> {
  player.act('delete calls');
  const { subjects, undo } = await deleteMatching(player);
  player.act('undo');
  await player.change(subjects, 'shown', () => player.get(`/cgi/webserve/30003?undo=${undo}`));
  player.act('delete calls');
  await deleteMatching(player);
}

async function deleteRecordings(player: Player): Promise<void> {
  const { get, change } = player;
  const [first = '', second = '', third = ''] = NAMES.map((name) => `20210329/${name}.wav`);
  const subject = (path: string) => `recording ${path}`;
  const remove = (paths: readonly string[], words = '') =>
    get(`/cgi/webserve/20054?wavefiles=${paths.join(';')}${words}`);
  player.act('delete recordings');
  let undo = '';
  await change([subject(first), subject(second)], 'trash', async () => {
    undo = String((await remove([first, second]))['undo']);
  });
  player.act('undo of recordings');
  await change([subject(first), subject(second)], 'placed', () => get(`/cgi/webserve/30003?undo=${undo}`));
  player.act('delete recordings');
  await change([subject(first)], 'trash', () => remove([first]));
  player.act('purge recordings');
  await change([subject(third)], ABSENT, () => remove([third], '&purge=1'));
}
