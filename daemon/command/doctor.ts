/**
 * `cdrd doctor`: what is wrong with the box and the commands that mend it. The running daemon tells what it sees, and root
 * what the daemon can't; where none runs, why it would not start comes first.
 */
import { parseArgs } from 'node:util';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { askDaemon } from '../control/client.ts';
import { examine, type Finding, fault, merged, warning } from '../doctor/finding.ts';
import { restartCdrd } from '../doctor/mend.ts';
import type { DaemonFacts } from '../doctor/parts.ts';
import { configFinding } from '../doctor/root/config-faults.ts';
import { rootChecks } from '../doctor/root/root.ts';
import { stoppedFindings, whyStopped } from '../doctor/root/stopped.ts';
import { findingsText } from '../doctor/text.ts';
import { EXIT } from '../exit.ts';
import { lockHolder } from '../lock.ts';
import { writeBundle } from '../support/write-bundle.ts';
import { type Command, configOption } from './command.ts';
import { complain, print } from './print.ts';

export const doctor: Command = {
  usage: 'doctor [--json] [--bundle FILE] [--config FILE]',
  about:
    'tells what is wrong with the box and the commands that mend it, most of it as root; exit 0 = all is well, 1 = a warning or a fault',
  async perform({ args }) {
    const { values } = parseArgs({
      args: [...args],
      options: { ...configOption, json: { type: 'boolean' }, bundle: { type: 'string' } },
    });
    const path = values.config ?? null;
    const config = configOf(path);
    const findings = config instanceof ConfigError ? await withoutConfig(config, path) : await examineBox(config);
    print(values.json ? JSON.stringify({ findings }, null, 2) : findingsText(findings));
    if (values.bundle !== undefined) {
      await writeBundle(values.bundle, config instanceof ConfigError ? null : config, findings);
      complain(`${values.bundle} is written: a support archive, to be read before it is sent`);
    }
    return findings.every(({ state }) => state === 'ok') ? EXIT.ok : EXIT.failed;
  },
};

interface Told {
  readonly facts: DaemonFacts;
  readonly findings: readonly Finding[];
}

async function examineBox(config: Config): Promise<readonly Finding[]> {
  const told = await ask(config.run.dir);
  const isRoot = process.getuid?.() === 0;
  const facts = told instanceof Error ? null : (told?.facts ?? null);
  const closer = isRoot ? await examine(rootChecks({ config, facts })) : [];
  if (told instanceof Error) return [hangs(told), ...closer];
  if (told) return merged(told.findings, closer);
  const locked = await lockHolder(config.state.dir);
  return stoppedFindings({ config, closer, locked });
}

function configOf(path: string | null): Config | ConfigError {
  try {
    return loadConfig(path, process.env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** null: none runs there. An error: one is there and doesn't answer, or not to us. One that hangs is found out soon. */
async function ask(runDir: string): Promise<Told | null | Error> {
  try {
    await askDaemon(runDir, { command: 'alive' });
    const told = await askDaemon(runDir, { command: 'doctor' });
    return told === null ? null : (JSON.parse(told) as Told);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whoever may not ask is told so; of one that hangs the watchdog may break off the question. */
function hangs(error: NodeJS.ErrnoException): Finding {
  if (error.code === 'EACCES')
    return fault('daemon.running', `cdrd could not be asked: ${error.message}: run it as root`, null);
  const says = `cdrd runs, and hangs, or ended while it was asked: ${error.message}`;
  return fault('daemon.running', says, restartCdrd());
}

/** A daemon that was started before may run on, by what the file said then. */
async function withoutConfig(error: ConfigError, path: string | null): Promise<readonly Finding[]> {
  const found = configFinding(error, path);
  const told = await ask(loadConfig(null, {}).run.dir);
  if (told && !(told instanceof Error))
    return merged(told.findings, [
      warning(found.check, `${found.says}; it runs by what the file said before`, found.mend),
    ]);
  return [whyStopped([found], null), found];
}
