/**
 * Several recordings as one archive (20036). What a browser can hold comes by way of the page, which shows how far it is and
 * can give up; what is larger goes straight to the browser's own downloads.
 */
import { formOf, request } from '../api.ts';

const ARCHIVE = 20036;
/** Bytes that are held in the page: browsers put a Blob on the disk, but not each of them soon enough. */
export const HELD_MAX = 256 * 1024 * 1024;

export type Format = 'tar' | 'zip';

interface SaveOptions {
  readonly format: Format;
  /** Send the rest where some have gone. */
  readonly skipMissing: boolean;
  readonly signal: AbortSignal;
  progress(received: number, total: number | null): void;
}

/** @throws {AskError}; {DOMException} `AbortError` when given up; {TypeError} when the connection broke. */
export async function saveHeld(paths: readonly string[], options: SaveOptions): Promise<void> {
  const { signal, progress, format, skipMissing } = options;
  const parameters = { wavefiles: paths.join(';'), format, skipmissing: skipMissing };
  const response = await request(ARCHIVE, parameters, { signal });
  const length = response.headers.get('Content-Length');
  const total = length === null ? null : Number(length);
  const parts: BlobPart[] = [];
  let received = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); reader && read && !read.done; read = await reader.read()) {
    parts.push(read.value);
    received += read.value.length;
    progress(received, total);
  }
  if (total !== null && received !== total) throw new TypeError('the connection broke');
  const address = URL.createObjectURL(new Blob(parts, { type: response.headers.get('Content-Type') ?? '' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = nameOf(response.headers.get('Content-Disposition')) ?? `recordings.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** By a form, as if typed: the browser saves what comes. In a tab of its own, where a refusal would be read. */
export function saveByBrowser(paths: readonly string[], format: Format): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = `/cgi/webserve/${ARCHIVE}`;
  form.target = '_blank';
  form.hidden = true;
  for (const [name, value] of formOf({ wavefiles: paths.join(';'), format, skipmissing: true })) {
    const input = document.createElement('input');
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}

function nameOf(disposition: string | null): string | undefined {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1];
}
