/** Pages of the store as text, and the other way round. */
import type { Page } from '../../storage/filter.ts';

export function textOf({ bytes }: Pick<Page, 'bytes'>): string {
  return Buffer.from(bytes).toString('utf8');
}

/** In memory of its own, as the store gives it. */
export function bytesOf(text: string): Page['bytes'] {
  return new Uint8Array(Buffer.from(text));
}
