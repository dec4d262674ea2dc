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
  /** Loaded with the document, whichever page it shows. */
  readonly first: boolean;
}

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
  const built: Built[] = [];
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = gzipSync(bytes, { level: 9 });
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, `${path}.gz`), packed);
    built.push({
      path,
      size: packed.length,
      first: !path.startsWith('assets/') || path === style || first.includes(path),
    });
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
  Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string }[] }>
>;

function addTo(metaFile: string, outputs: object): void {
  const before = JSON.parse(readFileSync(metaFile, 'utf8')) as { readonly outputs: object };
  writeFileSync(metaFile, JSON.stringify({ ...before, outputs: { ...before.outputs, ...outputs } }));
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder = 'dist/www'] = process.argv;
  const built = await buildPages(folder, process.env['METAFILE'] || undefined);
  const kB = (files: readonly Built[]) => (files.reduce((sum, { size }) => sum + size, 0) / 1000).toFixed(1);
  console.error(`pages: ${kB(built.filter(({ first }) => first))} kB at first, ${kB(built)} kB in all, gzipped`);
}
