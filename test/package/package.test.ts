/** What `make package` makes: the same bytes wherever it is built, what Debian asks of a package, and nothing that isn't ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import { temporaryFolder } from '../support/folder.ts';
import { source } from './layout.ts';
import pinned from './node.json' with { type: 'json' };

const [here, elsewhere] = inject('builds');
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

const VERSIONS = { all: `${about.version}-1`, inside: `${about.version}+node${pinned.version}-1` };
const DEBS = {
  all: `${here}/6/cdrd_${VERSIONS.all}_all.deb`,
  amd64: `${here}/0/cdrd_${VERSIONS.inside}_amd64.deb`,
  arm64: `${here}/0/cdrd_${VERSIONS.inside}_arm64.deb`,
};
const deb = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8', maxBuffer: 1e8 });

/** `MODE OWNER PATH` of each entry. */
const entries = (listing: string) =>
  listing
    .trim()
    .split('\n')
    .map((line) => {
      const [mode = '', owner = '', , , , ...path] = line.split(/\s+/);
      return { mode, owner, path: path.join(' ').replace(/^\.\//, '/') };
    });

describe('two builds, from two folders, umasks, time zones and languages', () => {
  test('have one checksum', () => {
    expect(files(elsewhere)).toEqual(files(here));
    expect(files(here)).toHaveLength(10);
    for (const name of files(here)) expect(sum(join(elsewhere, name)), name).toBe(sum(join(here, name)));
  });

  test('the list of checksums is right', () => {
    for (const folder of ['0', '6']) {
      const cwd = join(here, folder);
      expect(spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd }).status).toBe(0);
      expect(readFileSync(join(cwd, 'SHA256SUMS'), 'utf8').split('\n')).toHaveLength(files(cwd).length);
    }
  });
});

describe.each(Object.entries(DEBS))('%s', (architecture, path) => {
  const isNodeInside = architecture !== 'all';

  test('lintian finds nothing', () => {
    const { status, stdout, stderr } = spawnSync(
      'lintian',
      ['--allow-root', '--fail-on', 'error,warning', '--tag-display-limit', '0', path],
      { encoding: 'utf8' },
    );
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  test('says what it is and needs', () => {
    expect(deb('-f', path, 'Package', 'Version', 'Architecture', 'Depends', 'Recommends').trim().split('\n')).toEqual([
      'Package: cdrd',
      `Version: ${isNodeInside ? VERSIONS.inside : VERSIONS.all}`,
      `Architecture: ${architecture}`,
      isNodeInside
        ? 'Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 5.2), passwd'
        : 'Depends: nodejs (>= 20.19), passwd',
      'Recommends: debconf (>= 0.5) | debconf-2.0',
    ]);
    expect(about.engines.node).toBe('>=20.19.0');
    expect(deb('-I', path, 'conffiles').trim().split('\n')).toEqual(['/etc/init.d/cdrd', '/etc/default/cdrd']);
  });

  test('is root’s, in folders that belong there, writable by nobody else, and only programs can be started', () => {
    const list = entries(deb('-c', path));
    expect(list.filter(({ owner }) => owner !== 'root/root')).toEqual([]);
    expect(list.filter(({ mode }) => !/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/.test(mode))).toEqual([]);
    const programs = list.filter(({ mode }) => mode === '-rwxr-xr-x').map((each) => each.path);
    expect(programs.sort()).toEqual([
      '/etc/init.d/cdrd',
      '/usr/bin/cdrd',
      ...(isNodeInside ? ['/usr/lib/cdrd/node'] : []),
      '/usr/lib/cdrd/prepare',
      '/usr/lib/cdrd/send-mail',
    ]);
    const places =
      /^\/(etc\/(default|init\.d)\/cdrd|usr\/bin\/cdrd|usr\/(lib|share)\/cdrd\/|usr\/share\/(doc\/cdrd\/|man\/man\d\/cdrd|lintian\/overrides\/cdrd)|usr\/lib\/systemd\/system\/)/;
    expect(list.filter((each) => each.mode.startsWith('-') && !places.test(each.path))).toEqual([]);
    const paths = list.map((each) => each.path);
    for (const needed of [
      ...['/usr/lib/cdrd/cdrd.mjs', '/usr/lib/cdrd/www/index.html.gz', '/usr/lib/cdrd/node-sqlite3-wasm.wasm'],
      ...['/usr/share/cdrd/cdrd.toml', '/usr/share/cdrd/asterisk/manager.conf', '/usr/lib/cdrd/NOTICES.txt'],
      ...['/usr/lib/systemd/system/cdrd.service', '/usr/lib/systemd/system/cdrd.socket'],
      ...['/usr/lib/systemd/system/asterisk.service.d/cdrd.conf', '/usr/share/man/man1/cdrd.1.gz'],
      ...['/usr/share/man/man5/cdrd.toml.5.gz', '/usr/share/doc/cdrd/copyright', '/usr/share/doc/cdrd/README.md.gz'],
    ])
      expect(paths).toContain(needed);
  });

  test('starts the Node that it is made for', () => {
    const tree = temporaryFolder();
    deb('-x', path, tree);
    const node = isNodeInside ? '/usr/lib/cdrd/node' : '/usr/bin/node';
    for (const name of ['usr/bin/cdrd', 'etc/init.d/cdrd'])
      expect(/^CDRD_NODE=(.*)$/m.exec(readFileSync(join(tree, name), 'utf8'))?.[1], name).toBe(node);
    if (!isNodeInside) return;
    const head = Buffer.alloc(20);
    const file = openSync(join(tree, node), 'r');
    readSync(file, head, 0, 20, 0);
    closeSync(file);
    // ELF, and its e_machine.
    expect([head.toString('latin1', 1, 4), head.readUInt16LE(18)]).toEqual([
      'ELF',
      architecture === 'amd64' ? 62 : 183,
    ]);
  });

  test('its bill of materials names Node where it is inside', () => {
    const bill = JSON.parse(readFileSync(path.replace(/\.deb$/, '.cdx.json'), 'utf8')) as {
      components: { name: string; version: string; hashes?: { content: string }[] }[];
      dependencies: { ref: string }[];
    };
    const node = bill.components.filter(({ name }) => name === 'node');
    if (!isNodeInside) return expect(node).toEqual([]);
    expect(node).toMatchObject([{ version: pinned.version }]);
    const { integrity } = pinned.packages[architecture === 'amd64' ? 'amd64' : 'arm64'];
    const sha512 = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    expect(node[0]?.hashes).toEqual([{ alg: 'SHA-512', content: sha512 }]);
    expect(bill.dependencies.map(({ ref }) => ref)).toContain(
      `pkg:npm/node-linux-${architecture === 'amd64' ? 'x64' : 'arm64'}@${pinned.version}`,
    );
  });
});

test('without Node it takes a megabyte at most', () => {
  expect(statSync(DEBS.all).size).toBeLessThanOrEqual(1_000_000);
});

describe('the archive and make install', () => {
  /** Paths, but for names made of contents: another time of the build makes others. */
  const shape = (paths: readonly string[]) =>
    [...new Set(paths.map((path) => path.replace(/-[A-Z0-9]{8}\./g, '-HASH.')))].sort();
  const OF_DEBIAN = /\/(copyright|changelog\.Debian\.gz)$|\/lintian\//;
  const packaged = entries(deb('-c', DEBS.all))
    .filter(({ mode, path }) => mode.startsWith('-') && !OF_DEBIAN.test(path))
    .map(({ path }) => path);

  test('the archive holds what the package does, and the configuration', () => {
    const file = `${here}/6/cdrd-${about.version}.tar.gz`;
    const list = entries(
      execFileSync('tar', ['-tvzf', file], { encoding: 'utf8' }).replace(/^(\S+ \S+ +\S+ )/gm, '$1'),
    );
    expect(list.filter(({ owner }) => owner !== 'root/root')).toEqual([]);
    const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
    const inside = names.filter((name) => !name.endsWith('/')).map((name) => name.slice(1));
    expect(inside.sort()).toEqual([...packaged, '/etc/cdrd/cdrd.toml', '/usr/share/doc/cdrd/LICENSE'].sort());
  });

  test('make install puts the same below DESTDIR, for any PREFIX, and leaves what is configured', () => {
    const destination = temporaryFolder();
    const install = () =>
      execFileSync('sh', ['-c', `umask 077; exec make -s install DESTDIR=${destination} PREFIX=/opt/pbx`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    expect(install()).toContain('/opt/pbx/lib/cdrd/prepare');
    const there = files(destination).map((path) => `/${path}`.replace(/^\/opt\/pbx/, '/usr'));
    expect(shape(there)).toEqual(shape([...packaged, '/usr/share/doc/cdrd/LICENSE']));
    const modes = readdirSync(destination, { recursive: true, withFileTypes: true }).map((entry) => {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      return `${entry.isDirectory() ? 'folder' : 'file'} ${mode.toString(8)}`;
    });
    expect([...new Set(modes)].sort()).toEqual(['file 644', 'file 755', 'folder 755']);
    const command = readFileSync(join(destination, 'opt/pbx/bin/cdrd'), 'utf8');
    expect(command).toContain('CDRD_PROGRAM=/opt/pbx/lib/cdrd/cdrd.mjs');
    expect(command).toContain('CDRD_NODE=/usr/bin/node');
    execFileSync('sh', ['-c', `echo '# mine' >${destination}/etc/default/cdrd`]);
    install();
    expect(readFileSync(join(destination, 'etc/default/cdrd'), 'utf8')).toBe('# mine\n');
  });

  test('what can’t be meant is refused by name', () => {
    const refused = (words: string) => {
      const done = spawnSync('make', ['-s', 'package', ...words.split('|')], { encoding: 'utf8' });
      expect(done.status, words).not.toBe(0);
      return done.stderr;
    };
    expect(refused('ONLY=all,mips')).toContain('ONLY must be some of all,amd64,arm64,tar, not mips');
    expect(refused('REVISION=x')).toContain('REVISION must begin with a digit');
    expect(refused('XZ=22')).toContain('XZ must be 0 to 9, not 22');
    expect(refused('MAINTAINER=me')).toContain('MAINTAINER must be NAME <ADDRESS>: me');
  });
});

test('the scripts are of a shell that every box has', () => {
  for (const name of ['debian/postinst', 'debian/prerm', 'debian/postrm', 'lib/prepare', 'bin/cdrd', 'send-mail'])
    expect([name, spawnSync('sh', ['-n'], { input: source(`etc/${name}`) }).status]).toEqual([name, 0]);
});
