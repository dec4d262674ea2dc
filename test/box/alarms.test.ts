/**
 * Alarms under a real systemd: Asterisk is stopped, the stick is pulled, and a mail of each comes to a sendmail that, like
 * postfix's, has to gain a group, which the daemon's own sandbox forbids. And all is well again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { type Client, logIn } from './client.ts';
import { doctor } from './doctor.ts';
import { install } from './package.ts';
import { cachedRoots } from './roots.ts';

const PASSWORD = 'alarms-of-the-box';
/** Half a minute from the start to the first look, then a look each five seconds, and a busy machine. */
const TOLD_MS = 90_000;

/** Where mails go: only who has the group `mail` may write there, as in /var/spool/postfix/maildrop. */
const SENDMAIL = `
install -d -m 2770 -o root -g mail /var/spool/drop
cp /usr/bin/dd /usr/lib/maildrop && chgrp mail /usr/lib/maildrop && chmod 2755 /usr/lib/maildrop
cat >/usr/sbin/sendmail <<'S'
#!/bin/sh
exec /usr/lib/maildrop status=none of=/var/spool/drop/$$.$(date +%s%N)
S
chmod 755 /usr/sbin/sendmail`;

describe.each(cachedRoots())('$name', ({ name, folder }) => {
  let box: Box;
  let admin: Client;
  beforeAll(async () => {
    box = await openBox(folder);
    await box.sh(SENDMAIL);
    await install(box, name);
    await box.sh('cdrd setup --yes --reload');
    await box.sh('systemctl restart asterisk && asterisk -rx "core waitfullybooted"');
    await box.eventually('daemon', 20_000, 'systemctl is-active cdrd.service');
    await box.sh(`printf '%s\\n' '${PASSWORD}' | cdrd user set admin --role admin`);
    admin = await logIn(box, 'admin', PASSWORD);
  });
  afterAll(async () => {
    await box?.close();
  });

  const mail = (words: string) => box.eventually(`mail: ${words}`, TOLD_MS, `grep -rl '${words}' /var/spool/drop`);

  it('the daemon itself could not send it, and its neighbour can', async () => {
    const tried = (property: string) =>
      box.try(`systemd-run -q --wait -p User=cdrd -p NoNewPrivileges=${property} sh -c 'echo x | sendmail -t -i'`);
    expect((await tried('yes')).code).not.toBe(0);
    expect((await tried('no')).code).toBe(0);
    expect(await box.sh('systemctl is-active cdrd-mail.path')).toBe('active\n');
  });

  it('a test arrives', async () => {
    await admin.ask(30017, {
      'alarm.mail': 'it@example.com,root',
      'alarm.sender': 'pbx@example.com',
      'alarm.after': '0',
    });
    expect(await admin.ask(30055, { send: 'mail' })).toMatchObject({
      test: { way: 'mail', state: 'arrived', why: '' },
    });
    const text = await box.sh(`cat ${(await mail('this is a test\\|This is a test')).trim()}`);
    expect(text).toMatch(/^From: pbx@example\.com\nTo: it@example\.com, root\nSubject: \[pbx\] cdrd: test\n/);
    expect(await box.sh('ls /var/lib/cdrd/mail')).toBe('');
  });

  it('doctor names mails that nobody takes, and what it prints mends that', async () => {
    await box.sh('systemctl stop cdrd-mail.path');
    expect(await admin.ask(30055, { send: 'mail' })).toMatchObject({ test: { state: 'failed' } });
    const [found, ...others] = await doctor(box);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ check: 'alarms.mail', state: 'warning', mend: 'systemctl start cdrd-mail.path' });
    await box.sh(found?.mend ?? '');
    expect(await admin.ask(30055, { send: 'mail' })).toMatchObject({ test: { state: 'arrived' } });
    expect(await doctor(box)).toEqual([]);
  });

  it('Asterisk gone is told, and that it is back', async () => {
    await box.sh('systemctl stop asterisk');
    await mail('Asterisk is gone');
    await box.sh('systemctl start asterisk');
    await mail('Asterisk is back');
  });

  it('a pulled stick is told, also by a daemon that is started anew meanwhile, and that one is in place again', async () => {
    await box.sh('umount -l /media/usbStorage');
    await mail('medium of the recordings is gone');
    // A stop before the daemon knows that it has gone would send it once more, with the same id.
    await box.eventually('end of the mail', 10_000, 'grep -F \'"mail":[]\' /var/lib/cdrd/alarms');
    await box.sh('systemctl restart cdrd && rm -rf /var/spool/drop/*');
    await box.sh('mount -t tmpfs -o size=64m,mode=755 tmpfs /media/usbStorage');
    await box.sh('install -d -m 2775 -o cdrd -g asterisk /media/usbStorage/monitor');
    await mail('medium of the recordings is in place again');
    expect((await box.try("grep -rl 'ALARM' /var/spool/drop")).code).not.toBe(0);
    expect(await box.sh('systemctl is-failed cdrd-mail.path cdrd-mail.service cdrd.service || true')).not.toContain(
      'failed',
    );
  });
});
