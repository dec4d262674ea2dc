/** 30054 of a whole daemon, beside the simulated PBX and beside none. */
import { expect, onTestFinished, test } from 'vitest';
import type { DoctorReport } from '../../cgi/contract.ts';
import { doctor } from '../../cgi/gui/text/en/doctor.ts';
import { askDaemon } from '../../daemon/control/client.ts';
import type { DaemonFacts } from '../../daemon/doctor/parts.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

const findings = async (daemon: TestDaemon) =>
  ((await daemon.json('/cgi/webserve/30054')) as unknown as DoctorReport).json_array_findings;
const wrong = async (daemon: TestDaemon) => (await findings(daemon)).filter(({ state }) => state !== 'ok');

test('all is well beside a PBX that has what cdrd needs', async () => {
  const folder = temporaryFolder();
  const customCsvPath = `${folder}/cdrd.csv`;
  const pbx = await startSimulator({ username: 'cdrd', secret: 's', zone: 'Etc/GMT+8', customCsvPath });
  onTestFinished(() => pbx.close());
  const daemon = await startDaemon({
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 's',
    CDRD_ASTERISK_CDR_CSV: customCsvPath,
  });
  await eventually(async () => (await findings(daemon)).some(({ check }) => check === 'clock.zone'));
  await eventually(async () => (await wrong(daemon)).length === 0);
  const all = await findings(daemon);
  expect(new Set(all.map(({ check }) => check)).size).toBe(all.length);
  for (const { check } of all) expect(check).toMatch(/^[a-z]+\.[a-z]+$/);
  // The page has a title for each.
  for (const { check } of all) expect(Object.keys(doctor.groups)).toContain(check.split('.')[0]);
  // Each says what it is about, alone in its line: `cdrd doctor` has no titles.
  expect(all.find(({ check }) => check === 'store.backup')?.says).toContain('backup');
  expect(all.find(({ check }) => check === 'dialplan.used')?.says).toBe('1 line of the dialplan runs them');
  expect(all.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['cdr.mappings', 'dialplan.used', 'trunks.rules', 'store.whole', 'recordings.calls']),
  );
  const told = JSON.parse((await askDaemon(`${daemon.folder}/run`, { command: 'doctor' })) ?? '') as {
    facts: DaemonFacts;
  };
  expect(told.facts).toMatchObject({ pid: process.pid, recordings: { dir: `${daemon.folder}/recordings` } });
});

test('without an Asterisk that is the one thing that is wrong', async () => {
  expect(await wrong(await startDaemon())).toEqual([expect.objectContaining({ check: 'asterisk.reachable' })]);
});

test('with another secret it is named, and not told', async () => {
  const pbx = await startSimulator({ username: 'cdrd', secret: 's', zone: 'Etc/GMT+8' });
  onTestFinished(() => pbx.close());
  const daemon = await startDaemon({
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 'n0t-it',
  });
  await eventually(async () => (await wrong(daemon))[0]?.check === 'asterisk.secret');
  expect(await wrong(daemon)).toEqual([
    expect.objectContaining({
      state: 'fault',
      mend: 'cdrd setup --yes --reload',
      says: expect.not.stringContaining('n0t-it'),
    }),
  ]);
});
