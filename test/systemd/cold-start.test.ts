/**
 * A box that is switched on with nothing there: no Asterisk, no stick, no network, the time of 1970. It serves what it can,
 * says what it waits for, and takes each as it comes, without a restart.
 */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { type Box, openBox } from './box.ts';

const ADDRESS = '10.77.0.7';
const SECRET = 'a-secret-of-the-test';
/** What the process takes for the time; the machine's own can't be set. */
const CLOCK = '/var/lib/cdrd/clock';

let box: Box;

beforeAll(async () => {
  box = await openBox();
  box.do('systemctl stop cdrd.service');
  writeFileSync(
    join(box.root, 'etc/cdrd/cdrd.toml'),
    `[http]\nlisten = "127.0.0.1:8080,${ADDRESS}:8080"\n[https]\nlisten = "${ADDRESS}:8443"\n` +
      `[asterisk]\nsecret = "${SECRET}"\ncdr_csv = "/var/log/asterisk/cdrd.csv"\n`,
  );
  box.do('chown root:cdrd /etc/cdrd/cdrd.toml && chmod 0640 /etc/cdrd/cdrd.toml');
  const library = box.do('ls /usr/lib/*/faketime/libfaketime.so.1').trim();
  mkdirSync(join(box.root, 'etc/systemd/system/cdrd.service.d'), { recursive: true });
  writeFileSync(
    join(box.root, 'etc/systemd/system/cdrd.service.d/test.conf'),
    `[Service]\nEnvironment=LD_PRELOAD=${library} FAKETIME_TIMESTAMP_FILE=${CLOCK} FAKETIME_NO_CACHE=1 ` +
      'FAKETIME_DONT_FAKE_MONOTONIC=1\n',
  );
  box.do('rm -rf /var/lib/cdrd/cdrd.db* /var/lib/cdrd/secret/tls.*');
  setClock(`-${Math.floor(Date.now() / 1000) - 60}s`); // a minute past 1970
  await box.reboot();
});
afterAll(async () => {
  await box?.stop();
});

/** @param offset Of the machine's time. */
function setClock(offset: string): void {
  writeFileSync(join(box.root, CLOCK), `${offset}\n`);
}

const full = () => box.healthz(8080);
const state = (part: string) => (full()?.[part] as { state?: string } | undefined)?.state;
const journal = () => box.do('journalctl -u cdrd.service --no-pager -o cat');

test('with nothing there it is ready, and says what it waits for', async () => {
  await box.active();
  expect(full()).toMatchObject({
    status: 'ok',
    asterisk: { state: 'down' },
    recordings: { state: 'absent' },
    listen: { state: 'waiting', why: expect.stringContaining(`http ${ADDRESS}:8080, https ${ADDRESS}:8443`) },
  });
  expect(full()?.['asterisk']).toMatchObject({ since: expect.stringMatching(/^1970-01-01T/) });
  expect(box.property('StatusText')).toMatch(/asterisk: down.*recordings: absent.*listen: waiting/);
  expect(journal()).toContain('this address is not there yet: it is waited for');
});

test('the address comes: it is served, and the certificate names it', async () => {
  const pid = box.property('MainPID');
  box.do(
    `ip link add lan type veth peer name wire && ip link set lan up && ip link set wire up && ip addr add ${ADDRESS}/24 dev lan`,
  );
  await eventually(() => state('listen') === 'ok', 20);
  // That it is a network of its own, from which one may come, is looked at every 5 s.
  await eventually(() => box.healthz(8080, 'http', ADDRESS)?.status === 'ok', 10);
  expect(box.healthz(8443, 'https', ADDRESS)?.status).toBe('ok');
  const file = join(box.root, 'var/lib/cdrd/secret/tls.crt');
  await eventually(() => new X509Certificate(readFileSync(file)).checkIP(ADDRESS), 20);
  expect(box.property('MainPID')).toBe(pid);
});

test('the stick comes', async () => {
  box.do('mkdir -p /media/usbStorage && mount -t tmpfs -o size=64m stick /media/usbStorage');
  box.do('install -d -o root -g cdrd -m 2775 /media/usbStorage/monitor');
  await eventually(() => state('recordings') === 'mounted', 20);
});

test('the time comes, and Asterisk: calls of the right day', async () => {
  const pid = box.property('MainPID');
  setClock('+0s');
  mkdirSync(join(box.root, 'var/log/asterisk'), { recursive: true });
  const csv = join(box.root, 'var/log/asterisk/cdrd.csv');
  writeFileSync(csv, '', { mode: 0o644 });
  const simulator = [
    ...['--import', 'tsx', 'test/simulator/main.ts', '--listen', '127.0.0.1:5039', '--username', 'cdrd'],
    ...['--secret', SECRET, '--custom-csv', csv, '--calls-per-minute', '120'],
  ];
  box.inNetwork(process.execPath, simulator);
  await eventually(() => state('asterisk') === 'up', 60).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(full())}`);
  });
  const today = execFileSync('date', ['-u', '+%Y/%m/%d'], { encoding: 'utf8' }).trim();
  const calls = () => box.do('cdrd export calls --format csv');
  await eventually(() => calls().includes(today), 90);
  expect([box.property('MainPID'), box.property('NRestarts')]).toEqual([pid, '0']);
});
