/**
 * What only root on the box sees: who holds which port, whose files are whose, and whether a recording that Asterisk makes
 * can be deleted by cdrd, by doing it.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { lookAtMedium } from '../../recordings/medium.ts';
import { type Check, type Finding, fault, ok } from '../finding.ts';
import { isOnThisBox } from '../installed.ts';
import { word } from '../mend.ts';
import type { DaemonFacts } from '../parts.ts';
import { CONFIG_FILE } from '../toml-mend.ts';
import { type Identity, identityOf } from './accounts.ts';
import { csvFindings } from './csv.ts';
import { configFile, stateFolder } from './files.ts';
import { folderFindings } from './folder.ts';
import { ETC, managerFindings } from './manager.ts';
import { portFindings } from './ports.ts';
import { holdersOf, type Process, processesNamed, processOf } from './processes.ts';

const ASTERISK = 'asterisk';
const CDRD = 'cdrd';
/** Where nothing tells it, because Asterisk doesn't run or the kernel is older than 4.7: nobody is accused by guess. */
const RIGHT_UMASK = 0o002;

export interface RootOptions {
  readonly config: Config;
  /** null: no daemon runs. */
  readonly facts: DaemonFacts | null;
}

export function rootChecks({ config, facts }: RootOptions): readonly Check[] {
  const cdrd = cdrdsIdentity(config, facts);
  const isHere = isOnThisBox(config.asterisk.host);
  return [
    ...(cdrd ? [{ name: 'config.file', look: () => [configFile(resolve(config.file ?? CONFIG_FILE), cdrd)] }] : []),
    ...(cdrd ? [{ name: 'state.folder', look: () => [stateFolder(config.state.dir, cdrd)] }] : []),
    {
      name: 'ports',
      look: () =>
        portFindings({
          pid: facts?.pid ?? null,
          asteriskPort: isHere ? config.asterisk.port : null,
          ami: facts?.ami ?? config.ami.listen,
          web: facts?.web ?? [...config.http.listen, ...config.https.listen],
          doors: isHere && existsSync(ETC) ? { http: config.http.listen, https: config.https.listen } : null,
        }),
    },
    ...(isHere ? [{ name: 'asterisk.user', look: () => managerFindings(config) }] : []),
    ...(isHere ? [{ name: 'cdr.csv', look: () => csv(config) }] : []),
    ...(cdrd ? [{ name: 'recordings.folder', look: () => folder({ config, facts }, cdrd, isHere) }] : []),
  ];
}

function csv(config: Config) {
  const asterisk = asterisksIdentity(config);
  return asterisk ? csvFindings(config.asterisk.cdrCsv, asterisk) : [];
}

function folder({ config, facts }: RootOptions, cdrd: Identity, isHere: boolean) {
  const dir = facts?.recordings.dir ?? config.recordings.dir;
  const state = facts?.recordings.state ?? mediumState(config, dir);
  // What it is like then, the medium's own line says; a hanging one would hang us.
  if (state !== 'mounted') return [];
  const asterisk = isHere ? asterisksIdentity(config) : null;
  if (!asterisk) return [ok('recordings.folder', 'there is no Asterisk on this box that could record to it')];
  const findings = folderFindings({ dir, cdrd, asterisk });
  const isHeldBack = facts?.recordings.why === 'read-only' && findings[0]?.state === 'ok';
  return isHeldBack ? [sandboxed(dir), ...findings.slice(1)] : findings;
}

/** Anybody may write there but the service: its unit names the folders in which it may (ReadWritePaths). */
function sandboxed(dir: string): Finding {
  const says = `Asterisk can record to ${dir}, and the service of cdrd may not write there: its unit does not name that folder`;
  return fault('medium.state', says, `cdrd setup --yes --recordings ${word(dir)}`);
}

function mediumState({ recordings }: Config, dir: string): string {
  const { requireMount } = recordings;
  return lookAtMedium({ dir, requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' }).state;
}

/** As its process runs; else as it would be started. null: there is no such user. */
function cdrdsIdentity({ run }: Config, facts: DaemonFacts | null): Identity | null {
  return (facts && processOf(facts.pid)) ?? identityOf(run.user || CDRD);
}

/** The one whose AMI we use, else any; else as it would be started. */
function asterisksIdentity({ asterisk }: Config) {
  const isAsterisk = ({ name }: Process) => name === ASTERISK;
  const holding = holdersOf(asterisk.port).map(({ by }) => by);
  const named = processesNamed(ASTERISK);
  // Root's console (asterisk -r) bears the name as well.
  const process = holding.find(isAsterisk) ?? named.find(({ uid }) => uid !== 0) ?? named[0];
  if (process) return { ...withGroup(process), umask: process.umask ?? RIGHT_UMASK };
  const identity = identityOf(ASTERISK);
  return identity && { ...identity, umask: RIGHT_UMASK };
}

function withGroup({ uid, gid, groups }: Process): Identity {
  return { uid, gid, groups: [...new Set([gid, ...groups])] };
}
