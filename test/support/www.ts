/** A small folder of pages, as the build makes one: what is served of it is known to the byte. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type AtEnd, temporaryFolder } from './folder.ts';

export const DOCUMENT = '<!doctype html><title>pages</title>';
/** More than any buffer on the way, and hard to pack. */
export const SCRIPT = Array.from({ length: 40_000 }, (_, index) => `${Math.sin(index)};`).join('\n');
export const SCRIPT_PATH = '/assets/app-0A1B2C3D.js';
export const STYLE_PATH = '/assets/style-0A1B2C3D.css';

/** @param extra Further files, by path, as they lie there. */
export function wwwFolder(atEnd?: AtEnd, extra: Readonly<Record<string, string | Uint8Array>> = {}): URL {
  const folder = temporaryFolder(atEnd);
  mkdirSync(`${folder}/assets`);
  const files: Record<string, string | Uint8Array> = {
    'index.html.gz': gzipSync(DOCUMENT),
    [`${SCRIPT_PATH}.gz`]: gzipSync(SCRIPT),
    [`${STYLE_PATH}.gz`]: gzipSync('body{color:red}'),
    'favicon.svg.gz': gzipSync('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ...extra,
  };
  for (const [path, bytes] of Object.entries(files)) writeFileSync(`${folder}/${path}`, bytes);
  return pathToFileURL(`${folder}/`);
}
