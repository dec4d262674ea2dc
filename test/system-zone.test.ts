/** The system's zone by name, from where systems keep it. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Config } from '../daemon/config.ts';
import { zoneName } from '../daemon/state.ts';
import { systemZoneName } from '../daemon/system-zone.ts';
import { zone } from '../storage/model/local-time.ts';
import { temporaryFolder } from './support/folder.ts';

test('is that of TZ, of the link, of the file, or UTC, in this order', () => {
  const folder = temporaryFolder(onTestFinished);
  mkdirSync(`${folder}/zoneinfo/America/Argentina`, { recursive: true });
  writeFileSync(`${folder}/zoneinfo/America/Argentina/Ushuaia`, '');
  symlinkSync(`${folder}/zoneinfo/America/Argentina/Ushuaia`, `${folder}/localtime`);
  writeFileSync(`${folder}/timezone`, 'Etc/GMT+8\n');
  const all = { tz: undefined, localtime: `${folder}/localtime`, timezone: `${folder}/timezone` };
  expect(systemZoneName({ ...all, tz: 'Europe/Madrid' })).toBe('Europe/Madrid');
  expect(systemZoneName({ ...all, tz: ':/usr/share/zoneinfo/Asia/Tokyo' })).toBe('Asia/Tokyo');
  expect(systemZoneName({ ...all, tz: '<+03>-3' })).toBe('America/Argentina/Ushuaia');
  expect(systemZoneName(all)).toBe('America/Argentina/Ushuaia');
  expect(systemZoneName({ ...all, localtime: `${folder}/none` })).toBe('Etc/GMT+8');
  expect(systemZoneName({ tz: '', localtime: `${folder}/none`, timezone: `${folder}/none` })).toBe('UTC');
});

test.runIf(isMainThread)('a configured zone is what times are told by, though the process says it is its own', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of ['Europe/Berlin', 'europe/berlin', 'US/Eastern', 'us/eastern', 'PST', 'etc/gmt+8']) {
    vi.stubEnv('TZ', name);
    const config = { time: { zone: name } } as Config;
    expect([name, zone(zoneName(config)).offsetAt(1_720_000_000)]).toEqual([name, zone(name).offsetAt(1_720_000_000)]);
  }
});
