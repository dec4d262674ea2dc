/** The dialects switched on, a way to ask each as its clients do, and every place of theirs that a text can stand in. */
import type { DialectName } from '../../../cgi/dialect/table.ts';
import type { Box } from '../box.ts';
import { type Answer, type Ask, form } from '../clients.ts';

/** MOR's secret, as its public rule spells it. */
export const MOR_SECRET = 'Very Sercet Key';
/** Everything that the dialects may be given, callback among it: to these numbers. */
const SETTINGS = {
  'elastix.enabled': 'yes',
  'mor.enabled': 'yes',
  'mor.users': '5=shop:205-206\n7=other:204\n',
  'mor.get': 'yes',
  'mor.callback': 'yes',
  'mor.callback_numbers': '00491234*',
  'voipmonitor.enabled': 'yes',
};

export interface Speaker {
  ask(dialect: DialectName, target: string, ask?: Ask): Promise<Answer>;
}

/** Switches the dialects on. @returns how the admin, and a key of his with every scope, asks them. */
export async function speaker(box: Box): Promise<Speaker> {
  const token = box.tokens.admin;
  const done = async (number: number, values: Readonly<Record<string, string>>) => {
    const answer = await box.number(number, values, { token });
    if (answer.status !== 200) throw new Error(`${number}: ${answer.status} ${answer.body}`);
    return answer;
  };
  await done(30017, SETTINGS);
  await done(30057, { dialect: 'mor', secret: MOR_SECRET });
  const scopes = 'extension.secrets,firewall,call.place,cdr.share';
  const key = String((await done(30011, { name: 'admin', role: 'admin', scopes })).field('key'));
  const shown: Readonly<Record<DialectName, Readonly<Record<string, string>>>> = {
    elastix: { Authorization: key },
    mor: { Cookie: `_mor_session=${key}` },
    voipmonitor: { Cookie: `PHPSESSID=${token}` },
  };
  return {
    ask: (dialect, target, { headers = {}, ...ask } = {}) =>
      box.ask(target, { ...ask, headers: { ...shown[dialect], ...headers } }),
  };
}

export interface DialectPlace {
  readonly dialect: DialectName;
  readonly path: string;
  /** What stands in the other parameters. */
  readonly others: Readonly<Record<string, string>>;
  readonly name: string;
  /** It stands in the JSON of `params` or `cdr_filter`, beside these. */
  readonly within?: { readonly name: string; readonly others: Readonly<Record<string, string>> };
  /** Something is done by it: it is tried a few times only. */
  readonly acts?: true;
}

type Group = Omit<DialectPlace, 'name'> & { readonly names: readonly string[] };

const cmd = (name: string, ...names: readonly string[]): Group => ({
  dialect: 'elastix',
  path: '/api/api.php',
  others: { cmd: name },
  names,
});
const page = (path: string, names: readonly string[], others: Readonly<Record<string, string>> = {}): Group => ({
  dialect: 'mor',
  path,
  others,
  names,
});
const task = (name: string, names: readonly string[], others: Readonly<Record<string, string>> = {}): Group => ({
  dialect: 'voipmonitor',
  path: '/php/api.php',
  others: { task: name },
  names,
  within: { name: 'params', others },
});

const EVER = { period_start: '2026-01-01', period_end: '2026-12-31' };
const FILTER = ['fdatefrom', 'fdateto', 'fcaller', 'fcalled', 'fcallerd_type', 'fcallername', 'fdurationgt'].concat([
  'fdurationlt',
  'fsipresponse',
  'ftrunk',
  'fcallid',
  'fsensor_id',
  'fcodec',
  'fcaller_domain',
  'fbye',
]);
const CALL = ['call_list', 'call_list_to_csv/0', 'call_list_to_pdf/0'].map((path) =>
  page(`/stats/${path}`, ['period_start', 'period_end', 'direction', 'calltype', 'device', 'status'], EVER),
);

const GROUPS: readonly Group[] = [
  cmd('cdrreport', 'start_date', 'end_date', 'field_name', 'field_pattern', 'status', 'limit', 'recordings', 'custom'),
  { ...cmd('cdrreport', 'field_pattern'), others: { cmd: 'cdrreport', field_name: 'channel' } },
  cmd('getwavfile', 'name'),
  { dialect: 'elastix', path: '/api/api.php', others: {}, names: ['cmd'] },
  page('/api/local_calls_get', ['from', 'till', 's_user', 'u', 'hash'], { u: 'admin', s_user: '0' }),
  page('/callc/main', ['x']),
  ...CALL,
  page('/stats/missed_calls', ['period_start', 'period_end'], EVER),
  { ...page('/stats/missed_calls', ['processed', 'call_id'], EVER), acts: true },
  page('/stats/user_stats', ['period_start', 'period_end'], EVER),
  { ...page('/devices/cli_add', ['device_id', 'cli', 'description'], { cli: '999', device_id: '205' }), acts: true },
  { ...page('/phonebooks/add_new/0', ['number', 'name'], { number: '999', name: 'nobody' }), acts: true },
  page('/api/login', ['u', 'p']),
  {
    ...{ dialect: 'voipmonitor', path: '/php/model/sql.php', names: [...FILTER, 'page', 'start', 'limit', 'sort'] },
    others: { task: 'LISTING', module: 'CDR', fdatefrom: '2026-01-01T00:00:00' },
  },
  { dialect: 'voipmonitor', path: '/php/model/sql.php', others: {}, names: ['task', 'module', 'user'] },
  { dialect: 'voipmonitor', path: '/php/api.php', others: {}, names: ['task', 'params'] },
  task('getVoipCalls', ['startTime', 'startTimeTo', 'callEnd', 'caller', 'called', 'onlyConnected', 'customHeaders'], {
    startTime: '2026-01-01',
  }),
  task('getVoiceRecording', ['cdrId', 'callId', 'zip', 'ogg']),
  task('getVoiceRecording', ['cidInterval'], { callId: '1767376800.0' }),
  task('listActiveCalls', ['sensorId']),
  { ...task('handleActiveCall', ['callRef', 'command'], { command: 'pausecall', callRef: 'x' }), acts: true },
  task('reportSummary', ['report_name', 'datetime_from', 'datetime_to', 'json'], { report_name: 'x' }),
  task('listCdrIds', ['offset', 'size']),
  { ...task('getShareURL', ['callId', 'cidInterval']), acts: true },
  {
    ...task('shareCdr', ['id', 'subType'], { type: 'share_cdr_show', subType: 'self_login_link' }),
    path: '/php/model/utilities.php',
    acts: true,
  },
  { dialect: 'voipmonitor', path: '/admin.php', others: {}, names: FILTER, within: { name: 'cdr_filter', others: {} } },
  { dialect: 'voipmonitor', path: '/index.php', others: {}, names: ['activecalls', 'hidegrid'] },
  { dialect: 'voipmonitor', path: '/php/apilicensecheck.php', others: {}, names: ['task'] },
];

export const DIALECT_PLACES: readonly DialectPlace[] = GROUPS.flatMap(({ names, ...group }) =>
  names.map((name) => ({ ...group, name })),
);

/** Asks with this value in that place: in the body of a form where there may be one, else in the query. */
export function putInto(speak: Speaker, place: DialectPlace, value: string): Promise<Answer> {
  const { dialect, path, others, name, within } = place;
  const values = within
    ? { ...others, [within.name]: JSON.stringify({ ...within.others, [name]: value }) }
    : { ...others, [name]: value };
  const sent = form(values);
  const isQuery = dialect === 'elastix' || /^\/(admin|index)\.php$|_to_|callc/.test(path);
  return isQuery ? speak.ask(dialect, `${path}?${sent}`) : speak.ask(dialect, path, { method: 'POST', body: sent });
}
