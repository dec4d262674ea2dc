/**
 * Whether there is an Asterisk on this box that could be started: without its program no start helps. Looked for where
 * packages and a build of one's own put it, and where its unit or script of the system says.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Finding } from './finding.ts';
import { inTurn, SETUP, service } from './mend.ts';

const PROGRAMS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/bin', '/usr/local/bin', '/opt/asterisk/sbin'];
const UNITS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];

/** @param host Of `asterisk.host`. */
export function isOnThisBox(host: string): boolean {
  return /^(127\.|localhost$|::1$)/.test(host);
}

const ASTERISKS = /\bcdrd setup\b|\bsystemctl \S+ asterisk\b|\/init\.d\/asterisk\b/;

/** A command for Asterisk's own box mends nothing on another one: there it is said in words. */
export function mendedThere(finding: Finding, host: string): Finding {
  if (isOnThisBox(host) || finding.mend === null || !ASTERISKS.test(finding.mend)) return finding;
  return { ...finding, says: `${finding.says}; Asterisk runs on ${host}: to be mended there`, mend: null };
}

/** @param root Before each path, for tests. */
export function isAsteriskInstalled(root = ''): boolean {
  const told = [
    ...UNITS.map((folder) => [`${folder}/asterisk.service`, /^ExecStart=[-@:+!]*(\/\S+)/gm] as const),
    ['/etc/init.d/asterisk', /^DAEMON=["']?(\/[^\s"']+)/gm] as const,
  ].flatMap(([file, program]) => [...textOf(root + file).matchAll(program)].map(([, path = '']) => path));
  return [...PROGRAMS.map((folder) => `${folder}/asterisk`), ...told].some((path) => existsSync(root + path));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Said where an Asterisk of this box is missing altogether. */
export const NOT_INSTALLED =
  'Asterisk is not installed on this box; where it is on another one, asterisk.host in cdrd.toml names that, and "" says that there is none';

/** Puts it in place, and what cdrd needs of it. null: this system has no apt. */
export function installAsterisk(root = ''): string | null {
  if (!existsSync(`${root}/usr/bin/apt-get`)) return null;
  // Of a package that is there already apt brings nothing back, and dpkg no file of /etc that somebody has taken away.
  const again = existsSync(`${root}/var/lib/dpkg/info/asterisk.list`);
  const options = again ? '--reinstall -o Dpkg::Options::=--force-confmiss ' : '';
  const packages = again ? 'asterisk asterisk-config' : 'asterisk';
  return inTurn(`apt-get install -y ${options}${packages}`, service('restart', 'asterisk'), SETUP);
}
