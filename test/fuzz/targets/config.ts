/** The configuration file, and values of settings as pages send them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TomlError } from 'smol-toml';
import { SETTINGS, settingOf, textOf, valueFrom } from '../../../cgi/settings/schema.ts';
import { CONFIG_KEYS, SECTION_NAMES } from '../../../daemon/config/schema.ts';
import { keyLines } from '../../../daemon/config/toml-lines.ts';
import { ConfigError, loadConfig } from '../../../daemon/config.ts';
import { holds, orRefused, ownFolder, same, type Target, utf8 } from '../target.ts';

const existing = ownFolder();
const FILE = join(existing, 'cdrd.toml');

/** A file; where it has a line feed and a NUL, an environment's variable follows. */
const toml: Target = {
  name: 'toml',
  max: 3_000,
  share: 10,
  words: [
    ...SECTION_NAMES.map((section) => `\n[${section}]\n`),
    ...CONFIG_KEYS.map(({ name }) => `\n${name} = `),
    ...[
      '"[::]:80"',
      '"""',
      "'''",
      '[',
      ']',
      '{',
      '}',
      ',',
      '#',
      '= "',
      '\\u0041',
      '\\"',
      '\n',
      'true',
      '1979-05-27T07:32:00Z',
      '0x10',
      'inf',
      '[[',
    ],
    ...['"100-616"', "'^DAHDI/(\\d+)-'", '__proto__', '"a.b".c', '"/var/lib/cdrd"', 'secret = "hush-hush-hush"\n'],
  ],
  run(input) {
    const [text = '', variable = ''] = utf8(input).split('\0', 2);
    // On any text it ends; one that the parser refuses may be refused there, too.
    const lines = orRefused(() => keyLines(text), TomlError) ?? [];
    const count = text.split('\n').length;
    for (const [key, line] of lines) holds(line >= 1 && line <= count, 'a line of the text', { key, line, count });
    writeFileSync(FILE, text, { mode: 0o600 });
    const key = CONFIG_KEYS[variable.length % CONFIG_KEYS.length];
    const environment: Record<string, string> = variable !== '' && key ? { [key.variable]: variable } : {};
    try {
      const config = loadConfig(FILE, environment);
      for (const { key: each } of CONFIG_KEYS) {
        const place = config.fixed(each);
        const [, line] = /:(\d+)$/.exec(place ?? '') ?? [];
        holds(line === undefined || (Number(line) >= 1 && Number(line) <= count), 'where it stands', place);
      }
      holds(Object.isFrozen(config) && Object.isFrozen(config.http), 'a configuration is frozen');
      for (const { host, port } of [...config.http.listen, ...config.https.listen, ...config.ami.listen])
        holds(host !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535, 'an address', { host, port });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      holds(error.faults.length > 0, 'a refusal has faults');
      same(error.message.split('\n').length, error.faults.length, 'a line a fault');
      holds(
        !/\p{Cc}/u.test(error.message.replaceAll('\n', '')),
        'no control character goes to a terminal',
        error.message,
      );
      for (const { place } of error.faults)
        holds(
          !('line' in place) || place.line === null || (place.line >= 1 && place.line <= count),
          'where it stands',
          place,
        );
      // Where it stands as the secret and nowhere else.
      if (/^secret = "hush-hush-hush"$/m.test(text) && (text + variable).split('hush').length === 4)
        holds(!error.message.includes('hush'), 'no secret is told', error.message);
    }
  },
};

/** `NAME VALUE` */
const settings: Target = {
  name: 'settings',
  max: 1_500,
  words: [
    ...SETTINGS.map(({ name }) => `${name} `),
    ...[
      'yes',
      'no',
      '100-616',
      ',',
      '\n',
      '^GSM/(\\d+)-',
      '03:20',
      'Europe/Berlin',
      '0',
      '365',
      'beep',
      '/',
      '..',
      '&',
      '(',
      ')',
      '*',
      '+',
      '[]',
    ],
    ...['all', 'local', '10.0.0.0/8', '::1', 'fe80::/10', 'nexo.example'],
  ],
  run(input) {
    const [, name = '', text = ''] = /^(\S*) ?([\s\S]*)$/.exec(utf8(input)) ?? [];
    const setting = settingOf(name) ?? SETTINGS[name.length % SETTINGS.length];
    if (!setting) throw new Error('there are no settings');
    const value = valueFrom(setting, text);
    const fault = setting.fault(value);
    if (fault !== null) return holds(fault !== '' && fault.length < 2_000, 'what is wrong, in short', fault.length);
    // What is shown is taken back as it is.
    const shown = textOf(value);
    same(valueFrom(setting, shown), value, 'as a page shows it');
    same(setting.fault(valueFrom(setting, shown)), null, 'and would send it');
    // It goes into Asterisk's database or a log as one line; ranges of numbers may stand on several.
    if (typeof value === 'string' && setting.name !== 'recording.place' && !setting.name.startsWith('numbering.'))
      holds(!/\p{Cc}/u.test(value), 'one line', value);
  },
};

/** For the environment alone: every variable as it may stand there. */
const environment: Target = {
  name: 'environment',
  share: 40,
  max: 600,
  words: [
    ...CONFIG_KEYS.map(({ variable }) => `${variable}=`),
    'CDRD_HTTP_',
    '\n',
    '0.0.0.0:80,[::]:80',
    'USB=/media/a,NAS=/mnt/b',
    'auto',
  ],
  run(input) {
    const variables = utf8(input)
      .split('\n')
      .map((line) => /^([^=]+)=([\s\S]*)$/.exec(line))
      .flatMap((found) => (found ? [[found[1] ?? '', found[2] ?? '']] : []));
    orRefused(() => loadConfig(null, Object.fromEntries(variables)), ConfigError);
  },
};

export const configTargets: readonly Target[] = [toml, settings, environment];
