/**
 * The support archive of a whole daemon in which secrets, numbers, names and addresses were planted: by number, by command
 * while the daemon runs, and by command while it doesn't. None of them is in any of its files.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { writeBundle } from '../../daemon/support/write-bundle.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';

const atEnd = atFileEnd();
const ASTERISK_SECRET = 'asterisk-Briefkasten-3306';
const AMI_SECRET = 'Haustuer';
const PASSWORD = 'Regenschirm-8123';
const TOKEN = 'T0KEN-of-the-webhook';
const MAIL = 'eva.mueller@example.com';
const NUMBERS = ['02118765432', '+4930555777', '015112349999'];
const NAMES = ['Schmidtbauer', 'Wiesengrund'];
const CLIENT = '198.51.100.77';
const FILES = [
  ...['README.txt', 'alarms.json', 'configuration.json', 'doctor.json', 'doctor.txt', 'files.txt', 'health.json'],
  ...['log.txt', 'metrics.txt', 'settings.json', 'versions.json'],
];
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

let daemon: TestDaemon;
let folder: string;
let secrets: string[];
const environment = () => ({
  CDRD_STATE_DIR: `${folder}/state`,
  CDRD_RUN_DIR: `${folder}/run`,
  CDRD_ASTERISK_SECRET: ASTERISK_SECRET,
});

beforeAll(async () => {
  folder = temporaryFolder(atEnd);
  // A row of Master.csv, and one that is none: the log complains of it.
  const row = (number: string, name: string) =>
    `"","${number}","205","x","""${name}"" <${number}>","SIP/${number}-0000001a","SIP/205-0000001b","Dial","SIP/205","2021-05-07 10:00:00","2021-05-07 10:00:01","2021-05-07 10:00:09",9,8,"ANSWERED","DOCUMENTATION","1620377388.10",""\n`;
  const csv = NUMBERS.map((number, index) => row(number, NAMES[index % 2] ?? '')).join('');
  writeFileSync(`${folder}/Master.csv`, `${csv}"broken ""${NAMES[0]}"" <${NUMBERS[0]}>\n`);
  daemon = await startDaemon(
    { CDRD_ASTERISK_SECRET: ASTERISK_SECRET, CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv` },
    { atEnd, folder },
  );
  const done = async (asked: string) => {
    const answer = await daemon.get(`/cgi/webserve/${asked}`);
    const text = await answer.text();
    expect([asked, answer.status, text]).toEqual([asked, 200, expect.any(String)]);
    return text;
  };
  await eventually(async () => (await done('9006?startdate=2021-01-01%2000:00')).includes(NUMBERS[0] ?? ''));
  await done(`30008?UserName=anna&role=admin&Password=${md5(PASSWORD)}`);
  await done(`30022?name=crm&secret=${AMI_SECRET}&permit=local`);
  const { key } = JSON.parse(await done('30011?name=crm&role=admin')) as { key: string };
  await done(`30014?number=${encodeURIComponent(NUMBERS[1] ?? '')}&name=${NAMES[0]}`);
  await done(`30017?alarm.webhook=${encodeURIComponent(`https://example.invalid/hooks/${TOKEN}`)}&alarm.mail=${MAIL}`);
  await done(`30017?trunks.names=${NUMBERS[2]},96`);
  const token = await logIn(daemon.url, 'anna', PASSWORD);
  await logIn(daemon.url, NUMBERS[0] ?? '', NAMES[0]);
  await new Promise<void>((resolve) => {
    // From elsewhere, and by a name that the box doesn't have: it is refused, and that is noted.
    const headers = { 'X-Forwarded-For': CLIENT, Authorization: `Bearer ${'x'.repeat(43)}` };
    request(`${daemon.url}/metrics`, { headers }, (answer) => answer.resume().on('end', resolve)).end();
  });
  mkdirSync(`${folder}/state/left-by-${NUMBERS[0]}`);
  const first = readFileSync(`${folder}/state/secret/initial-passwords`, 'utf8').trim().split('\n');
  secrets = [
    ...[ASTERISK_SECRET, AMI_SECRET, PASSWORD, md5(PASSWORD), TOKEN, MAIL, key, key.slice(14), token, CLIENT],
    ...NUMBERS.map((number) => number.replace('+', '')),
    ...NAMES,
    ...first.map((line) => line.split(' ')[1] ?? line),
  ];
  expect(secrets.every((secret) => secret.length > 5)).toBe(true);
}, 120_000);

/** The texts of an archive, by name. */
function unpacked(archive: Uint8Array): Map<string, string> {
  const to = temporaryFolder();
  writeFileSync(`${to}/a.tar.gz`, archive);
  execFileSync('tar', ['-xzf', `${to}/a.tar.gz`, '-C', to]);
  return new Map(
    readdirSync(`${to}/cdrd-support`)
      .sort()
      .map((name) => [name, readFileSync(`${to}/cdrd-support/${name}`, 'utf8')]),
  );
}

function expectNothingOf(files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files)
    for (const secret of secrets) expect([name, secret, text.includes(secret)]).toEqual([name, secret, false]);
}

describe('an archive', () => {
  test('by number has what helps, and none of what was planted', async () => {
    const answer = await daemon.get('/cgi/webserve/30056?reason=asked+by+the+maker');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/gzip');
    expect(answer.headers.get('content-disposition')).toMatch(/filename="cdrd-support-\d{8}-\d{6}\.tar\.gz"/);
    const files = unpacked(new Uint8Array(await answer.arrayBuffer()));
    expect([...files.keys()].sort()).toEqual(FILES);
    expectNothingOf(files);
    const of = (name: string) => files.get(name) ?? '';
    expect(JSON.parse(of('health.json'))).toMatchObject({ status: 'ok', store: { state: 'ok' } });
    expect(JSON.parse(of('doctor.json'))['findings'].length).toBeGreaterThan(0);
    expect(of('doctor.txt')).toMatch(/\d+ ok\n$/);
    expect(of('metrics.txt')).toMatch(/^cdrd_records_total\{result="stored"\} 3$/m);
    const { settings } = JSON.parse(of('settings.json')) as { settings: { name: string; value: string }[] };
    const value = (name: string) => settings.find((each) => each.name === name)?.value;
    expect(value('alarm.webhook')).toBe('https://example.invalid***');
    expect(value('alarm.mail')).toBe('***');
    expect(value('trunks.names')).toMatch(/^number-\d+,96$/);
    expect(value('numbering.extension')).toBe('100-616');
    const configuration = JSON.parse(of('configuration.json')) as { key: string; value: string; stands: string }[];
    expect(configuration.find(({ key }) => key === 'asterisk.secret')).toEqual({
      key: 'asterisk.secret',
      value: '***',
      stands: 'environment CDRD_ASTERISK_SECRET',
    });
    expect(configuration.find(({ key }) => key === 'http.permit')?.value).toBe('["local"]');
    expect(JSON.parse(of('versions.json'))).toMatchObject({ cdrd: 'test', node: process.version });
    expect(of('files.txt')).toMatch(/^0600 \d+ \d+ \d+ \S+ \/.*\/secret\/ami-users\.json$/m);
    expect(of('files.txt')).toMatch(/left-by-number-\d+$/m);
    expect(of('log.txt')).toMatch(/ warn /);
    const { json_array_audit: lines } = await daemon.json('/cgi/webserve/30018?action=support.exported');
    expect(lines).toMatchObject([{ reason: 'asked by the maker' }]);
  });

  test('by command has the findings of the command', async () => {
    const file = `${folder}/bundle.tar.gz`;
    const findings = [
      {
        check: 'port.held',
        state: 'fault',
        says: `held for ${NUMBERS[1]} by "${NAMES[1]}" <205>`,
        mend: `x ${AMI_SECRET}`,
      },
    ] as const;
    await writeBundle(file, loadConfig(null, environment()), findings);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const files = unpacked(readFileSync(file));
    expect([...files.keys()].sort()).toEqual(FILES);
    expectNothingOf(files);
    expect(files.get('doctor.txt')).toMatch(/^FAULT {3}port\.held: held for number-\d+ by "name-\d+" <…>$/mu);
    // A file that is there is somebody's.
    await expect(writeBundle(file, loadConfig(null, environment()), [])).rejects.toThrow(/is there already/);
  });

  test('of a box whose daemon doesn’t run has the rest', async () => {
    await daemon.close();
    appendFileSync(`${folder}/state/secret/initial-passwords`, 'later Spaziergang\n');
    const file = `${folder}/alone.tar.gz`;
    const says = `does not start: Spaziergang, ${ASTERISK_SECRET}`;
    await writeBundle(file, loadConfig(null, environment()), [
      { check: 'daemon.running', state: 'fault', says, mend: null },
    ]);
    const files = unpacked(readFileSync(file));
    expect([...files.keys()].sort()).toEqual(
      FILES.filter((name) => !['alarms.json', 'health.json', 'log.txt', 'metrics.txt', 'settings.json'].includes(name)),
    );
    secrets.push('Spaziergang');
    expectNothingOf(files);
    expect(files.get('doctor.txt')).toContain('does not start: ***, ***');
    expect(existsSync(`${folder}/state/lock`)).toBe(false);
  });
});
