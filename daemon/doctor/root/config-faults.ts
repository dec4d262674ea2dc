/** What is wrong with cdrd.toml itself, and the command that takes the lines at fault out: then the defaults hold. */
import type { ConfigError } from '../../config.ts';
import { type Finding, fault } from '../finding.ts';
import { inTurn, restartCdrd, word } from '../mend.ts';

/** @param path null: the faults are the environment's. */
export function configFinding(error: ConfigError, path: string | null): Finding {
  const lines = error.faults.flatMap(({ place }) => ('line' in place && place.line !== null ? place.line : []));
  const isMode = error.faults.every(({ message }) => message.startsWith("the file's mode"));
  const says = `the configuration is wrong, so cdrd does not start with it: ${error.message.replaceAll('\n', '; ')}`;
  if (path === null) return fault('config.keys', says, null);
  if (isMode) return fault('config.keys', says, inTurn(`chmod 0640 ${word(path)}`, restartCdrd()));
  if (lines.length === 0) return fault('config.keys', says, null);
  const edits = [...new Set(lines)].map((line) => `-e ${word(`${line}s/^/# /`)}`).join(' ');
  return fault('config.keys', says, inTurn(`sed -i.bad ${edits} ${word(path)}`, restartCdrd()));
}
