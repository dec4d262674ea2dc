/**
 * The package with Node inside on a Debian that has none, under SysV: installed, restarted by an upgrade that keeps what was
 * changed, removed, and purged with and without the data; also where Asterisk, debconf or all of Debian's tools are missing.
 */
import { describe, expect, inject, test } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import pinned from './node.json' with { type: 'json' };
import { inRoot } from './root.ts';

const [here, elsewhere] = inject('builds');
const name = `cdrd_${about.version}+node${pinned.version}-1_amd64.deb`;
const DEB = { 'cdrd.deb': `${here}/0/${name}`, 'again.deb': `${elsewhere}/0/${name}` };
/** Everything that there is of cdrd; the packages themselves apart. */
const TRACES = `
  find / -xdev -iname '*cdrd*' ! -path '/proc/*' ! -path '/packages*' ! -name .cdrd-complete
  grep -s cdrd /etc/passwd /etc/group /etc/shadow /etc/gshadow /var/lib/dpkg/status /var/cache/debconf/*.dat
  ls -d /run/cdrd* /var/lib/systemd/deb-systemd-helper-enabled/*cdrd* 2>/dev/null
  grep -rsw cdrd /etc/asterisk
`;

test.skipIf(process.arch !== 'x64')(
  'installed it runs as its user; an upgrade restarts it and keeps what was changed',
  () => {
    const { part, output } = inRoot(
      `
    part install; dpkg -i /packages/cdrd.deb; echo "status $?"
    part runs; until_so is_ready; /etc/init.d/cdrd status; pid=$(cat /run/cdrd.pid)
    grep -E '^(Uid|Gid):' /proc/$pid/status; readlink /proc/$pid/exe; id cdrd
    part places; stat -c '%A %U:%G %n' /etc/cdrd /etc/cdrd/cdrd.toml /var/lib/cdrd /var/lib/cdrd/secret /run/cdrd /run/cdrd/ami.sock
    part command; cdrd ami-user list; cdrd user set admin --role wrong; echo "status $?"
    part help; cdrd --version; cdrd help | head -n 1; cdrd backup --config /nowhere; cdrd ami-user list -c /nowhere; cdrd
    sed -i 's/^#listen = ".*:80"/listen = "127.0.0.1:8080" # mine/' /etc/cdrd/cdrd.toml
    sed -i 's/^#CDRD_USER=.*/CDRD_USER=cdrd # mine/' /etc/default/cdrd; : >/tmp/log
    part upgrade; dpkg -i /packages/again.deb </dev/null; echo "status $?"
    part again; until_so is_ready; cat /run/cdrd.pid | grep -vx "$pid" | wc -l; grep -c 'http=http://127.0.0.1:8080' /tmp/log
    grep -h mine /etc/default/cdrd /etc/cdrd/cdrd.toml; stat -c '%A %U:%G' /etc/cdrd/cdrd.toml
    part remove; pid=$(cat /run/cdrd.pid); dpkg -r cdrd; echo "status $?"; kill -0 $pid; ls -d /usr/bin/cdrd /usr/lib/cdrd /run/cdrd /run/cdrd.pid
    ls -d /etc/cdrd/cdrd.toml /var/lib/cdrd/cdrd.db
    part purge; dpkg -P cdrd; echo "status $?"; ls -d /etc/cdrd /etc/init.d/cdrd /var/lib/cdrd/cdrd.db; stat -c %U /var/lib/cdrd
    part once-more; dpkg -i /packages/cdrd.deb >/dev/null 2>&1; stat -c %U /var/lib/cdrd/cdrd.db
    echo 'cdrd cdrd/purge-data boolean true' | debconf-set-selections
    mkdir -p /media/usbStorage/monitor/.cdrd; touch /media/usbStorage/monitor/.cdrd/backup
    part purge-all; dpkg -P cdrd; echo "status $?"; ls -A /media/usbStorage/monitor/.cdrd; rm -r /media/usbStorage
    part traces; ${TRACES}
  `,
      DEB,
    );
    expect(part('install'), output).toMatch(/status 0$/);
    const [status, uid, gid, exe, ids] = part('runs').split('\n');
    expect(status).toMatch(/^cdrd runs, pid \d+$/);
    const own = /^uid=(\d+)\(cdrd\) gid=(\d+)\(cdrd\) groups=.*\(asterisk\)/.exec(ids ?? '');
    expect(own, ids).not.toBeNull();
    expect([uid, gid]).toEqual([
      `Uid:\t${Array(4).fill(own?.[1]).join('\t')}`,
      `Gid:\t${Array(4).fill(own?.[2]).join('\t')}`,
    ]);
    expect(exe).toBe('/usr/lib/cdrd/node');
    expect(part('places').split('\n')).toEqual([
      'drwxr-x--- root:cdrd /etc/cdrd',
      '-rw-r----- root:cdrd /etc/cdrd/cdrd.toml',
      'drwxr-x--- cdrd:cdrd /var/lib/cdrd',
      'drwx------ cdrd:cdrd /var/lib/cdrd/secret',
      'drwxr-x--- cdrd:cdrd /run/cdrd',
      'srw-rw---- cdrd:cdrd /run/cdrd/ami.sock',
    ]);
    expect(part('command')).toMatch(/^there are no AMI users\nthe role must be admin or monitor\n[\s\S]*status 64$/);
    const help = part('help').split('\n');
    expect(help.slice(0, 2)).toEqual([`cdrd ${about.version}`, `cdrd ${about.version}`]);
    expect(help.filter((line) => line.includes('/nowhere'))).toHaveLength(2);
    expect(help.filter((line) => line.includes('say which command'))).toHaveLength(1);
    expect(part('upgrade')).toMatch(/status 0$/);
    expect(part('again').split('\n')).toEqual([
      '1',
      '1',
      'CDRD_USER=cdrd # mine',
      'listen = "127.0.0.1:8080" # mine',
      '-rw-r----- root:cdrd',
    ]);
    expect(part('remove')).toMatch(/status 0\n/);
    for (const gone of ['/usr/bin/cdrd', '/usr/lib/cdrd', '/run/cdrd', '/run/cdrd.pid'])
      expect(part('remove')).toMatch(new RegExp(`${gone}'?: No such`));
    expect(part('remove')).toMatch(/No such process\n[\s\S]*\n\/etc\/cdrd\/cdrd\.toml\n\/var\/lib\/cdrd\/cdrd\.db$/);
    expect(part('purge')).toContain('/var/lib/cdrd is kept, with all calls and settings, and its user');
    expect(part('purge')).toMatch(
      /status 0\n[\s\S]*\/etc\/cdrd'?: No such[\s\S]*\/etc\/init\.d\/cdrd'?: No such[\s\S]*\n\/var\/lib\/cdrd\/cdrd\.db\ncdrd$/,
    );
    expect(part('once-more')).toBe('cdrd');
    expect(part('purge-all')).toMatch(/status 0\nbackup$/);
    expect(part('traces')).toBe('');
  },
);

describe.skipIf(process.arch !== 'x64')('where something is missing', () => {
  test('debconf: it installs all the same, and a purge keeps the data', () => {
    const { part, output } = inRoot(
      `
      mv /usr/share/debconf/confmodule /tmp/
      part install; dpkg -i --force-depends /packages/cdrd.deb; echo "status $?"; until_so is_ready
      part purge; dpkg -P cdrd; echo "status $?"; ls /var/lib/cdrd/cdrd.db; id -nu cdrd
    `,
      DEB,
    );
    expect(part('install'), output).toMatch(/status 0$/);
    expect(part('purge')).toMatch(/is kept[\s\S]*status 0\n\/var\/lib\/cdrd\/cdrd\.db\ncdrd$/);
  });

  test('Asterisk: it runs without its group, and takes it when Asterisk comes', () => {
    const { part, output } = inRoot(
      `
      deluser asterisk >/dev/null 2>&1; delgroup asterisk >/dev/null 2>&1
      dpkg -i /packages/cdrd.deb; until_so is_ready
      part before; id -nG cdrd
      addgroup --system asterisk >/dev/null; : >/tmp/log
      part trigger; dpkg-trigger --by-package=asterisk /usr/sbin/asterisk; dpkg --configure --pending; echo "status $?"
      part after; id -nG cdrd; until_so is_ready; grep '^Groups' /proc/$(cat /run/cdrd.pid)/status | wc -w
    `,
      DEB,
    );
    expect(part('before'), output).toBe('cdrd');
    expect(part('trigger')).toMatch(/status 0$/);
    expect(part('after').split('\n')).toEqual(['cdrd asterisk', '3']);
  });

  test('its user, but not its data: they are the new user’s', () => {
    const { part, output } = inRoot(
      `
      mkdir -m 750 /var/lib/cdrd; echo kept >/var/lib/cdrd/note; chown -R 4711:4711 /var/lib/cdrd; ln -s /etc/hostname /var/lib/cdrd/link
      dpkg -i /packages/cdrd.deb; until_so is_ready
      part owners; stat -c '%U %n' /var/lib/cdrd /var/lib/cdrd/note /var/lib/cdrd/link /etc/hostname
    `,
      DEB,
    );
    expect(part('owners').split('\n'), output).toEqual([
      'cdrd /var/lib/cdrd',
      'cdrd /var/lib/cdrd/note',
      'cdrd /var/lib/cdrd/link',
      'root /etc/hostname',
    ]);
  });

  test('Debian’s tools: prepare names what it can’t do, and does the rest by busybox', () => {
    const { part, output } = inRoot(
      `
      dpkg -x /packages/cdrd.deb /
      mkdir /tmp/bin; for applet in $(/packages/busybox --list); do ln -s /packages/busybox /tmp/bin/$applet; done
      prepare() { env -i PATH=/tmp/bin /tmp/bin/sh /usr/lib/cdrd/prepare; echo "status $?"; }
      part nobody; prepare
      echo 'cdrd:x:900:' >>/etc/group; echo 'cdrd:x:900:900::/var/lib/cdrd:/bin/false' >>/etc/passwd
      part no-group; prepare
      sed -i 's/^asterisk:.*/&cdrd/' /etc/group
      part prepare; prepare; prepare
      part made; stat -c '%A %U:%G %n' /etc/cdrd /etc/cdrd/cdrd.toml /var/lib/cdrd
    `,
      { ...DEB, busybox: '/bin/busybox' },
    );
    expect(part('nobody'), output).toMatch(/: make a user cdrd of a group cdrd: .*\nstatus 1$/);
    expect(part('no-group')).toMatch(/: put the user cdrd into the group asterisk: .*\nstatus 1$/);
    expect(part('prepare')).toBe('status 0\nstatus 0');
    expect(part('made').split('\n')).toEqual([
      'drwxr-x--- root:cdrd /etc/cdrd',
      '-rw-r----- root:cdrd /etc/cdrd/cdrd.toml',
      'drwxr-x--- cdrd:cdrd /var/lib/cdrd',
    ]);
  });
});

test.skipIf(process.arch !== 'x64')(
  'what Asterisk has recorded becomes its group’s to delete, and nothing else',
  () => {
    const { part, output } = inRoot(
      `
    monitor=/media/usbStorage/monitor; mkdir -p $monitor/20260327 $monitor/others $monitor/.cdrd /srv/away
    chown -R asterisk:asterisk $monitor /srv/away; chown root:root $monitor/others; chmod 755 $monitor $monitor/* $monitor/.cdrd
    touch $monitor/20260327/a.wav; ln -s /srv/away $monitor/link
    dpkg -i /packages/cdrd.deb
    part modes; stat -c '%a %U:%G %n' $monitor $monitor/20260327 $monitor/others $monitor/.cdrd /srv/away
    part deletes; runuser -u cdrd -- rm -f $monitor/20260327/a.wav; echo "status $?"
    runuser -u asterisk -- sh -c "umask 0002; mkdir $monitor/20260328; touch $monitor/20260328/b.wav"
    runuser -u cdrd -- rm -f $monitor/20260328/b.wav; echo "status $?"
    # The folder itself for a link.
    mv $monitor /srv/real; chmod 00755 /srv/real; ln -s /srv/real $monitor
    part link; /usr/lib/cdrd/prepare; stat -c %a /srv/real
    part import; printf '%s\\n' '"","616","201","internal","616","SIP/616-1","SIP/201-2","Dial","x","2026-03-29 10:00:00","","2026-03-29 10:00:12",12,0,"NO ANSWER","DOCUMENTATION","1774778400.1",""' >/srv/Master.csv
    /etc/init.d/cdrd stop; chown root:asterisk /srv/Master.csv; chmod 640 /srv/Master.csv
    cdrd import /srv/Master.csv; echo "status $?"; find /var/lib/cdrd ! -user cdrd
  `,
      DEB,
    );
    expect(part('modes').split('\n'), output).toEqual([
      '2775 asterisk:asterisk /media/usbStorage/monitor',
      '2775 asterisk:asterisk /media/usbStorage/monitor/20260327',
      '755 root:root /media/usbStorage/monitor/others',
      '755 asterisk:asterisk /media/usbStorage/monitor/.cdrd',
      '755 asterisk:asterisk /srv/away',
    ]);
    expect(part('deletes').split('\n')).toEqual(['status 0', 'status 0']);
    expect(part('link')).toBe('755');
    expect(part('import')).toMatch(/status 0$/);
  },
);
