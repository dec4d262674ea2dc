/** Commands that mend, as a technician pastes them into root's shell: one line, each word quoted where it must be. */
import { existsSync } from 'node:fs';

/** Made while systemd runs (sd_booted(3)). */
const SYSTEMD = '/run/systemd/system';

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
