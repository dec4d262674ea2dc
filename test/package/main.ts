/**
 * `make package` and `make install`: what a box gets, as Debian packages (for Debian's Node, and with Node inside), as an
 * archive for firmware images, and into a folder. Beside each package lies its bill of materials, beside all their
 * checksums. The time in all of it is SOURCE_DATE_EPOCH, or that of the last commit.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import about from '../../package.json' with { type: 'json' };
import { writeSupply } from '../supply/write.ts';
import { makeArchive, makeDeb } from './deb.ts';
import { layOut, layOutEtc, packed, place, ROOT, source } from './layout.ts';
import { NODE_ARCHITECTURES, type NodeInside, nodeFor } from './node.ts';

const KINDS = ['all', ...NODE_ARCHITECTURES, 'tar'] as const;
type Kind = (typeof KINDS)[number];

/** One package is made in a folder of its own. */
interface Work {
  readonly folder: string;
  readonly dist: string;
  readonly meta: string;
  readonly epoch: number;
  readonly revision: string;
  readonly maintainer: string;
  readonly compression: string;
  /** Folder of what is made. */
  readonly to: string;
}

/** @throws where neither the environment nor a commit says a time. */
function epochOf(env: NodeJS.ProcessEnv): number {
  const given = env['SOURCE_DATE_EPOCH'];
  const text =
    given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  if (!/^\d{1,11}$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH must be seconds since 1970, not ${text}`);
  return Number(text);
}

function build(folder: string, epoch: number): { dist: string; meta: string } {
  const [dist, meta] = [join(folder, 'dist'), join(folder, 'meta.json')];
  const env = { ...process.env, OUT: dist, METAFILE: meta, SOURCE_DATE_EPOCH: String(epoch) };
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
  writeSupply('notices', dist, meta, env);
  return { dist, meta };
}

/** @returns paths of what was made. */
function makePackage(kind: Kind, work: Work): string[] {
  const { epoch, dist, revision, maintainer, to } = work;
  const tree = join(work.folder, `tree-${kind}`);
  mkdirSync(tree);
  chmodSync(tree, 0o755);
  if (kind === 'tar') {
    const layout = { destination: tree, prefix: '/usr', dist, node: '/usr/bin/node' };
    layOut(layout);
    layOutEtc(layout);
    place(tree, '/etc/cdrd/cdrd.toml', source('etc/cdrd.toml'), 0o640);
    place(tree, '/usr/share/doc/cdrd/LICENSE', source('LICENSE'));
    const file = join(to, `cdrd-${about.version}.tar.gz`);
    makeArchive(tree, file, epoch);
    return [file, bill(work, `cdrd-${about.version}`, null)];
  }
  const node = kind === 'all' ? null : nodeFor(kind, join(work.folder, `node-${kind}`));
  const layout = { destination: tree, prefix: '/usr', dist, node: node ? '/usr/lib/cdrd/node' : '/usr/bin/node' };
  layOut(layout);
  if (node) {
    place(tree, layout.node, readFileSync(node.binary), 0o755);
    place(tree, '/usr/share/doc/cdrd/node-LICENSE.gz', packed(readFileSync(node.licence)));
  }
  const version = `${about.version}${node ? `+node${node.version}` : ''}-${revision}`;
  const name = `cdrd_${version}_${kind}`;
  const file = join(to, `${name}.deb`);
  makeDeb(tree, file, {
    version,
    architecture: kind,
    maintainer,
    depends: node ? 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 5.2)' : 'nodejs (>= 20.19)',
    more: node ? ['.', `Node.js ${node.version} is inside, for systems that have none or an older one.`] : [],
    licences: node ? '\n Node.js is inside as well; see node-LICENSE.gz in this folder.' : '',
    overrides: node ? ['lintian-overrides', 'lintian-overrides.node'] : ['lintian-overrides'],
    conffiles: layOutEtc(layout),
    compression: work.compression,
    epoch,
  });
  rmSync(tree, { recursive: true });
  return [file, bill(work, name, node)];
}

/** The bill of materials of what was made, beside it. @returns its path. */
function bill({ dist, meta, epoch, to }: Work, name: string, node: NodeInside | null): string {
  writeSupply('sbom', dist, meta, { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }, node);
  const file = join(to, `${name}.cdx.json`);
  place('/', file, readFileSync(join(dist, 'cdrd.cdx.json')));
  rmSync(join(dist, 'cdrd.cdx.json'));
  return file;
}

function makeAll(kinds: readonly Kind[], how: Pick<Work, 'revision' | 'maintainer' | 'compression' | 'to'>): void {
  const { to } = how;
  const epoch = epochOf(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-package-'));
  try {
    mkdirSync(to, { recursive: true });
    const work = { folder, ...build(folder, epoch), epoch, ...how };
    const made = kinds.flatMap((kind) => makePackage(kind, work));
    const sums = made.map((file) => `${sumOf(file)}  ${basename(file)}\n`).sort();
    writeFileSync(join(to, 'SHA256SUMS.part'), sums.join(''), { mode: 0o644 });
    renameSync(join(to, 'SHA256SUMS.part'), join(to, 'SHA256SUMS'));
    process.stdout.write(`${to}:\n${sums.join('')}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sumOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What the build in dist/ is, into the system or, for whoever makes an image or a package, into a folder. */
function install(destination: string, prefix: string): void {
  if (!prefix.startsWith('/')) throw new Error(`PREFIX must begin with /, not ${prefix}`);
  const inPlace = destination === '';
  const node = inPlace && !existsSync('/usr/bin/node') ? process.execPath : '/usr/bin/node';
  const at = inPlace ? '/' : resolve(destination);
  const layout = { destination: at, prefix, dist: join(ROOT, 'dist'), node };
  layOut(layout);
  layOutEtc(layout, (path) => existsSync(join(at, path)));
  place(at, `${prefix}/share/doc/cdrd/LICENSE`, source('LICENSE'));
  const then = `${prefix}/lib/cdrd/prepare`;
  process.stdout.write(`installed in ${at}; then, as root on the box: ${then} (its user, folders and configuration)\n`);
}

function isKind(word: string): word is Kind {
  return (KINDS as readonly string[]).includes(word);
}

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: KINDS.join(',') },
      maintainer: { type: 'string', default: 'The cdrd authors <cdrd@localhost>' },
      // To take one apart takes a dictionary of 8 MB with 6: a small box must be able to.
      compression: { type: 'string', default: '6' },
      revision: { type: 'string', default: '1' },
      to: { type: 'string', default: join(ROOT, 'packages') },
      destdir: { type: 'string', default: '' },
      prefix: { type: 'string', default: '/usr/local' },
    },
    allowPositionals: true,
  });
  if (positionals[0] === 'install') {
    install(values.destdir, values.prefix);
    return;
  }
  const kinds = values.only.split(',').map((word) => {
    if (!isKind(word)) throw new Error(`ONLY must be some of ${KINDS.join(',')}, not ${word}`);
    return word;
  });
  if (!/^[0-9][0-9a-z.+~]*$/.test(values.revision))
    throw new Error(`REVISION must begin with a digit: ${values.revision}`);
  if (!/^[0-9]$/.test(values.compression)) throw new Error(`XZ must be 0 to 9, not ${values.compression}`);
  if (!/^[^<>\n]+ <[^<>\s]+@[^<>\s]+>$/.test(values.maintainer))
    throw new Error(`MAINTAINER must be NAME <ADDRESS>: ${values.maintainer}`);
  makeAll(kinds, { ...values, to: resolve(values.to) });
}

main(process.argv.slice(2));
