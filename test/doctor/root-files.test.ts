/** Folders that doctor tells root to give away: only those that are cdrd's or Asterisk's alone. */
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { csvFindings } from '../../daemon/doctor/root/csv.ts';
import { stateFolder } from '../../daemon/doctor/root/files.ts';
import { temporaryFolder } from '../support/folder.ts';

const asRoot = test.skipIf(process.getuid?.() !== 0);
/** Any user that isn't root. */
const NOBODY = { uid: 65534, gid: 65534, groups: [65534] };

asRoot('a state folder of root’s is given to cdrd, but not one that others have something in', () => {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'secret'));
  expect(stateFolder(dir, NOBODY).mend).toContain(`chown -hR nobody:nogroup ${dir}`);
  mkdirSync(join(dir, 'dpkg')); // state.dir = "/var/lib", say
  expect(stateFolder(dir, NOBODY)).toMatchObject({
    state: 'fault',
    says: `${dir} (state.dir) belongs to root and holds dpkg, which is none of cdrd's: name a folder of its own`,
    mend: null,
  });
});

asRoot('behind a link what it leads to counts, whoever the link belongs to', () => {
  const folder = temporaryFolder();
  const [real, link] = [join(folder, 'disk'), join(folder, 'cdrd')];
  mkdirSync(real, { mode: 0o750 });
  symlinkSync(real, link);
  lchownSync(link, NOBODY.uid, NOBODY.gid);
  expect(stateFolder(link, NOBODY)).toMatchObject({ state: 'fault', mend: expect.stringContaining(` ${real} && `) });
  chownSync(real, NOBODY.uid, NOBODY.gid);
  lchownSync(link, 0, 0);
  expect(stateFolder(link, NOBODY).state).toBe('ok');
});

asRoot('a folder of CSVs is given to Asterisk, but not one that others have something in', () => {
  const dir = temporaryFolder();
  chmodSync(dir, 0o700);
  const look = () => csvFindings(join(dir, 'Master.csv'), { ...NOBODY, umask: 0o002 })[0];
  expect(look()?.mend).toContain(`chown nobody:nogroup ${dir}`);
  mkdirSync(join(dir, 'apt')); // asterisk.cdr_csv = "/var/log/Master.csv", say
  expect(look()).toMatchObject({ check: 'cdr.csv', state: 'fault', mend: null });
});
