/**
 * A box that was set up by hand, before there were packages, with calls, recordings and settings of its own: it takes the
 * newer package while a call is on, keeps everything, and goes back and forth again as README's "Update and roll back" says.
 * One story a root, told in order.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { type Client, logIn, type Row } from './client.ts';
import { doctor } from './doctor.ts';
import { seen } from './eventually.ts';
import { hook, moveIn, type Office, staff } from './office.ts';
import { install, made } from './package.ts';
import { cachedRoots } from './roots.ts';

const PASSWORD = 'kept-through-the-upgrade';
const OLDER_SCHEMA = 14;

/** What the older README told to do: copies of the snippets in place of Debian's files, and two keys of cdrd.toml. */
const BY_HAND = `set -e
cd /usr/share/cdrd/asterisk
for name in *.conf; do install -o asterisk -g asterisk -m 0640 "$name" /etc/asterisk/; done
sed -i s/CHANGE-ME/a-secret-by-hand/ /etc/asterisk/manager.conf
echo '#include extensions_cdrd.conf' >>/etc/asterisk/extensions.conf
sed -i -e 's/^#secret = .*/secret = "a-secret-by-hand"/' \\
  -e 's,^#cdr_csv = .*,cdr_csv = "/var/log/asterisk/cdr-custom/cdrd.csv",' /etc/cdrd/cdrd.toml
install -d -o asterisk -g asterisk -m 2775 /media/usbStorage/monitor
systemctl restart asterisk
asterisk -rx "core waitfullybooted"
systemctl restart cdrd`;

/** What the daemon that runs now has said of itself. */
const READY = `systemctl is-active cdrd.service >/dev/null &&
journalctl _SYSTEMD_INVOCATION_ID="$(systemctl show -p InvocationID --value cdrd)" | grep "cdrd is ready"`;

describe.each(cachedRoots())('$name', ({ name, folder }) => {
  let box: Box;
  let office: Office;
  let admin: Client;
  let calls: readonly Row[];
  let recordings: readonly Row[];
  // The older unit doesn't wait until the daemon is ready.
  const ready = (): Promise<string> => box.eventually('daemon', 30_000, READY);
  const up = async (): Promise<Client> => {
    await ready();
    return logIn(box, 'admin', PASSWORD);
  };
  beforeAll(async () => {
    box = await openBox(folder);
    await moveIn(box, name);
    office = await staff(box);
  });
  afterAll(async () => {
    await office?.leave();
    await box?.close();
  });

  it('works with the older package, set up by hand', async () => {
    await install(box, name, made('CDRD_BOX_OLDER'));
    await box.sh(BY_HAND);
    await ready();
    await box.sh(`printf '%s\\n' '${PASSWORD}' | cdrd user set admin --role admin`);
    await box.sh(`echo a-secret-of-ami | cdrd ami-user set crm --read cdr,call --permit 127.0.0.0/8`);
    admin = await up();
    await hook(box, name);
    await admin.ask(30017, { 'trash.days': '9' });
    for (const to of ['202', '209', '202'] as const) await office.call(to);
    calls = await seen(() => admin.calls(), 3);
    recordings = await seen(() => admin.recordings(), 2);
  });

  it('takes the newer package while a call is on, and has it and all that was', async () => {
    await Promise.all([install(box, name), office.call('202', 6)]);
    admin = await up();
    const now = await seen(() => admin.calls(), 4);
    expect(now.slice(1)).toEqual(calls);
    expect((await seen(() => admin.recordings(), 3)).slice(1)).toEqual(recordings);
    expect(JSON.stringify(await admin.ask(30016))).toMatch(/"trash\.days"[^}]*"?9"?/);
    expect(await box.sh('cdrd ami-user list')).toContain('crm');
    expect(await box.sh('cdrd verify')).not.toMatch(/differ(s|ence)/);
    expect(await box.sh('ls /var/lib/cdrd/backup')).toMatch(new RegExp(`^cdrd-schema${OLDER_SCHEMA}-.*\\.db$`, 'm'));
    expect(await box.sh('find /var/lib/cdrd /run/cdrd ! -user cdrd')).toBe('');
  });

  it('finds nothing to add to what was set up by hand, and doctor nothing to name', async () => {
    expect(await box.sh('cdrd setup --yes --reload')).not.toMatch(/manager\.conf is written/);
    expect(await box.sh('cdrd setup --yes')).toContain('nothing to change');
    await up();
    expect(await doctor(box)).toEqual([]);
  });

  it('refuses the newer store after a roll-back, and goes on with the copy from before the update', async () => {
    const older = made('CDRD_BOX_OLDER');
    await install(box, name, older, '--allow-downgrades');
    await box.eventually('refusal', 20_000, 'journalctl -u cdrd -b | grep "the store has schema"');
    await box.sh('systemctl stop cdrd.service cdrd.socket');
    await box.sh('cdrd restore --latest --config /etc/cdrd/cdrd.toml && systemctl start cdrd.socket cdrd.service');
    admin = await up();
    // The fourth call comes from the CSV.
    expect((await seen(() => admin.calls(), 4)).slice(1).map(content)).toEqual(calls.map(content));
    await seen(() => admin.recordings(), 3);
  });

  it('is updated again', async () => {
    await install(box, name);
    admin = await up();
    await office.call('202');
    expect((await seen(() => admin.calls(), 5)).slice(2).map(content)).toEqual(calls.map(content));
    await seen(() => admin.recordings(), 4);
    // That a backup took the store's place is the one thing left to say.
    expect((await doctor(box)).map(({ check, mend }) => ({ check, mend }))).toEqual([
      { check: 'store.whole', mend: null },
    ]);
    expect((await box.sh('systemctl is-system-running')).trim()).toBe('running');
  });
});

/** A row without what a restore gives anew. */
function content({ changed: _, ...row }: Row): Row {
  return row;
}
