/** What is wrong with cdrd.toml itself, and the command that takes the lines at fault out: then the defaults hold. */

import type { ConfigFault } from '../../config/reading.ts';
import type { ConfigError } from '../../config.ts';
import { type Finding, fault } from '../finding.ts';
import { inTurn, restartCdrd, word } from '../mend.ts';

/** @param path null: the faults are the environment's. */
export function configFinding(error: ConfigError, path: string | null): Finding {
  const says = `the configuration is wrong, so cdrd does not start with it: ${error.message.replaceAll('\n', '; ')}`;
  const isMode = ({ message }: ConfigFault) => message.startsWith("the file's mode");
  const others = error.faults.filter((each) => !isMode(each));
  const lines = others.flatMap(({ place }) => ('line' in place && place.line !== null ? place.line : []));
  if (path === null || (others.length > 0 && lines.length === 0)) return fault('config.keys', says, null);
  const edits = [...new Set(lines)].map((line) => `-e ${word(`${line}s/^/# /`)}`).join(' ');
  const commands = [
    ...(edits === '' ? [] : [`sed -i.bad ${edits} ${word(path)}`]),
    ...(error.faults.some(isMode) ? [`chmod 0640 ${word(path)}`] : []),
  ];
  return fault('config.keys', says, inTurn(...commands, restartCdrd()));
}
