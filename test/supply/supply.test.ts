/** What we ship is what we think: pinned to the byte, listed in a bill of materials, with its licences, and its flaws asked for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import packageLock from '../../package-lock.json' with { type: 'json' };
import { audit, verdictOf } from './audit.ts';
import { bundledPackages, type Lock, type Metafile } from './bundled.ts';
import { builtFiles, NOTICES_FILE, SBOM_FILE, writeSupply } from './write.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const lock: Lock = packageLock;

describe('the lock file', () => {
  test('every dependency is one version, none a range', () => {
    const asked = Object.entries({ ...packageJson.dependencies, ...packageJson.devDependencies });
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const { '': top } = packageLock.packages;
    expect(top.dependencies).toEqual(packageJson.dependencies);
    for (const [name, version] of asked) expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  });

  test('README says of each package that ships why it is there', () => {
    const [, table = ''] = readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n## Dependencies\n');
    const named = [...table.matchAll(/^\| ([@\w/-]+) \|/gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'package');
    expect(named).toEqual(Object.keys(packageJson.dependencies));
  });

  test('pins every package by its SHA-512', () => {
    const loose = Object.entries(lock.packages)
      .filter(([place]) => place !== '')
      .filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
      .map(([place]) => place);
    expect(loose).toEqual([]);
  });

  test('nothing that is shipped runs a program when it is installed', () => {
    const shipped = Object.entries(lock.packages).filter(([place, { dev }]) => place !== '' && !dev);
    expect(shipped.length).toBeGreaterThan(5);
    expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  });

  test('starts no other program but by root’s own command, and mails: whoever takes it over finds no other way to one', () => {
    const sources = ['daemon', 'cgi', 'storage'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(ROOT, folder, String(name))),
    );
    const starters = sources.filter(
      (path) => path.endsWith('.ts') && /child_process|node:cluster/.test(readFileSync(path, 'utf8')),
    );
    // What each starts, and why no stranger's word is in it, stands in strangers.test.ts.
    expect(starters.map((path) => relative(ROOT, path)).sort()).toEqual([
      'daemon/alarm/send-mail.ts',
      'daemon/setup/reload.ts',
    ]);
  });
});

/** What CycloneDX 1.6 demands of the parts that we use (bom-1.6.schema.json), and nothing beside them. */
const hash = v.variant('alg', [
  v.strictObject({ alg: v.literal('SHA-256'), content: v.pipe(v.string(), v.regex(/^[a-f0-9]{64}$/)) }),
  v.strictObject({ alg: v.literal('SHA-512'), content: v.pipe(v.string(), v.regex(/^[a-f0-9]{128}$/)) }),
]);
const text = v.pipe(v.string(), v.minLength(1));
const licences = v.pipe(v.array(v.strictObject({ license: v.strictObject({ id: text }) })), v.minLength(1));
const file = v.strictObject({ type: v.literal('file'), 'bom-ref': text, name: text, hashes: v.array(hash) });
const BOM = v.strictObject({
  $schema: v.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: v.literal('CycloneDX'),
  specVersion: v.literal('1.6'),
  serialNumber: v.pipe(v.string(), v.regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)),
  version: v.pipe(v.number(), v.minValue(1)),
  metadata: v.strictObject({
    timestamp: v.pipe(v.string(), v.isoTimestamp()),
    lifecycles: v.array(v.strictObject({ phase: v.literal('build') })),
    component: v.strictObject({
      type: v.literal('application'),
      'bom-ref': text,
      name: text,
      version: text,
      purl: text,
      licenses: licences,
      components: v.array(file),
    }),
  }),
  components: v.array(
    v.strictObject({
      type: v.literal('library'),
      'bom-ref': text,
      name: text,
      version: text,
      scope: v.literal('required'),
      description: v.optional(text),
      hashes: v.optional(v.array(hash)),
      licenses: licences,
      cpe: v.optional(v.pipe(v.string(), v.regex(/^cpe:2\.3:a:/))),
      purl: v.pipe(v.string(), v.regex(/^pkg:(npm|generic)\/[^@]+@\d/)),
    }),
  ),
  dependencies: v.array(v.strictObject({ ref: text, dependsOn: v.array(text) })),
});

describe('a build', () => {
  const made: string[] = [];
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1800000000' };

  async function build(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'cdrd-supply-'));
    made.push(folder);
    const [dist, meta] = [join(folder, 'dist'), join(folder, 'meta.json')];
    const child = spawn('npm', ['run', '--silent', 'build'], {
      cwd: ROOT,
      env: { ...env, OUT: dist, METAFILE: meta },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    expect((await once(child, 'exit'))[0]).toBe(0);
    writeSupply('notices', dist, meta, env);
    writeSupply('sbom', dist, meta, env);
    return folder;
  }
  let first = '';
  let second = '';
  const bill = (folder: string) => readFileSync(join(folder, 'dist', SBOM_FILE), 'utf8');
  const packages = () => {
    const meta = JSON.parse(readFileSync(join(first, 'meta.json'), 'utf8')) as Metafile;
    return bundledPackages(meta, lock, ROOT);
  };
  beforeAll(async () => {
    [first, second] = await Promise.all([build(), build()]);
  }, 120_000);
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });

  test('has a bill that CycloneDX takes, the same for the same build', () => {
    const bom = v.parse(BOM, JSON.parse(bill(first)));
    expect(bill(second)).toBe(bill(first));
    const refs = bom.components.map((each) => each['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const known = new Set([...refs, bom.metadata.component['bom-ref']]);
    expect(bom.dependencies.map(({ ref }) => ref).sort()).toEqual([...known].sort());
    for (const { ref, dependsOn } of bom.dependencies) {
      expect(new Set(dependsOn).size).toBe(dependsOn.length);
      expect(dependsOn.filter((each) => !known.has(each) || each === ref)).toEqual([]);
    }
    const files = builtFiles(join(first, 'dist'));
    expect(files).toContain('www/index.html.gz');
    expect(bom.metadata.component.components.map(({ name }) => name)).toEqual(files);
  });

  test('bundles what is locked for production and nothing else, each direct one and SQLite among it', () => {
    const bom = v.parse(BOM, JSON.parse(bill(first)));
    const names = packages().map(({ name }) => name);
    expect(bom.components.map(({ name }) => name)).toEqual([...names, 'sqlite']);
    for (const name of Object.keys(packageJson.dependencies)) expect(names).toContain(name);
    expect(packages().filter(({ place }) => lock.packages[place]?.dev)).toEqual([]);
    // One package twice, in two versions: both are there.
    expect(bom.components.filter(({ name }) => name === 'tslib')).toHaveLength(2);
    expect(bom.components.find(({ name }) => name === 'sqlite')?.version).toMatch(/^3\.\d+\.\d+$/);
  });

  test('npm’s own bill of what is installed agrees in versions and licences', async () => {
    const npm = spawn('npm', ['sbom', '--sbom-format=cyclonedx', '--omit=dev'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    npm.stdout.setEncoding('utf8').on('data', (part: string) => {
      out += part;
    });
    expect((await once(npm, 'close'))[0]).toBe(0);
    type Component = { purl: string; licenses?: { license: { id: string } }[] };
    const theirs = new Map(
      (JSON.parse(out) as { components: Component[] }).components.map((each) => [each.purl, each]),
    );
    for (const { purl, licenses } of v.parse(BOM, JSON.parse(bill(first))).components) {
      if (purl.startsWith('pkg:generic/')) continue;
      expect(theirs.get(purl)?.licenses, purl).toEqual(licenses);
    }
  }, 60_000);

  test('ships the licences of all that is in it', () => {
    const shipped = readFileSync(join(first, 'dist', NOTICES_FILE), 'utf8');
    for (const { name, version, licence, texts } of packages()) {
      expect(shipped).toContain(`${name} ${version} (${licence})\n`);
      for (const text of texts) expect(shipped).toContain(text);
    }
  });
});

describe('make audit', () => {
  test('tells clean, flawed and not asked apart', () => {
    const report = { auditReportVersion: 2, metadata: { dependencies: { total: 3 } } };
    expect(verdictOf(JSON.stringify({ ...report, vulnerabilities: {} }))).toEqual({ state: 'clean', packages: 3 });
    const vulnerabilities = { ws: { severity: 'high', range: '<9' } };
    expect(verdictOf(JSON.stringify({ ...report, vulnerabilities }))).toEqual({
      state: 'flawed',
      flaws: ['ws <9: high'],
    });
    const refused = { message: '405 Method Not Allowed', error: { summary: '' } };
    expect(verdictOf(JSON.stringify(refused))).toEqual({ state: 'not reachable', why: '405 Method Not Allowed' });
    for (const odd of ['', '{}', 'null is not a report', '{"auditReportVersion":2}'])
      expect(verdictOf(odd).state).toBe('not reachable');
  });

  test('by npm, of a registry that knows nothing bad, one that does, and one that doesn’t answer', async () => {
    const flaw = { id: 1, url: 'https://example.org/1', title: 'a flaw', severity: 'high', vulnerable_versions: '*' };
    const answers = { clean: '{}', flawed: JSON.stringify({ ws: [flaw] }), refused: null };
    const server = createServer((request, response) => {
      request.resume();
      const [, kind = ''] = (request.url ?? '').split('/');
      const answer = request.method === 'POST' ? answers[kind as keyof typeof answers] : null;
      if (answer == null) return void response.writeHead(request.method === 'POST' ? 405 : 404).end();
      response.setHeader('Content-Type', 'application/json').end(answer);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const asked = (kind: string) =>
      audit('shipped', {
        ...process.env,
        npm_config_registry: `http://127.0.0.1:${port}/${kind}/`,
        npm_config_fetch_retries: '0',
      });
    const [clean, flawed, refused] = await Promise.all([asked('clean'), asked('flawed'), asked('refused')]);
    expect(clean).toMatchObject({ state: 'clean' });
    expect(flawed).toMatchObject({ state: 'flawed', flaws: [expect.stringMatching(/^ws .*: high$/)] });
    expect(refused).toMatchObject({ state: 'not reachable', why: expect.stringContaining('405') });
  }, 180_000);
});
