/** cdrd.toml: what this box needs in it, and nothing that the pages can change, so that they still can. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { groupId } from './accounts.ts';
import { asBytes, asText, readTextHere } from './asterisk-tree.ts';
import type { Part } from './part.ts';
import { type TomlValue, withTomlValues } from './toml-edit.ts';

/** What may be chosen; undefined: it stays as it is. */
export interface ConfigChoices {
  readonly recordings?: string | undefined;
  readonly http?: string | undefined;
  readonly https?: string | undefined;
}

/** What a cdrd.toml says of Asterisk. */
export interface OwnSettings {
  readonly text: string | null;
  readonly user: string;
  readonly port: number;
  readonly secret: string | undefined;
  readonly values: Readonly<Record<string, unknown>>;
}

const NEW_FILE =
  '# Configuration of cdrd: cdrd.toml(5) has every key. What is set here is fixed, and the pages show it read-only; what is\n' +
  '# left out can be changed on the pages.\n';

/** @throws for a text that isn't TOML, and for an Asterisk elsewhere. */
export function readSettings(path: string): OwnSettings {
  const text = textOf(path);
  const values = flat(path, text ?? '');
  const host = values['asterisk.host'] ?? '127.0.0.1';
  if (!['127.0.0.1', 'localhost', '::1'].includes(String(host)))
    throw new Error(
      `asterisk.host in ${path} is ${host === '' ? 'empty (no Asterisk)' : host}: setup is for an Asterisk on this box`,
    );
  const secret = values['asterisk.secret'];
  return {
    text,
    values,
    user: String(values['asterisk.username'] ?? 'cdrd'),
    port: Number(values['asterisk.port'] ?? 5039),
    secret: typeof secret === 'string' && secret !== '' && secret !== 'CHANGE-ME' ? secret : undefined,
  };
}

/** @throws where it isn't UTF-8, as TOML must be. */
function textOf(path: string): string | null {
  const bytes = readTextHere(path);
  if (bytes === null) return null;
  const text = asText(bytes);
  if (asBytes(text) !== bytes) throw new Error(`${path} is not UTF-8 text`);
  return text;
}

function flat(path: string, text: string): Record<string, unknown> {
  try {
    return Object.fromEntries(
      Object.entries(parse(text)).flatMap(([section, table]) =>
        Object.entries(table as object).map(([name, value]) => [`${section}.${name}`, value]),
      ),
    );
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its further lines show the text around the place, which may hold a secret.
    throw new Error(`${path}:${error.line}: ${(error.message.split('\n')[0] ?? '').trim()}`);
  }
}

/** @throws {ConfigError} where what comes out is no configuration, with the lines that it would have. */
export function planConfig(
  { config: path, recordings, http, https }: ConfigChoices & { readonly config: string },
  { text, values }: OwnSettings,
  { secret, cdrCsv }: { readonly secret: string; readonly cdrCsv: string },
): Part & Pick<Config, 'recordings'> {
  const wanted: Record<string, TomlValue | undefined> = {
    'asterisk.secret': secret,
    'asterisk.cdr_csv': cdrCsv,
    'recordings.dir': recordings,
    'http.listen': http,
    'https.listen': https,
  };
  const lacking = Object.entries(wanted).filter(
    (entry): entry is [string, TomlValue] => entry[1] !== undefined && values[entry[0]] !== entry[1],
  );
  const after = withTomlValues(text ?? NEW_FILE, Object.fromEntries(lacking));
  const { recordings: effective } = prove(path, after);
  const lacksGroup = process.getuid?.() === 0 && groupId('cdrd') === undefined;
  return {
    recordings: effective,
    changes: [{ path, before: text === null ? null : asBytes(text), after: asBytes(after), secretOf: 'cdrd' }],
    notes: lacksGroup ? [`there is no group cdrd, so only root can read ${path}: prepare (lib/cdrd) makes it`] : [],
    secrets: [secret],
  };
}

/** Reads it as the daemon will, from a folder that nobody else may look into. */
function prove(path: string, text: string): Config {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-setup-'));
  const file = join(folder, 'cdrd.toml');
  try {
    writeFileSync(file, text, { mode: 0o600 });
    return loadConfig(file, {});
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.faults, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
