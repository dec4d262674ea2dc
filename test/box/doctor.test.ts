/**
 * A technician's ten minutes: a healthy box gives no warning; one that is broken is told what is wrong with it, and nothing
 * else; the command that stands below the line, pasted as it is, mends it. Then the same with two things broken at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../daemon/doctor/finding.ts';
import { type Box, openBox } from './box.ts';
import { hook, moveIn, type Office, staff } from './office.ts';
import { install } from './package.ts';
import { cachedRoots } from './roots.ts';

/** One thing broken. */
interface Break {
  readonly what: string;
  /** As root. */
  readonly how: string;
  /** Checks that name it; the first has the command. */
  readonly named: readonly string[];
  /** What the first says of it. */
  readonly says: RegExp;
}

const CONFIG = '/etc/cdrd/cdrd.toml';
const MONITOR = '/media/usbStorage/monitor';
const RESTARTED = 'systemctl restart asterisk && asterisk -rx "core waitfullybooted" >/dev/null';

/** Looks of half a second at what has still to come up, and of as long as an examination takes. */
const LOOKS_MAX = 15;

const namesOf = (findings: readonly Finding[]) => findings.map(({ check }) => check).sort();

/** Nobody breaks and mends a box five times in ten seconds, after which systemd starts nothing more. */
const UNHURRIED = 'systemctl reset-failed cdrd; ';

const BREAKS: readonly Break[] = [
  {
    what: 'Asterisk is stopped',
    how: 'systemctl stop asterisk',
    named: ['asterisk.reachable'],
    says: /not running/,
  },
  {
    what: 'another secret in cdrd.toml',
    how: `sed -i 's/^secret = .*/secret = "wrong"/' ${CONFIG} && systemctl restart cdrd`,
    named: ['asterisk.secret'],
    says: /another one than asterisk.secret/,
  },
  {
    what: "Asterisk's AMI is back on 5038",
    how: `systemctl stop cdrd; sed -i 's/^port *=.*/port = 5038/' /etc/asterisk/manager.conf /etc/asterisk/manager.d/*.conf && ${RESTARTED}; systemctl start cdrd`,
    named: ['asterisk.reachable', 'ports.ami'],
    says: /another port than 5039/,
  },
  {
    what: 'our user may not write',
    how: `sed -i 's/^write = .*/write = call/' /etc/asterisk/manager.d/cdrd.conf && asterisk -rx "manager reload" && systemctl restart cdrd`,
    named: ['asterisk.rights'],
    says: /lacks write = system,reporting/,
  },
  {
    what: 'no events with records',
    how: `: >/etc/asterisk/cdr_manager.conf && asterisk -rx "module reload cdr_manager.so"`,
    named: ['cdr.mappings'],
    says: /cdr_manager.conf is off/,
  },
  {
    what: 'a mapping is missing',
    how: `sed -i '/^linkedid/d' /etc/asterisk/cdr_manager.conf && asterisk -rx "module reload cdr_manager.so"`,
    named: ['cdr.mappings'],
    says: /does not map linkedid/,
  },
  {
    what: 'no records at all',
    how: `printf '[general]\\nenable = no\\n' >/etc/asterisk/cdr.conf && asterisk -rx "module reload cdr"`,
    named: ['cdr.enabled'],
    says: /enable = no/,
  },
  {
    what: 'no CSV with every field',
    how: `printf '[mappings]\\n' >/etc/asterisk/cdr_custom.conf && asterisk -rx "module reload cdr_custom.so"`,
    named: ['cdr.columns'],
    says: /does not write cdrd.csv/,
  },
  {
    what: 'the CSV is closed to our group',
    how: 'chmod 0600 /var/log/asterisk/cdr-custom/cdrd.csv && systemctl restart cdrd',
    named: ['cdr.csv'],
    says: /can't be read/,
  },
  {
    what: 'Asterisk may not write the CSV',
    how: 'chown root:asterisk /var/log/asterisk/cdr-custom/cdrd.csv && chmod 0640 /var/log/asterisk/cdr-custom/cdrd.csv',
    named: ['cdr.csv'],
    says: /Asterisk's user can't write/,
  },
  {
    what: 'the dialplan is not included',
    how: `sed -i '/extensions_cdrd/d' /etc/asterisk/extensions.conf && asterisk -rx "dialplan reload"`,
    named: ['dialplan.loaded'],
    says: /has no cdrd-answer/,
  },
  {
    what: 'the recordings folder is root’s',
    how: `chown root:root ${MONITOR} && chmod 0755 ${MONITOR} && systemctl restart cdrd`,
    named: ['recordings.folder'],
    says: /can't record to .*EACCES/,
  },
  {
    what: 'Asterisk’s umask keeps its group out',
    how: `systemctl set-property --runtime asterisk.service UMask=0022 2>/dev/null; mkdir -p /etc/systemd/system/asterisk.service.d && printf '[Service]\\nUMask=0022\\n' >/usr/lib/systemd/system/asterisk.service.d/zz.conf; systemctl daemon-reload && ${RESTARTED}; rm /usr/lib/systemd/system/asterisk.service.d/zz.conf`,
    named: ['recordings.folder'],
    says: /umask is 0022/,
  },
  {
    what: 'cdrd is not in Asterisk’s group',
    how: 'chmod 0640 /var/log/asterisk/cdr-custom/cdrd.csv; gpasswd -d cdrd asterisk; systemctl restart cdrd || true',
    named: ['recordings.folder', 'cdr.csv'],
    says: /not in the group asterisk/,
  },
  {
    what: 'the stick is not mounted',
    how: `mkdir -p /mnt/stick; mountpoint -q /mnt/stick || mount --bind /media/usbStorage /mnt/stick; grep -q usbStorage /etc/fstab || echo '/mnt/stick /media/usbStorage none bind 0 0' >>/etc/fstab; umount /media/usbStorage`,
    named: ['medium.state'],
    says: /no medium/,
  },
  {
    what: 'the stick is read-only',
    how: 'mount -o remount,ro /media/usbStorage',
    named: ['medium.state', 'recordings.folder'],
    says: /read-only/,
  },
  {
    what: 'files of root’s in the state folder',
    how: 'chown root:root /var/lib/cdrd/secret/device-key',
    named: ['state.folder'],
    says: /device-key does not belong to cdrd/,
  },
  {
    what: 'the configuration is open to everybody',
    how: `systemctl stop cdrd; chmod 0644 ${CONFIG}; systemctl start cdrd || true`,
    named: ['daemon.running', 'config.keys'],
    says: /mode must be 0640/,
  },
  {
    what: 'a word that no key has',
    how: `sed -i 's/^\\[http\\]/[http]\\nlissten = "x"/' ${CONFIG}; systemctl restart cdrd || true`,
    named: ['daemon.running', 'config.keys'],
    says: /does not run: .*cdrd.toml/,
  },
  {
    what: 'another zone than Asterisk’s',
    how: `sed -i '/^zone = /d; s/^\\[time\\]/[time]\\nzone = "Asia\\/Tokyo"/' ${CONFIG} && systemctl restart cdrd`,
    named: ['clock.zone'],
    says: /times of records are read wrongly/,
  },
  {
    what: 'the certificate is broken',
    how: 'echo x >/var/lib/cdrd/secret/tls.crt && systemctl restart cdrd',
    named: ['certificate.end'],
    says: /certificate/,
  },
  {
    what: 'the AMI is open to the world',
    how: `sed -i 's/^\\[ami\\]/[ami]\\nlisten = "0.0.0.0:5038"\\npermit = ["all"]/' ${CONFIG} && systemctl restart cdrd`,
    named: ['permitted.ami'],
    says: /permitted from everywhere/,
  },
  {
    what: 'another program has the port of the AMI that cdrd offers',
    how: `systemctl stop cdrd; systemd-run --unit=other --collect node -e 'require("node:net").createServer().listen(5038)' && sleep 1; systemctl start cdrd`,
    named: ['ports.ami'],
    says: /node \(process \d+, service other\) holds port 5038/,
  },
  {
    what: 'a phone outside of the range of extensions',
    how: `printf '\n[7001]\ntype = endpoint\ncontext = office\ndisallow = all\nallow = ulaw\nauth = 7001\naors = 7001\n[7001]\ntype = auth\nauth_type = userpass\nusername = 7001\npassword = x\n[7001]\ntype = aor\nmax_contacts = 1\n' >>/etc/asterisk/pjsip.conf && asterisk -rx "module reload res_pjsip.so" && sleep 1`,
    named: ['trunks.rules'],
    says: /PJSIP\/7001: it logs in here like a phone/,
  },
  {
    what: 'a trunk that looks like an extension',
    how: `printf '\n[150]\ntype = endpoint\ncontext = office\ndisallow = all\nallow = ulaw\noutbound_auth = 150\naors = 150\n[150]\ntype = auth\nauth_type = userpass\nusername = 150\npassword = x\n[150]\ntype = aor\ncontact = sip:127.0.0.1:5999\n' >>/etc/asterisk/pjsip.conf && asterisk -rx "module reload res_pjsip.so" && sleep 1`,
    named: ['trunks.rules'],
    says: /PJSIP\/150: Asterisk logs in there/,
  },
  {
    what: 'nobody has started it',
    how: 'systemctl stop cdrd',
    named: ['daemon.running'],
    says: /nobody has started it/,
  },
];

const PAIRS: readonly (readonly [string, string])[] = [
  ['Asterisk is stopped', 'files of root’s in the state folder'],
  ['a mapping is missing', 'the recordings folder is root’s'],
  ['the dialplan is not included', 'the certificate is broken'],
  ['another zone than Asterisk’s', 'no CSV with every field'],
  ['a word that no key has', 'the dialplan is not included'],
  ['nobody has started it', 'no records at all'],
];

/** Once is enough of what doctor does; each root asks it in its other stories. */
const SIDS = cachedRoots().filter(({ name }) => name === 'sid');
it.skipIf(SIDS.length > 0)('is gone through on sid alone', () => {});

describe.each(SIDS)('a box of $name', ({ name, folder }) => {
  let box: Box;
  let office: Office | undefined;

  const examined = async (): Promise<readonly Finding[]> => {
    const { output } = await box.try('cdrd doctor --json');
    return (JSON.parse(output.slice(output.indexOf('{'))) as { findings: Finding[] }).findings;
  };
  const wrong = async () => (await examined()).filter(({ state }) => state !== 'ok');
  /** What a technician sees once all has come up, or what there is after the last look. */
  const lookedUntil = async (isSo: (found: readonly Finding[]) => boolean): Promise<readonly Finding[]> => {
    let found = await wrong();
    for (let looks = 0; looks < LOOKS_MAX && !isSo(found); looks++) {
      await sleep(500);
      found = await wrong();
    }
    return found;
  };
  const wrongInTheEnd = (names: readonly string[]) =>
    lookedUntil((found) => namesOf(found).join() === [...names].sort().join());
  const mend = async ({ mend: command, says }: Finding): Promise<void> => {
    expect(command, says).not.toBeNull();
    await box.sh(`${UNHURRIED}${command}`);
  };

  beforeAll(async () => {
    box = await openBox(folder);
    await moveIn(box, name);
    await install(box, name);
    await box.sh('cdrd setup --yes --reload');
    await box.sh(`install -d -o asterisk -g asterisk -m 2775 ${MONITOR} && ${RESTARTED} && systemctl restart cdrd`);
    await hook(box, name);
    office = await staff(box);
    await office.call('202');
  }, 300_000);
  afterAll(async () => {
    await office?.leave();
    await box?.close();
  });

  it('is well: no warning, and exit 0', async () => {
    expect(await wrongInTheEnd([])).toEqual([]);
    expect((await box.try('cdrd doctor')).code).toBe(0);
  });

  it.each(BREAKS)('$what: is named, and mended by what is printed', async ({ how, named, says }) => {
    await box.sh(`${UNHURRIED}${how}`);
    const found = await wrongInTheEnd(named);
    expect(namesOf(found)).toEqual([...named].sort());
    const first = found.find(({ check }) => check === named[0]) as Finding;
    expect(first.says).toMatch(says);
    await mend(first);
    expect(await wrongInTheEnd([])).toEqual([]);
  });

  it.each(PAIRS)('%s, and %s: both are named, and mended one after the other', async (...names) => {
    const breaks = names.map((each) => BREAKS.find(({ what }) => what === each) as Break);
    for (const { how } of breaks) await box.sh(`${UNHURRIED}${how}`);
    const all = new Set((await wrong()).map(({ check }) => check));
    // Behind a daemon that doesn't run some of it shows only when it does.
    let left: readonly Finding[] = await wrong();
    for (let turns = 0; left.length > 0 && turns < 4; turns++) {
      for (const { check } of left) all.add(check);
      const first = left[0] as Finding;
      await mend(first);
      left = await lookedUntil((found) => !namesOf(found).includes(first.check));
    }
    // What follows from one of them may be over before it is looked at.
    for (const { named } of breaks) expect(all).toContain(named[0]);
    expect(await wrongInTheEnd([])).toEqual([]);
  });
});
