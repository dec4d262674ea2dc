/**
 * The bill of materials of a build, CycloneDX 1.6 in JSON: the files of dist/ by their SHA-256, and every package in them by
 * version, purl, licence and the SHA-512 that the lock file pins. The same build gives the same bytes: there is no time in it
 * but SOURCE_DATE_EPOCH's, and its serial number comes from its content.
 */
import { createHash } from 'node:crypto';
import type { BundledPackage } from './bundled.ts';

/** Node, where it is shipped with the build. */
export interface Platform {
  readonly version: string;
  /** Of the package that it came in, hexadecimal. */
  readonly sha512: string;
  readonly purl: string;
}

export interface Build {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** The direct dependencies. */
  readonly needs: readonly string[];
  /** Those of dist/, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly packages: readonly BundledPackage[];
  /** What `sqlite_version()` answers: it is compiled into the package's WebAssembly. */
  readonly sqlite: string;
  readonly node: Platform | null;
  /** Seconds since 1970. */
  readonly epoch: number | null;
}

/** The package that SQLite is in. */
const SQLITE_IN = 'node-sqlite3-wasm';

export function sbom(build: Build): string {
  const { name, version, packages } = build;
  const refs = new Map(packages.map(({ place, name, version }) => [place, refOf(name, version)]));
  const own = refOf(name, version);
  const sqlite = `pkg:generic/sqlite@${build.sqlite}`;
  const node = build.node ? [build.node.purl] : [];
  const top = packages.filter(({ place }) => build.needs.some((each) => place === `node_modules/${each}`));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      ...(build.epoch !== null && { timestamp: new Date(build.epoch * 1000).toISOString() }),
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': own,
        name,
        version,
        purl: own,
        licenses: [{ license: { id: build.licence } }],
        components: [...build.files]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([file, bytes]) => ({
            type: 'file',
            'bom-ref': `file:${file}`,
            name: file,
            hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') }],
          })),
      },
    },
    components: [
      ...packages.map((each) => ({
        type: 'library',
        'bom-ref': refOf(each.name, each.version),
        name: each.name,
        version: each.version,
        scope: 'required',
        hashes: [{ alg: 'SHA-512', content: each.sha512 }],
        licenses: [{ license: { id: each.licence } }],
        purl: refOf(each.name, each.version),
      })),
      {
        type: 'library',
        'bom-ref': sqlite,
        name: 'sqlite',
        version: build.sqlite,
        scope: 'required',
        description: `compiled to WebAssembly in ${SQLITE_IN}`,
        licenses: [{ license: { id: 'blessing' } }],
        cpe: `cpe:2.3:a:sqlite:sqlite:${build.sqlite}:*:*:*:*:*:*:*`,
        purl: sqlite,
      },
      ...(build.node ? [platform(build.node)] : []),
    ],
    dependencies: [
      { ref: own, dependsOn: [...top.map(({ name, version }) => refOf(name, version)), ...node].sort() },
      ...packages.map((each) => ({
        ref: refOf(each.name, each.version),
        dependsOn: [
          ...each.needs.flatMap((place) => refs.get(place) ?? []),
          ...(each.name === SQLITE_IN ? [sqlite] : []),
        ],
      })),
      { ref: sqlite, dependsOn: [] },
      ...node.map((ref) => ({ ref, dependsOn: [] })),
    ],
  };
  const serial = uuidOf(JSON.stringify(document));
  const { $schema, bomFormat, specVersion, ...rest } = document;
  return `${JSON.stringify({ $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${serial}`, ...rest }, null, 1)}\n`;
}

function platform({ version, sha512, purl }: Platform) {
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'node',
    version,
    scope: 'required',
    description: 'the runtime, as its makers publish it, with the libraries that they link into it',
    hashes: [{ alg: 'SHA-512', content: sha512 }],
    licenses: [{ license: { id: 'MIT' } }],
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl,
  };
}

/** A package URL; the @ of a scope is escaped. */
export function refOf(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** A UUID of a content (RFC 9562, version 8). */
function uuidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The licences of what is bundled, as their packages ship them; a text that several have stands once. */
export function notices(packages: readonly BundledPackage[]): string {
  const byText = new Map<string, string[]>();
  for (const { name, version, licence, texts } of packages) {
    const text = texts.join('\n\n');
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${licence})`]);
  }
  const rule = '-'.repeat(80);
  const sections = [...byText].map(([text, names]) => `${rule}\n${names.join('\n')}\n\n${text}\n`);
  return `This program contains the packages below, each under its own licence. SQLite is in the public domain.\n\n${sections.join('\n')}`;
}
