/**
 * The package under a real systemd: ready when it is, watched over, its ports opened for it, ended and started anew by
 * whatever befalls it. Each test leaves the service running as it found it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { type Box, openBox } from './box.ts';

let box: Box;

beforeAll(async () => {
  box = await openBox();
});

afterAll(async () => {
  await box?.stop();
});

test('installed it runs: ready, without any right of root, and the unit is sound', async () => {
  await box.active();
  expect(box.property('Type')).toBe('notify');
  expect(box.property('StatusText')).toMatch(/^waits for .*asterisk: (down|refused)/);
  const status = readFileSync(`/proc/${box.hostPid()}/status`, 'utf8');
  expect(status).toMatch(/^CapEff:\t0{16}$/m);
  expect(status).not.toMatch(/^Uid:\t0\t/m);
  expect(box.healthz(80)?.status).toBe('ok');
  expect(box.do('systemd-analyze verify cdrd.service cdrd.socket')).toBe('');
  const rated = /exposure level for cdrd\.service: ([\d.]+)/.exec(
    box.do('systemd-analyze security --no-pager cdrd.service'),
  );
  expect(Number(rated?.[1])).toBeLessThanOrEqual(2);
  // The shell that tells the service manager, and nothing else.
  expect(box.do('systemctl status --no-pager cdrd.service').match(/[├└]─\d+/g)).toHaveLength(2);
});

test('who comes while it is stopped starts it', async () => {
  box.do('systemctl stop cdrd.service');
  expect(box.property('ActiveState')).toBe('inactive');
  expect(box.healthz(443, 'https')?.status).toBe('ok');
  await box.active(5); // who has waited is answered before systemd is told
});

test('a folder that the sandbox binds onto itself is no stick; one that is mounted later is seen', async () => {
  await box.active();
  expect(box.full()['recordings']).toMatchObject({ state: 'absent' });
  box.do('mkdir -p /media/usbStorage && mount -t tmpfs -o size=64m,mode=0755 stick /media/usbStorage');
  onTestFinished(() => void box.sh('umount -l /media/usbStorage'));
  box.do('install -d -o root -g cdrd -m 2775 /media/usbStorage/monitor');
  await eventually(() => box.part('recordings') === 'mounted', 30);
  box.do('umount -l /media/usbStorage');
  await eventually(() => box.part('recordings') === 'absent', 30);
});

test('a page chooses other ports, and is told why not those under 1024', async () => {
  const token = box.logIn();
  const change = (query: string, port = 80) => box.ask(`http://127.0.0.1:${port}/cgi/webserve/30017?&${query}`, token);
  const refused = change('https.listen=[::]:444');
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(
    'choose one from 1024 on, or what the service manager has opened ([::]:80 and [::]:443)',
  );
  expect(change('https.listen=[::]:8443').status).toBe(200);
  expect(box.healthz(8443, 'https')?.status).toBe('ok');
  expect(box.healthz(443, 'https')).toBe(null);
  box.do('systemctl restart cdrd.service');
  expect(box.healthz(8443, 'https')?.status).toBe('ok');
  expect(box.healthz(443, 'https')).toBe(null);
  expect(box.ask('http://127.0.0.1/cgi/webserve/30017?&reset=https.listen', box.logIn()).status).toBe(200);
  expect(box.healthz(443, 'https')?.status).toBe('ok');
});

test('a reload goes on in the same process', async () => {
  const pid = box.property('MainPID');
  box.do('systemctl reload cdrd.service');
  expect([box.property('MainPID'), box.healthz(80)?.status]).toEqual([pid, 'ok']);
});

test('SIGKILL counts as success, and it is started anew', async () => {
  const before = Number(box.property('NRestarts'));
  box.do('systemctl kill -s KILL cdrd.service');
  await eventually(() => Number(box.property('NRestarts')) > before, 20);
  expect(box.property('Result')).toBe('success');
  expect(box.do('journalctl -u cdrd.service --no-pager')).not.toMatch(/Failed with result 'signal'/);
  await box.active();
});

test('a wrong configuration ends it for good, also while somebody keeps asking; mended, it starts', async () => {
  await box.active();
  const file = join(box.root, 'etc/cdrd/cdrd.toml');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, `${good}\n[nonsense]\nx = 1\n`);
  box.sh('systemctl restart cdrd.service');
  await eventually(() => box.property('ActiveState') === 'failed', 30);
  expect(box.property('ExecMainStatus')).toBe('78');
  box.sh('for n in 1 2 3 4 5 6 7 8 9; do curl -s -m 1 http://127.0.0.1/healthz; done');
  box.healthz(80);
  expect(box.property('ActiveState')).toBe('failed');
  writeFileSync(file, good);
  box.do('systemctl reset-failed cdrd.service cdrd.socket; systemctl restart cdrd.service');
  expect(box.healthz(80)?.status).toBe('ok');
});

test('another program has port 80: cdrd starts when it is free', async () => {
  box.do('systemctl stop cdrd.service cdrd.socket');
  const other = box.inNetwork(process.execPath, ['-e', "require('node:net').createServer().listen(80, '::')"]);
  await eventually(() => /:80 /.test(box.do('ss -ltn')), 20);
  box.sh('systemctl start cdrd.service');
  expect(box.do('systemctl is-active cdrd.socket || true')).toMatch(/failed|inactive/);
  other.kill('SIGKILL');
  await box.active(60);
  expect(box.healthz(80)?.status).toBe('ok');
});
