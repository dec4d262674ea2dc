/**
 * A Debian package of a laid-out tree: control, checksums, maintainer scripts, and Debian's own documents. The same tree
 * and SOURCE_DATE_EPOCH give the same bytes, whoever builds it and where; that takes no root.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, lutimesSync, readdirSync, readFileSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { packed, place, source, units } from './layout.ts';

export interface Debian {
  readonly version: string;
  readonly architecture: string;
  /** `NAME <ADDRESS>`. */
  readonly maintainer: string;
  readonly depends: string;
  /** Lines of the description, behind the others. */
  readonly more: readonly string[];
  /** Sentence of the file of licences. */
  readonly licences: string;
  /** Files of etc/debian with what is no fault, and why. */
  readonly overrides: readonly string[];
  /** Paths of files that are the administrator's to change. */
  readonly conffiles: readonly string[];
  /** xz's, 0 to 9. */
  readonly compression: string;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** Makes `file` of the tree, which gets Debian's own files. */
export function makeDeb(tree: string, file: string, debian: Debian): void {
  const { version, architecture, epoch } = debian;
  const doc = '/usr/share/doc/cdrd';
  place(tree, `${doc}/copyright`, copyright(debian));
  place(tree, `${doc}/changelog.Debian.gz`, packed(changelog(debian)));
  const overrides = debian.overrides.map((name) => source(`etc/debian/${name}`)).join('');
  place(tree, '/usr/share/lintian/overrides/cdrd', overrides);

  const files = paths(tree).filter((path) => lstatSync(join(tree, path)).isFile());
  const sums = files.map(
    (path) =>
      `${createHash('md5')
        .update(readFileSync(join(tree, path)))
        .digest('hex')}  ${path}`,
  );
  const size = paths(tree).reduce((kib, path) => kib + Math.ceil(lstatSync(join(tree, path)).size / 1024), 0);
  const filled = fill('control', {
    VERSION: version,
    ARCHITECTURE: architecture,
    MAINTAINER: debian.maintainer,
    SIZE: String(size),
    DEPENDS: debian.depends,
    MORE: debian.more.map((line) => ` ${line}`).join('\n'),
  });
  place(tree, '/DEBIAN/control', `${filled.trimEnd()}\n`);
  place(tree, '/DEBIAN/md5sums', `${sums.join('\n')}\n`);
  place(tree, '/DEBIAN/conffiles', `${debian.conffiles.join('\n')}\n`);
  for (const name of ['templates', 'triggers']) place(tree, `/DEBIAN/${name}`, source(`etc/debian/${name}`));
  const { all, enabled } = units();
  for (const name of ['postinst', 'prerm', 'postrm'])
    place(tree, `/DEBIAN/${name}`, fill(name, { UNITS: all.join(' '), ENABLED: enabled.join(' ') }), 0o755);
  setTimes(tree, epoch);
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', '-Zxz', `-z${debian.compression}`, '--threads-max=1', '--build', tree, `${file}.part`],
    {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(`${file}.part`, file); // a build that dies leaves none that is cut off under its name
}

/** A gzipped tar of the tree, everything root's. */
export function makeArchive(tree: string, file: string, epoch: number): void {
  setTimes(tree, epoch);
  const tar = execFileSync(
    'tar',
    ['--format=gnu', '--sort=name', '--owner=root:0', '--group=root:0', `--mtime=@${epoch}`, '-C', tree, '-c', '.'],
    { maxBuffer: 1e9 },
  );
  place('/', file, packed(tar));
}

/** Everything below the folder, in order. */
function paths(tree: string): string[] {
  return readdirSync(tree, { recursive: true }).map(String).sort();
}

function setTimes(tree: string, epoch: number): void {
  for (const path of paths(tree)) lutimesSync(join(tree, path), epoch, epoch);
  utimesSync(tree, epoch, epoch);
}

/** A text of etc/debian with its @WORDS@ replaced. @throws for a word that stays. */
function fill(name: string, words: Readonly<Record<string, string>>): string {
  return source(`etc/debian/${name}`).replaceAll(/@([A-Z]+)@/g, (whole, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`etc/debian/${name}: nobody knows ${whole}`);
    return value;
  });
}

function copyright({ licences }: Debian): string {
  const [, holder = '', body = ''] = /^Copyright \(c\) (.*)\n\n([\s\S]*)$/m.exec(source('LICENSE')) ?? [];
  if (body === '') throw new Error('LICENSE has no line "Copyright (c) …"');
  const indented = body
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? ' .' : ` ${line}`))
    .join('\n');
  return fill('copyright', { NODE: licences, COPYRIGHT: holder, LICENSE: indented });
}

/** What Debian's tools read; for people there is changelog.gz. */
function changelog({ version, epoch, maintainer }: Debian): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return [
    `cdrd (${version}) unstable; urgency=medium`,
    '',
    '  * What changed stands in changelog.gz.',
    '',
    ` -- ${maintainer}  ${date}`,
    '',
  ].join('\n');
}
