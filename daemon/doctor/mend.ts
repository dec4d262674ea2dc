/** Commands that mend, as a technician pastes them into root's shell: one line, each word quoted where it must be. */
import { existsSync } from 'node:fs';

/** Made while systemd runs (sd_booted(3)). */
const SYSTEMD = '/run/systemd/system';

export const runsSystemd = () => existsSync(SYSTEMD);

/** A word of a shell's line. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param doing `restart`, `start`, … */
export function service(doing: string, name: string): string {
  return existsSync(SYSTEMD) ? `systemctl ${doing} ${word(name)}` : `/etc/init.d/${word(name)} ${doing}`;
}

export const restartCdrd = () => service('restart', 'cdrd');

/** Asterisk's snippets and its user for cdrd put right, what else stands there kept, and Asterisk told. */
export const SETUP = 'cdrd setup --yes --reload';

/** Each only when the one before went well. */
export function inTurn(...commands: readonly string[]): string {
  return commands.join(' && ');
}

/** Where systemd takes it from: the package's, or one of the box's own. */
const DROP_INS = ['/usr/lib', '/lib', '/etc'].map((root) => `${root}/systemd/system/asterisk.service.d/cdrd.conf`);

/** What Asterisk makes is its group's as well from its next start on. */
export function asteriskUmask(): string {
  const restart = service('restart', 'asterisk');
  // Debian's script has a variable of its own, others take the command.
  if (!existsSync(SYSTEMD)) return inTurn("printf 'UMASK=0002\\numask 0002\\n' >>/etc/default/asterisk", restart);
  if (DROP_INS.some(existsSync)) return inTurn('systemctl daemon-reload', restart);
  const folder = '/etc/systemd/system/asterisk.service.d';
  const write = `printf '[Service]\\nUMask=0002\\n' >${folder}/cdrd.conf`;
  return inTurn(`mkdir -p ${folder}`, write, 'systemctl daemon-reload', restart);
}

/** Ends what is in the way: a service for good, so that it doesn't come back with the next start of the box. */
export function endProcess({ pid, service: name }: { readonly pid: number; readonly service: string | null }): string {
  return name !== null && existsSync(SYSTEMD) ? `systemctl disable --now ${word(name)}` : `kill ${pid}`;
}
