/**
 * A technician who has read nothing and does what doctor says: each command that it prints is pasted as root, then doctor is
 * asked again, until it names nothing that has a command. From a package that was only installed, and from a working box on
 * which several things were broken at once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, openBox } from './box.ts';
import { doctor } from './doctor.ts';
import { hook, moveIn, type Office, staff } from './office.ts';
import { install } from './package.ts';
import { cachedRoots } from './roots.ts';

/** A command may show what lies behind what it mended; more rounds than these lead nowhere. */
const ROUNDS = 4;
/** What only a person can do: the dialplan is the box's own. */
const BY_HAND = 'dialplan.used';

describe.each(cachedRoots())('$name', ({ name, folder }) => {
  let box: Box;
  let office: Office;
  beforeAll(async () => {
    box = await openBox(folder);
    await moveIn(box, name);
    office = await staff(box);
    await install(box, name);
    await box.eventually('daemon', 20_000, 'systemctl is-active cdrd.service');
  });
  afterAll(async () => {
    await office?.leave();
    await box?.close();
  });

  it('comes from the installation to a working box by what doctor says', async () => {
    const first = (await doctor(box)).map(({ check }) => check);
    expect(first).toContain('asterisk.reachable');
    const left = await follow(box);
    expect(left.map(({ check }) => check).filter((check) => check !== BY_HAND)).toEqual([]);
    await hook(box, name);
    await office.call('202');
    await box.eventually('recording', 15_000, 'ls /media/usbStorage/monitor/2*/*-Internal-201-202.wav');
    expect(await doctor(box)).toEqual([]);
  });

  it('is mended by what doctor says when several things are broken at once', async () => {
    await box.sh('systemctl stop asterisk');
    await box.sh('chmod 0755 /media/usbStorage/monitor && chown root:root /media/usbStorage/monitor');
    await box.sh(
      'chmod 0600 /etc/cdrd/cdrd.toml && chown root:root /etc/cdrd/cdrd.toml && systemctl restart cdrd || true',
    );
    await box.sh('sed -i "/tryinclude extensions_cdrd/d" /etc/asterisk/extensions.conf');
    expect((await doctor(box)).length).toBeGreaterThanOrEqual(2);
    expect(await follow(box)).toEqual([]);
    await office.call('202');
    await box.eventually('two recordings', 15_000, 'test $(ls /media/usbStorage/monitor/2*/*-201-202.wav | wc -l) = 2');
  });

  it('is mended when Asterisk and cdrd no longer agree, and another program has the port', async () => {
    await box.sh(
      'sed -i "s/^secret *=.*/secret = another/" /etc/asterisk/manager.d/cdrd.conf && asterisk -rx "manager reload"',
    );
    await box.sh(
      'sed -i "/^talkstart/d" /etc/asterisk/cdr_manager.conf && asterisk -rx "module reload cdr_manager.so"',
    );
    await box.sh('systemctl stop cdrd.service');
    // Another program, as a unit, so that it can be found and stopped.
    await box.sh(
      `systemd-run --unit=squatter perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 6); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, sockaddr_in(5038, INADDR_LOOPBACK)) or die; listen(S, 1); sleep 999'`,
    );
    await box.eventually('squatter', 5_000, 'ss -Hltn | grep -F 127.0.0.1:5038');
    await box.sh('systemctl start cdrd.service');
    const named = (await doctor(box)).map(({ check, says }) => `${check}: ${says}`).join('\n');
    console.log(named);
    expect(named).toMatch(/secret/);
    expect(named).toMatch(/perl/);
    await box.sh('systemctl stop squatter');
    expect(await follow(box)).toEqual([]);
  });
});

/** Pastes what doctor prints until it names nothing, or nothing with a command. @returns what is left. */
async function follow(box: Box): ReturnType<typeof doctor> {
  for (let round = 1; round <= ROUNDS; round++) {
    const found = await doctor(box);
    const mends = [...new Set(found.flatMap(({ mend }) => mend ?? []))];
    if (mends.length === 0) return found;
    for (const mend of mends) console.log(`round ${round}: ${mend} → ${(await box.try(mend)).code}`);
  }
  return doctor(box);
}
