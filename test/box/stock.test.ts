/**
 * What a technician finds before cdrd comes: the box boots, Debian's Asterisk is up with its stock configuration, and calls
 * are carried and written down. Whatever fails here is no fault of ours.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { moveIn, type Office, staff, TECH } from './office.ts';
import { cachedRoots } from './roots.ts';

describe.each(cachedRoots())('$name before the installation', ({ name, folder }) => {
  let box: Box;
  let office: Office | undefined;
  beforeAll(async () => {
    box = await openBox(folder);
  });
  afterAll(async () => {
    await office?.leave();
    await box?.close();
  });

  it('boots, and Asterisk is up on the ports that Debian gives it', async () => {
    expect((await box.sh('systemctl is-system-running')).trim()).toBe('running');
    expect(await box.sh('asterisk -V')).toMatch(name === 'sid' ? /^Asterisk 22\./ : /^Asterisk 16\.28\./);
    expect(await box.sh('ss -Hltn')).toContain('127.0.0.1:5038');
  });

  it('carries calls and writes them into Master.csv', async () => {
    await moveIn(box, name);
    office = await staff(box);
    await office.call('202');
    await office.call('209');
    const csv = await box.eventually('records', 5_000, 'cat /var/log/asterisk/cdr-csv/Master.csv | grep -B9 BUSY');
    expect(csv.trim().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`"201","202","office",.*"${TECH[name]}/202-.*"ANSWERED"`)),
      expect.stringMatching(new RegExp(`"201","209","office",.*"${TECH[name]}/209-.*"BUSY"`)),
    ]);
  });

  it('is the same box after the plug was pulled and after an orderly halt', async () => {
    const lines = await box.sh('wc -l </var/log/asterisk/cdr-csv/Master.csv');
    await box.cut();
    await box.boot();
    expect(await box.sh('wc -l </var/log/asterisk/cdr-csv/Master.csv')).toBe(lines);
    await box.halt();
    await box.boot();
    expect((await box.sh('systemctl is-active asterisk')).trim()).toBe('active');
    expect(await box.sh('findmnt -no FSTYPE /media/usbStorage')).toContain('ext4');
  });
});
