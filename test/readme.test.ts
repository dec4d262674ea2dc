/** README's tour, pasted as it stands into a shell, against the daemon beside the simulated PBX. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { TABLE } from '../cgi/table.ts';
import { amiPort, setUser } from './ami/client.ts';
import { startSimulator } from './simulator/simulator.ts';
import { eventually, startDaemon } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { numberReference } from './support/number-reference.ts';
import { inReadme, WRITE_COMMAND } from './support/readme.ts';
import { readXml } from './support/strict-xml.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The tour's commands, the first one (the address) replaced by the test's own. */
function tour(url: string): string[] {
  const block = /```sh\n(BOX=[\s\S]*?)```/.exec(README)?.[1];
  if (!block) throw new Error('README has no tour');
  const [box = '', ...commands] = block.trim().split('\n');
  expect(box).toBe('BOX=http://127.0.0.1:8080');
  return [`BOX=${url}`, ...commands];
}

/** Runs the commands one after the other in one shell and gives what each printed. */
async function paste(commands: readonly string[]): Promise<string[]> {
  const mark = '\n--- next command ---\n';
  const script = commands.map((command) => `${command}\nprintf '%s' "$MARK"\n`).join('');
  const cwd = temporaryFolder();
  const shell = spawn('bash', ['-e'], { cwd, env: { PATH: process.env['PATH'], MARK: mark }, timeout: 30_000 });
  let out = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  shell.stdin.end(script);
  const code = await new Promise((resolve) => shell.once('close', resolve));
  expect(code).toBe(0);
  return out.split(mark).slice(0, -1);
}

test('the tour works when pasted', async () => {
  const pbx = await startSimulator({ username: 'cdrd', secret: 'tour', zone: 'Etc/GMT+8' });
  onTestFinished(() => pbx.close());
  const daemon = await startDaemon({
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 'tour',
  });
  await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
  await Promise.all([
    pbx.placeCall('internal', { source: '205', destination: '204', ring: 0.2, talk: 2.5 }),
    pbx.placeCall('outbound', { source: '203', destination: '9513', ring: 0.2, talk: 2.5 }),
  ]);
  await eventually(async () => {
    const [calls, files] = await Promise.all(['9006', '20053'].map((n) => daemon.json(`/cgi/webserve/${n}?`)));
    const total = (answer?: Record<string, unknown>) =>
      (answer?.['json_obj_filter'] as { totalcount: number } | undefined)?.totalcount;
    return total(calls) === 2 && total(files) === 2;
  });

  const [, recipe = ''] = /```sh\n(curl .*30018.*sha256sum)\n```/.exec(README) ?? [];
  const commands = tour(daemon.url).toSpliced(-1, 0, recipe);
  const printed = await paste(commands);
  const textOf = (part: string) => printed[commands.findIndex((command) => command.includes(part))] ?? '';
  const shown = (part: string) => JSON.parse(textOf(part));
  expect(shown('/healthz')).toMatchObject({ status: 'ok', asterisk: { state: 'up' } });
  expect(shown('9006?"').json_array_astcdrs).toHaveLength(2);
  expect(shown('src=200-299').json_array_astcdrs).toMatchObject([{ src: '205', dst: '204', userfield: 'Internal' }]);
  expect(shown('dst=9*').json_array_astcdrs).toMatchObject([{ src: '203', dst: '9513', userfield: 'Outbound' }]);
  expect(shown('since=0').json_array_astcdrs).toHaveLength(2);
  expect(shown('startdate=yesterday')).toMatchObject({ error: { code: 'invalid', parameter: 'startdate' } });
  expect(shown('30002').json_obj_totals).toMatchObject({ count: 2, answered: 2, asr: 100 });
  expect(textOf('head -3 calls.csv').trim().split('\r\n')).toEqual([
    expect.stringMatching(/^Date,Source,Destination,.*,UniqueID,Recording Filename$/),
    expect.stringContaining(','),
    expect.stringContaining(','),
  ]);
  expect(shown('20053?&trunk=All').json_array_recordings).toHaveLength(2);
  expect(textOf('tar tvf').trim().split('\n')).toHaveLength(2);
  expect(textOf('unzip -t')).toContain('No errors detected');
  expect(textOf('-r 0-3')).toBe('RIFF');
  expect(shown('dryrun=1')).toEqual({ result: 'success', dryrun: true, matches: 1 });
  expect(shown('9006?&src=205').json_array_astcdrs).toEqual([]);
  const undone = printed.filter((_, index) => commands[index]?.includes('30003'));
  expect(undone.map((text) => JSON.parse(text))).toEqual([
    { result: 'success', restored: 1 },
    { result: 'success', restored: 2 },
  ]);
  expect(shown('cmd=cdrreport')).toMatchObject([{ disposition: 'ANSWERED' }, { disposition: 'ANSWERED' }]);
  expect(readXml(textOf('/stats/call_list')).children.map(({ name }) => name)).toContain('calls_stat');
  expect(shown('task=LISTING')).toMatchObject({ total: '2' });
  expect(shown('reset=elastix')).toMatchObject({ result: 'success' });
  const { json_array_audit: log } = await daemon.json('/cgi/webserve/30018?');
  expect((log as { hash: string }[]).map(({ hash }) => `${hash}  -\n`)).toContain(textOf('sha256sum'));
  expect(printed.at(-1)).toContain('cdrd_records_total{result="stored"} 2');
}, 120_000);

test('the AMI snippet works when pasted', async () => {
  const daemon = await startDaemon();
  await setUser(daemon, 'admin', { secret: 'password', extras: true });
  const [, snippet = ''] = /```sh\nAMI=127\.0\.0\.1:5038\n([\s\S]*?)```/.exec(README) ?? [];
  const [printed = ''] = await paste([`AMI=127.0.0.1:${amiPort(daemon)}\n${snippet}`]);
  expect(printed.replaceAll('\r', '').trim().split('\n\n')).toEqual([
    'Asterisk Call Manager/1.1\nResponse: Success\nMessage: Authentication accepted',
    expect.stringMatching(/^Response: Success\nPing: Pong\nTimestamp: \d+\.\d{6}$/),
    'Response: Success\nEventList: start\nMessage: Events will follow',
    'Event: CdrdReplayComplete\nEventList: Complete\nListItems: 0\nEventSequence: 0',
    'Response: Goodbye\nMessage: Thanks for all the fish.',
  ]);
});

test('the reference of the numbers is the one that the table gives', () => {
  expect(inReadme('numbers'), `run ${WRITE_COMMAND}`).toBe(numberReference());
  const [numbers = '', , , parameters = ''] = numberReference().split('\n\n');
  for (const number of Object.keys(TABLE)) expect(numbers).toContain(number);
  expect(numbers).toContain(
    '| 8404 (8401) | log in: a session cookie and a bearer token | anybody | `UserName` (must), `Password` (must), `code` |',
  );
  expect(numbers).toMatch(/^\| 9006 \| .* \| admin \| \*the filter\*, `since`, /m);
  expect(numbers).toMatch(/^\| 20053 \| .* \| admin, monitor \|/m);
  expect(numbers).toMatch(/^\| 30001 \(ours\) \| .* \| `uniqueid` \(must\) \|/m);
  expect(parameters).toMatch(/^\| `enddate` \| up to .* \| .*9006, .*20053/m);
  for (const [table, cells] of [
    [numbers, 4],
    [parameters, 3],
  ] as const)
    for (const row of table.trim().split('\n')) expect(row.match(/(?<!\\)\|/g)).toHaveLength(cells + 1);
});
