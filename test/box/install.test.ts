/**
 * From a Debian with Asterisk to the first call in the report, as README's "On a box" tells it, and back to a Debian with
 * Asterisk: package, setup, doctor, a call with its recording, a power cut, removal, and a purge that leaves nothing. One
 * story a root, told in order.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { type Client, logIn } from './client.ts';
import { doctor } from './doctor.ts';
import { seen } from './eventually.ts';
import { hook, moveIn, type Office, staff, unhook } from './office.ts';
import { install } from './package.ts';
import { cachedRoots } from './roots.ts';

const PASSWORD = 'first-call-in-the-report';

describe.each(cachedRoots())('$name', ({ name, folder }) => {
  let box: Box;
  let office: Office;
  let admin: Client;
  /** Every file of the system before cdrd came, but those that change by themselves. */
  let before: readonly string[];
  beforeAll(async () => {
    box = await openBox(folder);
    await moveIn(box, name);
    office = await staff(box);
    before = await files(box);
    await box.sh('cp -a /etc/asterisk /root/asterisk-before');
  });
  afterAll(async () => {
    await office?.leave();
    await box?.close();
  });

  it('is installed by apt, starts, and says itself ready to systemd', async () => {
    await install(box, name);
    await box.eventually('daemon', 20_000, 'systemctl is-active cdrd.service');
    expect((await box.sh('systemctl is-system-running')).trim()).toBe('running');
    expect(await box.sh('systemctl is-enabled cdrd.service cdrd.socket')).toBe('enabled\nenabled\n');
    expect(await box.sh('id -nG cdrd')).toBe('cdrd asterisk\n');
    expect(await box.sh('stat -c "%a %U %G %n" /etc/cdrd /etc/cdrd/cdrd.toml /var/lib/cdrd')).toBe(
      '750 root cdrd /etc/cdrd\n640 root cdrd /etc/cdrd/cdrd.toml\n750 cdrd cdrd /var/lib/cdrd\n',
    );
  });

  it('is set up by one command, and has nothing to do the second time', async () => {
    await box.sh('cdrd setup --yes --reload');
    // What no reload can change: the umask by which cdrd may delete what Asterisk writes.
    await box.sh('systemctl restart asterisk && asterisk -rx "core waitfullybooted"');
    expect(await box.sh('cdrd setup --yes --reload')).toContain('nothing to change');
    expect(await box.sh('ss -Hltnp')).toMatch(/127\.0\.0\.1:5039 .*asterisk/);
    await box.eventually('AMI of ours', 20_000, 'ss -Hltn | grep -F 127.0.0.1:5038');
    expect(await box.sh('stat -c "%a %G" /media/usbStorage/monitor')).toBe('2775 asterisk\n');
  });

  it('has nothing for doctor to name once the dialplan says where calls pass', async () => {
    await hook(box, name);
    expect(await doctor(box)).toEqual([]);
  });

  it('shows the first call, with its recording', async () => {
    await box.sh(`printf '%s\\n' '${PASSWORD}' | cdrd user set admin --role admin`);
    admin = await logIn(box, 'admin', PASSWORD);
    await office.call('202', 3);
    await office.call('209');
    const calls = await seen(() => admin.calls(), 2);
    expect(calls.map(({ src, dst, disposition, userfield }) => ({ src, dst, disposition, userfield }))).toEqual([
      { src: '201', dst: '209', disposition: 'BUSY', userfield: 'Internal' },
      { src: '201', dst: '202', disposition: 'ANSWERED', userfield: 'Internal' },
    ]);
    const [recording] = await seen(() => admin.recordings(), 1);
    const path = String(recording?.['path']);
    expect(path).toBe(calls[1]?.['Recording filename']);
    const wav = await admin.wav(path);
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    // Three seconds of 16-bit sound at 8 kHz, give or take how fast two busy cores are.
    expect(wav.length).toBeGreaterThan(2 * 16_000);
    expect(wav.equals(await readFile(box.path(`/media/usbStorage/monitor/${path}`)))).toBe(true);
    expect(await doctor(box)).toEqual([]);
  });

  it('deletes on the stick what Asterisk wrote', async () => {
    const [recording] = await admin.recordings();
    await admin.ask(20054, { wavefiles: String(recording?.['path']) });
    await seen(() => admin.recordings(), 0);
    expect(await box.sh('find /media/usbStorage/monitor -name "*.wav" -not -path "*/.*"')).toBe('');
    expect(await doctor(box)).toEqual([]);
  });

  it('is there again after a power cut', async () => {
    await box.cut();
    await box.boot();
    await office.leave();
    office = await staff(box);
    await box.eventually('daemon', 20_000, 'systemctl is-active cdrd.service');
    admin = await logIn(box, 'admin', PASSWORD);
    await office.call('202');
    await seen(() => admin.calls(), 3);
    await seen(() => admin.recordings(), 1);
    expect(await doctor(box)).toEqual([]);
  });

  it('leaves calls and settings when it is removed, and takes them up again', async () => {
    await box.sh('apt-get remove -y cdrd');
    expect((await box.try('systemctl is-active cdrd.service cdrd.socket')).output).toBe('inactive\ninactive\n');
    expect(await box.sh('ls /etc/cdrd/cdrd.toml /var/lib/cdrd/cdrd.db')).toContain('cdrd.db');
    // Asterisk goes on, whatever of ours it still reads.
    await office.call('202');
    await install(box, name);
    await box.eventually('daemon', 20_000, 'systemctl is-active cdrd.service');
    admin = await logIn(box, 'admin', PASSWORD);
    // The call of the meantime comes from the CSV.
    await seen(() => admin.calls(), 4);
    expect(await doctor(box)).toEqual([]);
  });

  it('leaves Asterisk what its dialplan still calls when it is purged, and everybody can call on', async () => {
    const purge = 'echo "cdrd cdrd/purge-data boolean true" | debconf-set-selections && apt-get purge -y cdrd';
    expect(await box.sh(purge)).toContain('/etc/asterisk/extensions_cdrd.conf stays');
    expect((await box.try('id cdrd')).code).not.toBe(0);
    const added = (await files(box)).filter((file) => !before.includes(file));
    expect(added).toEqual(['/etc/asterisk/extensions_cdrd.conf']);
    expect(await box.sh('find /media/usbStorage/monitor -name "*.wav" -not -path "*/.*" | wc -l')).not.toBe('0\n');
    await box.sh('systemctl restart asterisk && asterisk -rx "core waitfullybooted"');
    await office.call('202');
  });

  it('leaves nothing else once the dialplan is as it was', async () => {
    await install(box, name);
    await unhook(box, name);
    await box.sh('echo "cdrd cdrd/purge-data boolean true" | debconf-set-selections && apt-get purge -y cdrd');
    expect((await files(box)).filter((file) => !before.includes(file))).toEqual([]);
    expect(await box.sh(`cd /etc/asterisk && diff -rB /root/asterisk-before .`)).toBe('');
    expect((await box.sh('systemctl is-system-running')).trim()).toBe('running');
  });
});

/** Files and folders of the system itself, without what logs, package lists and Asterisk's own data are. */
async function files(box: Box): Promise<readonly string[]> {
  const passed = ['/proc', '/sys', '/dev', '/run', '/tmp', '/media', '/root', '/var/log', '/var/cache', '/var/tmp'];
  const own = ['/var/lib/apt', '/var/lib/dpkg', '/var/lib/systemd', '/var/lib/asterisk', '/var/spool'];
  const prune = [...passed, ...own].map((path) => `-path ${path}`).join(' -o ');
  return (await box.sh(`find / -xdev \\( ${prune} \\) -prune -o -print | sort`)).split('\n').filter(Boolean);
}
