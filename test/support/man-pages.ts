/**
 * The man pages cdrd(1) and cdrd.toml(5), made from the commands and from the schema of the configuration, so that they say
 * what the program does. They bear no date: the same code gives the same bytes.
 */
import { writeFileSync } from 'node:fs';
import { COMMANDS } from '../../daemon/command/all.ts';
import type { Command } from '../../daemon/command/command.ts';
import { run } from '../../daemon/command/run.ts';
import { CONFIG_KEYS, SECTION_NAMES } from '../../daemon/config/schema.ts';
import { EXIT } from '../../daemon/exit.ts';
import { NAME, VERSION } from '../../daemon/version.ts';
import { toml } from './config-reference.ts';

const FOLDER = new URL('../../etc/man/', import.meta.url);

export const MAN_PAGES = ['cdrd.1', 'cdrd.toml.5'] as const;
export type ManPage = (typeof MAN_PAGES)[number];

export function manPage(page: ManPage): string {
  return page === 'cdrd.1' ? commandPage() : configurationPage();
}

export function manPagePath(page: ManPage): URL {
  return new URL(page, FOLDER);
}

export function writeManPages(): void {
  for (const page of MAN_PAGES) writeFileSync(manPagePath(page), manPage(page));
}

/** What each exit code means; a new one has to be told here. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'It is done; of verify and doctor: all is well.',
  failed: 'It could not be done, and why; of verify: something differs; of doctor: a warning or a fault.',
  usage: 'The command line is wrong.',
  corrupt: 'The store, or the backup that a restore was given, is damaged. The next start sets a damaged store aside.',
  software: 'A fault of cdrd itself.',
  io: 'A disk is full, fails or is read-only, and what is on it cannot be read either.',
  locked: 'Another cdrd uses the state folder.',
  config: 'The configuration is wrong, each fault with its line; or a newer cdrd wrote the store.',
};

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/cdrd/cdrd.toml', 'The configuration: see cdrd.toml(5).'],
  ['/var/lib/cdrd', 'The store, secrets and what else must survive (state.dir).'],
  [
    '/var/lib/cdrd/secret/initial-passwords',
    'How to log in the first time; each line goes when its password is changed.',
  ],
  ['/run/cdrd', 'Local sockets (run.dir): control.sock for commands, ami.sock for AMI clients.'],
  ['/usr/share/cdrd/asterisk', "What Asterisk's configuration needs, as files to read; setup puts it in."],
  ['/etc/default/cdrd', 'What the init script starts; systemd does not read it.'],
];

function commandPage(): string {
  return [
    title('CDRD', '1'),
    '.SH NAME',
    'cdrd \\- call records and recordings of an Asterisk IP-PBX',
    '.SH SYNOPSIS',
    '.B cdrd',
    '.I COMMAND',
    '.RI [ OPTIONS ]',
    '.br',
    '.B cdrd',
    '.RB [ \\-\\-help | \\-\\-version ]',
    '.SH DESCRIPTION',
    ...paragraphs(
      'cdrd keeps one row a call from the call detail records of an Asterisk, indexes its recordings, answers the numbered CGI of the Nexo guide, and offers AMI to any client. Its pages are at http://BOX/.',
      'Commands other than run work through the running daemon, or on the store itself while none runs. Without --config the installed command takes /etc/cdrd/cdrd.toml. Passwords and secrets come on standard input, never as an argument.',
    ),
    '.SH COMMANDS',
    ...[run, ...Object.values(COMMANDS)].flatMap(commandEntry),
    '.SH EXIT STATUS',
    ...Object.entries(EXIT_MEANINGS).flatMap(([name, text]) => entry(`${EXIT[name as keyof typeof EXIT]}`, text)),
    '.SH ENVIRONMENT',
    ...entry('CDRD_SECTION_KEY', 'Overrides a key of the configuration, for example CDRD_HTTP_LISTEN.'),
    '.SH FILES',
    ...FILES.flatMap(([path, text]) => entry(path, text)),
    '.SH SIGNALS',
    ...entry('SIGTERM', 'What is in flight is finished, five seconds at most; then it ends.'),
    ...entry('SIGHUP', 'Tries Asterisk again, with the secret that the configuration has now.'),
    '.SH SEE ALSO',
    '.BR cdrd.toml (5),',
    '.BR asterisk (8)',
    '',
  ].join('\n');
}

/** The verb bold, what it takes as it is written; then what it does, and its options where they are told. */
function commandEntry({ usage, about, options = [] }: Command): string[] {
  const [verb = '', ...words] = usage.split(' ');
  return [
    '.TP',
    `.B cdrd ${roff(verb)}`,
    ...(words.length > 0 ? [roff(words.join(' ')), '.br'] : []),
    roff(sentence(about)),
    ...(options.length > 0
      ? ['.RS', ...options.flatMap(([option, text]) => entry(option, sentence(text))), '.RE']
      : []),
  ];
}

function configurationPage(): string {
  return [
    title('CDRD.TOML', '5'),
    '.SH NAME',
    'cdrd.toml \\- configuration of cdrd',
    '.SH SYNOPSIS',
    '.B /etc/cdrd/cdrd.toml',
    '.SH DESCRIPTION',
    ...paragraphs(
      'A TOML file: sections in brackets, and in each its keys. A key that is left out has the default told here. What is set in the file, or by the environment variable, which wins, is fixed: the pages show it read-only, with where it stands. Keys that the pages can change had better be left out, then.',
      'An unknown key or a bad value is a fault: cdrd says all faults at once, each with its line, and ends with 78. Changes need a restart, but for the secret of Asterisk, which is taken within ten seconds.',
      'With asterisk.secret in it the file must have mode 0640 or stricter; the package makes it the group cdrd’s. cdrd setup writes it.',
    ),
    '.SH KEYS',
    ...SECTION_NAMES.flatMap((section) => [
      `.SS [${roff(section)}]`,
      ...CONFIG_KEYS.filter((each) => each.section === section).flatMap(({ name, fallback, doc, variable }) => [
        '.TP',
        `.B ${roff(name)}`,
        roff(`${sentence(doc)} Default: ${toml(fallback)}. Variable: ${variable}.`),
      ]),
    ]),
    '.SH EXAMPLE',
    '.nf',
    ...[
      '[asterisk]',
      'secret = "what manager.d/cdrd.conf says"',
      'cdr_csv = "/var/log/asterisk/cdr-custom/cdrd.csv"',
      '',
      '[http]',
      'listen = "[::]:8080"',
    ].map(roff),
    '.fi',
    '.SH SEE ALSO',
    '.BR cdrd (1)',
    '',
  ].join('\n');
}

function title(name: string, section: string): string {
  return `.\\" Made from the code by "make reference": changes here are lost.\n.TH ${name} ${section} "" "${NAME} ${VERSION}" "${NAME}"`;
}

function entry(term: string, text: string): string[] {
  return ['.TP', `.B ${roff(term)}`, roff(text)];
}

function paragraphs(...texts: readonly string[]): string[] {
  return texts.flatMap((text, at) => (at === 0 ? [roff(text)] : ['.PP', roff(text)]));
}

/** With a capital and a full stop, as a sentence stands alone. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** Text that roff would take for marks of its own. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', "'")
    .replaceAll('…', '...')
    .replaceAll('–', '\\(en')
    .replace(/^[.']/, '\\&$&');
}
