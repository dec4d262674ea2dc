/** A key of the configuration or a setting: its check, its default and what it means, in one. */
import * as v from 'valibot';

export function key<const S extends v.GenericSchema>(schema: S, fallback: v.InferInput<S>, doc: string) {
  return v.pipe(
    v.optional(schema, () => fallback),
    v.description(doc),
    v.metadata({ fallback }),
  );
}

export interface KeyAbout {
  readonly fallback: unknown;
  readonly doc: string;
  /** How a text of the environment or of a page is read. */
  readonly kind: 'string' | 'number' | 'boolean' | 'list' | 'table';
}

const KINDS: Readonly<Record<string, KeyAbout['kind']>> = {
  number: 'number',
  boolean: 'boolean',
  array: 'list',
  record: 'table',
};

/** What {@link key} was given. */
export function aboutKey(schema: v.GenericSchema & { readonly wrapped: { readonly type: string } }): KeyAbout {
  const { fallback } = v.getMetadata(schema) as { fallback: unknown };
  return {
    fallback,
    doc: v.getDescription(schema) ?? '',
    kind: KINDS[schema.wrapped.type] ?? 'string',
  };
}

/**
 * A text of the environment or of a page as the file would have it. Lists are separated by commas, or have a line each;
 * tables are `NAME=FOLDER,…`. What can't be read as the kind stays text, and the schema says so.
 */
export function rawOf(kind: KeyAbout['kind'], text: string): unknown {
  if (kind === 'string') return text;
  if (kind === 'number') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  if (kind === 'boolean') return BOOLEANS.get(text.trim().toLowerCase()) ?? text;
  const items = text
    .split(text.includes('\n') ? '\n' : ',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (kind === 'list') return items;
  const pairs = items.map((item) => /^([^=]*)=(.*)$/s.exec(item));
  return pairs.includes(null) ? text : Object.fromEntries(pairs.map((pair) => [pair?.[1]?.trim(), pair?.[2]?.trim()]));
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'on', 'true', '1'].map((word) => [word, true] as const),
  ...['no', 'off', 'false', '0'].map((word) => [word, false] as const),
]);
