/**
 * `cdrd setup` on boxes that somebody has worked on before: the real Asterisk reads what it writes, systemd lets the service
 * do what was chosen, and taking it back leaves the box as it was.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { install } from './package.ts';
import { cachedRoots } from './roots.ts';

/** Another program that has port 80, as a box with a web server of its own. */
const WEB = "require('node:http').createServer((q, a) => a.end('other')).listen(80, '::')";

describe.each(cachedRoots())('$name that somebody has worked on', ({ name, folder }) => {
  let box: Box;
  let web: ChildProcess | undefined;
  beforeAll(async () => {
    box = await openBox(folder);
    const [enter = '', ...words] = box.network();
    web = spawn(enter, [...words, process.execPath, '-e', WEB], { stdio: 'ignore' });
    await box.eventually('web server', 10_000, 'ss -Hltn | grep -F "*:80 "');
    // By hand, after our snippet, with its secret as it is; and somebody else's user.
    await box.sh(`printf '[general]\\nenabled = yes\\nport = 5038\\nbindaddr = 0.0.0.0\\n\\n[cdrd]\\nsecret = CHANGE-ME\\n' >/etc/asterisk/manager.conf
printf 'read = all\\nwrite = system,call,reporting\\n\\n[crm]\\nsecret = theirs\\nread = cdr\\n' >>/etc/asterisk/manager.conf`);
    await box.sh('cp -a /etc/asterisk /root/asterisk-before && asterisk -rx "manager reload"');
  });
  afterAll(async () => {
    web?.kill();
    await box?.close();
  });

  it('finds other ports and a folder on its own disk, and Asterisk with a secret of this box', async () => {
    await install(box, name);
    const said = await box.sh(
      'cdrd setup --yes --reload --http "[::]:8080" --https "[::]:8443" --recordings /srv/calls',
    );
    expect(said).toMatch(/programs that log in .* as crm find cdrd on 5038/);
    expect(said).not.toMatch(/theirs|CHANGE-ME/);
    const health = await box.eventually(
      'health',
      20_000,
      `node=$(command -v node || echo /usr/lib/cdrd/node); $node -e "fetch('http://127.0.0.1:8080/healthz').then((a) => a.text()).then((t) => { console.log(t); process.exit(/asterisk.:.{1,3}state.:.up/.test(t) ? 0 : 1) })"`,
    );
    const { asterisk, recordings } = JSON.parse(health);
    expect({ asterisk: asterisk.state, recordings: recordings.state, writable: recordings.writable }).toEqual({
      asterisk: 'up',
      recordings: 'mounted',
      writable: true,
    });
    expect(await box.sh('grep -c CHANGE-ME /etc/cdrd/cdrd.toml || true')).toBe('0\n');
  });

  it('deletes in that folder what Asterisk made, and nothing elsewhere', async () => {
    expect(await box.sh('stat -c "%a %U %G" /srv/calls')).toBe('2775 asterisk asterisk\n');
    await box.sh(
      `runuser -u asterisk -- sh -c 'umask 2; mkdir /srv/calls/20260101; echo x >/srv/calls/20260101/x.wav'`,
    );
    const as =
      'nsenter -t $(systemctl show -p MainPID --value cdrd) -m setpriv --reuid cdrd --regid cdrd --init-groups';
    await box.sh(`${as} rm /srv/calls/20260101/x.wav`);
    expect((await box.try(`${as} touch /srv/x`)).output).toContain('Read-only');
  });

  it('has nothing to do the second time, and is as it was when it is taken back', async () => {
    expect(await box.sh('cdrd setup --yes')).toContain('nothing to change');
    await box.sh('cdrd setup --undo --yes --reload');
    // Nothing starts it again with the next page that somebody asks for.
    expect((await box.try('systemctl is-active cdrd.socket cdrd.service')).output).not.toMatch(/^active$/m);
    await box.sh('rm /etc/asterisk/*.before-cdrd-*');
    expect(await box.sh('diff -r /root/asterisk-before /etc/asterisk')).toBe('');
    expect(await box.sh('ss -Hltnp')).toMatch(/0\.0\.0\.0:5038 .*asterisk/);
    expect((await box.try('ls /etc/logrotate.d/cdrd')).code).not.toBe(0);
  });
});
