/**
 * Bundles the pages: `tsx cgi/gui/build.ts FOLDER` writes into FOLDER one document, and the code and style that it names under
 * `assets/`, by names that change with their content. What is served lies there gzipped only: every browser takes it so, and
 * the flash is small. With METAFILE what went into it is added there, for licences and the bill of materials.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const HERE = import.meta.dirname;

/** Browsers from the end of 2022 on. */
const TARGET = ['es2022', 'chrome108', 'firefox108', 'safari15.4'];

export interface Built {
  /** Path in the folder, without `.gz`. */
  readonly path: string;
  /** Bytes as they go over the line. */
  readonly size: number;
  /** `en calls`, `es calls`: it is loaded when that page, in that language, is the first to be opened. */
  readonly loadedFor: readonly string[];
}

/** Bytes that a first load may take, packed: two seconds of a phone at the edge of a Wi-Fi. */
export const FIRST_LOAD_MAX = 120_000;

/** Bytes of a first load of each page, packed, in the language that takes more; and beyond what all pages need. */
export function firstLoads(built: readonly Built[]): Map<string, { readonly bytes: number; readonly own: number }> {
  const all = [...new Set(built.flatMap(({ loadedFor }) => loadedFor))].sort();
  const loads = new Map<string, { readonly bytes: number; readonly own: number }>();
  for (const each of all) {
    const bytes = sum(built.filter(({ loadedFor }) => loadedFor.includes(each)));
    const [language = '', page = ''] = each.split(' ');
    const others = all.filter((other) => other.startsWith(`${language} `));
    const ofAll = sum(built.filter(({ loadedFor }) => others.every((other) => loadedFor.includes(other))));
    if (bytes > (loads.get(page)?.bytes ?? 0)) loads.set(page, { bytes, own: bytes - ofAll });
  }
  return loads;
}

const sum = (files: readonly Built[]) => files.reduce((total, { size }) => total + size, 0);

/** @returns what was written, in order of path. */
export async function buildPages(folder: string, metaFile?: string): Promise<Built[]> {
  rmSync(folder, { recursive: true, force: true });
  const { outputFiles, metafile } = await build({
    absWorkingDir: join(HERE, '../..'),
    entryPoints: { app: 'cgi/gui/main.tsx', style: 'cgi/gui/style/all.css' },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: TARGET,
    charset: 'utf8',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: '{}',
    outdir: 'www',
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs).map(([path, output]) => ({
    path: path.slice('www/'.length),
    output,
  }));
  const entry = (point: string) => outputs.find(({ output }) => output.entryPoint === point)?.path ?? '';
  const script = entry('cgi/gui/main.tsx');
  const style = entry('cgi/gui/style/all.css');
  const first = reached(metafile.outputs, `www/${script}`).map((path) => path.slice('www/'.length));
  const page = readFileSync(join(HERE, 'index.html'), 'utf8')
    .replace('{{script}}', `/${script}`)
    .replace('{{style}}', `/${style}`)
    .replace(
      '{{preload}}',
      first
        .filter((path) => path !== script)
        .map((path) => `<link rel="modulepreload" href="/${path}">`)
        .join('\n    '),
    );
  const files = new Map<string, Uint8Array>([
    ['index.html', Buffer.from(page)],
    ['favicon.svg', readFileSync(join(HERE, 'favicon.svg'))],
    ...outputFiles.map(({ path, contents }) => [join('assets', basename(path)), contents] as const),
  ]);
  const loaded = loadsOf(metafile.outputs, `www/${script}`);
  const built: Built[] = [];
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = gzipSync(bytes, { level: 9 });
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, `${path}.gz`), packed);
    const always = !path.startsWith('assets/') || path === style;
    const loadedFor = [...loaded].filter(([, paths]) => always || paths.has(`www/${path}`)).map(([name]) => name);
    built.push({ path, size: packed.length, loadedFor });
  }
  if (metaFile) addTo(metaFile, metafile.outputs);
  return built;
}

/** What a browser loads with this output: all that it imports at once, and so on. */
function reached(outputs: Outputs, from: string): string[] {
  const found = new Set([from]);
  for (const path of found)
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') found.add(next);
  return [...found];
}

type Outputs = Readonly<
  Record<
    string,
    {
      readonly entryPoint?: string;
      readonly imports: readonly { readonly path: string; readonly kind: string }[];
    }
  >
>;

/** What is loaded for each page in each language, when it is the first to be opened. */
function loadsOf(outputs: Outputs, script: string): Map<string, ReadonlySet<string>> {
  const from = (point: string) => {
    const [path] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === point) ?? [];
    if (path === undefined) throw new Error(`${point} is not in the bundle`);
    return reached(outputs, path);
  };
  const points = Object.values(outputs).map(({ entryPoint = '' }) => entryPoint);
  const found = (pattern: RegExp) => points.flatMap((point) => pattern.exec(point)?.[1] ?? []);
  const loads = new Map<string, ReadonlySet<string>>();
  for (const language of found(/^cgi\/gui\/text\/([a-z]+)\/common\.ts$/))
    for (const page of found(/^cgi\/gui\/([a-z-]+)\/page\.tsx$/)) {
      const points = [`text/${language}/common.ts`, `text/${language}/${page}.ts`, `${page}/page.tsx`];
      const paths = points.flatMap((point) => from(`cgi/gui/${point}`));
      loads.set(`${language} ${page}`, new Set([...reached(outputs, script), ...paths]));
    }
  return loads;
}

function addTo(metaFile: string, outputs: object): void {
  const before = JSON.parse(readFileSync(metaFile, 'utf8')) as { readonly outputs: object };
  writeFileSync(metaFile, JSON.stringify({ ...before, outputs: { ...before.outputs, ...outputs } }));
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder = 'dist/www'] = process.argv;
  const metaFile = process.env['METAFILE'] || undefined;
  const built = await buildPages(folder, metaFile);
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1).padStart(5)} kB`;
  const loads = [...firstLoads(built)].sort(([, a], [, b]) => b.bytes - a.bytes);
  const [[largest, { bytes }] = ['', { bytes: 0 }]] = loads;
  if (metaFile) for (const [page, load] of loads) console.error(`${kB(load.own)} ${page}`);
  console.error(`pages:${kB(bytes)} gzipped at first at most (${largest}),${kB(sum(built))} in all`);
  if (bytes > FIRST_LOAD_MAX) throw new Error(`a first load of ${largest} takes over ${FIRST_LOAD_MAX} bytes`);
}
