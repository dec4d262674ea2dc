/**
 * The support archive: what somebody who has never seen the box needs to know of it, in texts that can be read before they
 * are sent. No recording, no call record, no secret, no telephone number (mask.ts). Loaded when it is first asked for.
 */
import { lstat, readdir } from 'node:fs/promises';
import { arch, cpus, freemem, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { DoctorFinding } from '../../cgi/contract.ts';
import { tarOfTexts } from '../../cgi/recording/tar.ts';
import type { LogMessage } from '../../cgi/vitals/port.ts';
import { CONFIG_KEYS } from '../config/schema.ts';
import type { Config } from '../config.ts';
import { findingsText } from '../doctor/text.ts';
import { BUILT_AT } from '../version.ts';
import { createMask, type Mask } from './mask.ts';
import { hiddenPartOf, secretsOf } from './secrets-of.ts';

/** A file of the archive. */
export interface SupportFile {
  readonly name: string;
  readonly text: string;
}

/** A setting as 30016 has it. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string;
  readonly fallback: string;
  readonly fixed: string | null;
  readonly pending: boolean;
}

/** What only a running daemon knows. */
export interface DaemonKnows {
  readonly health: unknown;
  readonly metrics: string;
  readonly log: readonly LogMessage[];
  readonly settings: readonly ShownSetting[];
  readonly alarms: unknown;
  /** Seconds since it began. */
  readonly uptime: number;
}

export interface BundleParts {
  readonly version: string;
  /** As the file and the environment give it. */
  readonly config: Config;
  readonly findings: readonly DoctorFinding[];
  /** null: no daemon runs. */
  readonly daemon: DaemonKnows | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Files of the folders of state that are told of. */
const FILES_MAX = 500;

const ABOUT = `Support archive of cdrd. Everything in it is text: read it before you send it.

doctor.txt, doctor.json   what cdrd doctor says
health.json               /healthz
metrics.txt               /metrics
log.txt                   the last warnings and errors since the start
settings.json             what the pages have set, and where a setting is fixed
configuration.json        the configuration: each key, its value, where it stands
alarms.json               alarms, and how mail and webhook do
versions.json             of cdrd, Node, the system
files.txt                 owners, modes and sizes in state.dir and run.dir

Taken out: secrets (***), telephone numbers (number-1), peers of channels (peer-1), callers' names (name-1), addresses of
clients (ip-1), mail addresses (mail-1). The same is called the same in all files. Call records and recordings were never in.
`;

/** Values that would give away more than they tell. */
const HIDDEN = new Set(['asterisk.secret', 'alarm.mail', 'alarm.sender']);

/** The archive's files, masked. */
export async function supportFiles(parts: BundleParts): Promise<SupportFile[]> {
  const { config, daemon, findings } = parts;
  const setting = (name: string) => daemon?.settings.find((each) => each.name === name)?.value ?? '';
  const { mail, sender, webhook } = config.alarm;
  const urls = [webhook, setting('alarm.webhook')].map(hiddenPartOf);
  const addresses = [...mail, sender, ...setting('alarm.mail').split(/[,\n]/), setting('alarm.sender')];
  const { secret } = config.asterisk;
  const mask = createMask({ secrets: await secretsOf(config.state.dir, [secret, ...urls, ...addresses]) });
  const json = (value: unknown, choice = {}) => `${JSON.stringify(mask.json(value, choice), null, 2)}\n`;
  const own = { addresses: true };
  return [
    { name: 'README.txt', text: ABOUT },
    { name: 'doctor.txt', text: `${mask.text(findingsText(findings))}\n` },
    { name: 'doctor.json', text: json({ findings }) },
    ...(daemon ? ofDaemon(daemon, mask, json) : []),
    { name: 'configuration.json', text: json(configurationOf(config), own) },
    { name: 'versions.json', text: json(versionsOf(parts), own) },
    { name: 'files.txt', text: await filesOf([config.state.dir, config.run.dir], mask) },
  ];
}

function ofDaemon(daemon: DaemonKnows, mask: Mask, json: (value: unknown, choice?: object) => string): SupportFile[] {
  const settings = daemon.settings.map(({ name, value, ...rest }) => ({ name, value: shown(name, value), ...rest }));
  // Its values are figures; only what stands in quotes could be anything else.
  const metrics = daemon.metrics.replace(/"[^"\n]*"/g, (label) => mask.text(label));
  return [
    { name: 'health.json', text: json(daemon.health) },
    { name: 'metrics.txt', text: metrics },
    { name: 'log.txt', text: logText(daemon.log, mask) },
    { name: 'settings.json', text: json({ settings }, { addresses: true }) },
    { name: 'alarms.json', text: json(daemon.alarms) },
  ];
}

function logText(log: readonly LogMessage[], mask: Mask): string {
  const lines = log.map(({ at, times, level, part, text }) => {
    const count = times > 1 ? ` (${times} times)` : '';
    const where = part === '' ? '' : `${part}: `;
    return `${new Date(at).toISOString()} ${level} ${where}${mask.text(text, { figures: true })}${count}`;
  });
  return `${lines.join('\n') || 'nothing'}\n`;
}

/** Whether it is set is told, and nothing more. */
function shown(name: string, value: string): string {
  return HIDDEN.has(name) && value !== '' ? '***' : value;
}

function configurationOf(config: Config): readonly object[] {
  const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return CONFIG_KEYS.map(({ key, section, name }) => {
    const sections = config as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    const value = JSON.stringify(sections[section]?.[camel(name)], (_, part: unknown) =>
      part instanceof RegExp ? part.source : part,
    );
    const empty = value === '""' || value === '[]';
    return { key, value: HIDDEN.has(key) && !empty ? '***' : value, stands: config.fixed(key) };
  });
}

function versionsOf({ version, now, daemon }: BundleParts): object {
  const { node, v8, uv, openssl } = process.versions;
  return {
    cdrd: version,
    built: new Date(BUILT_AT * 1000).toISOString(),
    running_seconds: daemon ? Math.floor(daemon.uptime) : null,
    node: `v${node}`,
    v8,
    uv,
    openssl,
    kernel: `Linux ${release()}`,
    machine: arch(),
    processors: cpus().length,
    memory_mb: Math.round(totalmem() / 1e6),
    memory_free_mb: Math.round(freemem() / 1e6),
    up_seconds: Math.floor(uptime()),
    clock: new Date(now).toISOString(),
    system_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

/** `mode owner group bytes time path`, as deep as a folder in a folder. Nothing is read but the folders. */
async function filesOf(dirs: readonly string[], mask: Mask): Promise<string> {
  const lines: string[] = [];
  async function look(path: string, depth: number): Promise<void> {
    if (lines.length >= FILES_MAX) return;
    const about = await lstat(path).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (typeof about === 'string') return void lines.push(`? ${about} ${mask.text(path)}`);
    const { mode, uid, gid, size, mtimeMs } = about;
    const time = new Date(mtimeMs).toISOString().slice(0, 19);
    lines.push(`${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid} ${gid} ${size} ${time} ${mask.text(path)}`);
    if (!about.isDirectory() || depth === 0) return;
    const names = await readdir(path).catch(() => []);
    for (const name of names.sort()) await look(join(path, name), depth - 1);
  }
  for (const dir of dirs) await look(dir, 2);
  return `mode owner group bytes time path\n${lines.join('\n')}\n`;
}

/** The files as a tar.gz, in a folder of its own. @param now Milliseconds since 1970. */
export function archiveOf(files: readonly SupportFile[], now: number): Promise<Buffer> {
  const inFolder = files.map(({ name, text }) => ({ name: `cdrd-support/${name}`, text }));
  return promisify(gzip)(tarOfTexts(inFolder, now));
}

/** A name for it that says when. */
export function archiveName(now: number): string {
  return `cdrd-support-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}.tar.gz`;
}
