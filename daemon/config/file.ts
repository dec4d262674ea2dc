/** The file `cdrd.toml`: its settings, each with its line, and what is wrong with the file whatever its values are. */
import { readFileSync, statSync } from 'node:fs';
import { parse, TomlDate, TomlError } from 'smol-toml';
import type { ConfigFault, Reading, Setting } from './reading.ts';
import { CONFIG_KEYS, ON_THE_PAGES, PAGE_SECTIONS, SECTION_NAMES } from './schema.ts';
import { keyLines } from './toml-lines.ts';

/** A configuration file is a few KB; more is a wrong file, and reading it would cost memory at start. */
const MAX_FILE_BYTES = 256 * 1024;

/** Settings and faults, and where each key, table and entry of a list (`trunks.names.0`) stands. */
export interface FileReading extends Reading {
  readonly lines: ReadonlyMap<string, number>;
}

/** Never throws; after a syntax error the rest of the file is not judged. */
export function readConfigFile(path: string): FileReading {
  const found = readText(path);
  if (typeof found === 'string') return unreadable(null, found);
  let document: Record<string, unknown>;
  try {
    document = parse(found.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The lines after the first show the text around the place, which may hold a secret.
    return unreadable(error.line, (error.message.split('\n')[0] ?? '').trim());
  }
  const lines = keyLines(found.text);
  return { ...judgeKeys(document, lines, found.mode), lines };
}

function unreadable(line: number | null, message: string): FileReading {
  return { settings: new Map(), faults: [{ place: { line }, key: '', message }], lines: new Map() };
}

/** The text and the file's permissions, or what keeps it from being read. */
function readText(path: string): { text: string; mode: number } | string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return 'is not a file';
    if (stat.size > MAX_FILE_BYTES) return `is larger than ${MAX_FILE_BYTES} bytes`;
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)), mode: stat.mode & 0o777 };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
      ? 'is not UTF-8 text'
      : code === 'ENOENT'
        ? 'is not there'
        : `can't be read (${code})`;
  }
}

function judgeKeys(document: Record<string, unknown>, lines: ReadonlyMap<string, number>, mode: number): Reading {
  const settings = new Map<string, Setting>();
  const faults: ConfigFault[] = [];
  const place = (key: string) => ({ line: lines.get(key) ?? null });
  const fault = (key: string, message: string) => faults.push({ place: place(key), key, message });
  for (const [section, table] of Object.entries(document)) {
    if (!SECTION_NAMES.includes(section)) {
      // A heading alone sets nothing: what a later version has put into the packaged file, all of it commented out.
      if (isTable(table) && Object.keys(table).length === 0) continue;
      const known = `unknown section; there are ${SECTION_NAMES.join(', ')}`;
      fault(section, PAGE_SECTIONS.includes(section) ? ON_THE_PAGES : known);
    } else if (!isTable(table)) {
      fault(section, `is a section: write [${section}] and its keys below`);
    } else {
      const names = CONFIG_KEYS.filter((each) => each.section === section).map(({ name }) => name);
      for (const [name, value] of Object.entries(table)) {
        const key = `${section}.${name}`;
        if (names.includes(name)) settings.set(key, { value, place: place(key) });
        else fault(key, `unknown key; [${section}] knows ${names.join(', ')}`);
      }
    }
  }
  // Judged here even where the environment gives another secret: this one can be read all the same.
  if (![undefined, ''].includes(settings.get('asterisk.secret')?.value as string) && (mode & 0o037) !== 0) {
    fault('asterisk.secret', `the file's mode must be 0640 or stricter (it is 0${mode.toString(8).padStart(3, '0')})`);
  }
  return { settings, faults };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}
