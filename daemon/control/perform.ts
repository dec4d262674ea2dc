/** What a command has done to the store, whoever does it: the running daemon, or the command itself while none runs. */
import { stat } from 'node:fs/promises';
import type { Accounts } from '../../cgi/access/accounts.ts';
import type { AmiUserAdmin } from '../../cgi/ami/port.ts';
import type { Backups } from '../../cgi/backup/port.ts';
import { checkChains } from '../../cgi/settings/audit-check.ts';
import { tallies } from '../../cgi/truth/summary.ts';
import { checkSums } from '../../storage/check-sums.ts';
import type { StoreClient } from '../../storage/client.ts';
import { parseLocal, resolveLocal, type Zone } from '../../storage/model/local-time.ts';
import type { Walk } from '../../storage/store.ts';
import { BEGINNING, batchesOf, type CsvFile, filesOf, signatureOf } from '../asterisk/csv-file.ts';
import type { Ingest } from '../asterisk/ingest.ts';
import type { Bus } from '../bus.ts';
import type { Config } from '../config.ts';
import type { RunningDoctor } from '../doctor/parts.ts';
import { setUser } from '../state.ts';
import type { RunningSupport } from '../support/support.ts';
import { exported } from './export.ts';
import type { ControlRequest } from './protocol.ts';
import type { Performed } from './server.ts';
import { traceText } from './trace-text.ts';
import { truthText } from './truth-text.ts';

/** Who acts, in the audit log, by a command on the box. */
const CONSOLE = { who: 'console', address: '' };

export interface PerformOptions {
  readonly config: Config;
  readonly store: StoreClient;
  readonly accounts: Accounts;
  readonly amiUsers: AmiUserAdmin;
  readonly backups: Pick<Backups, 'make'>;
  readonly ingest: Ingest;
  /** Of the running daemon; absent: a command without one examines by itself. */
  readonly doctor?: RunningDoctor;
  /** Of the running daemon. */
  readonly support?: Pick<RunningSupport, 'known'>;
  readonly bus: Bus;
  readonly zone: Zone;
}

/** Carries a command out and tells in a few words what was done. @throws with a message that names what is wrong. */
export type Perform = (request: ControlRequest) => Promise<Performed>;

export function createPerform(options: PerformOptions): Perform {
  const { config, store, accounts, amiUsers, backups, ingest, doctor, support, bus, zone } = options;
  return async (request) => {
    switch (request.command) {
      case 'user.set':
        return setUser(config.state.dir, accounts, request, 'console');
      case 'user.totp-off':
        await accounts.dropFactor(request.user, CONSOLE);
        return `user ${request.user} logs in without a second factor`;
      case 'ami-user.set':
        return setAmiUser(request);
      case 'ami-user.remove':
        await amiUsers.remove(request.name, CONSOLE);
        return `AMI user ${request.name} is removed`;
      case 'ami-user.list':
        return listAmiUsers(amiUsers);
      case 'import':
        return importFile(request.path);
      case 'refold':
        return refold(request.from);
      case 'verify':
        return verify();
      case 'alive':
        return '';
      case 'doctor': {
        if (!doctor) throw new Error('only a running daemon examines the box for others');
        // First the examination: it waits until what has just been started has looked at everything once.
        const findings = await doctor.examine();
        return JSON.stringify({ facts: doctor.facts(), findings });
      }
      case 'support':
        if (!support) throw new Error('only a running daemon knows this');
        return JSON.stringify(support.known());
      case 'backup': {
        const { name, bytes, sum, direct } = await backups.make(CONSOLE);
        const read = direct ? 'read back from the medium' : 'read back, maybe from memory';
        return `${name} is on the medium: ${bytes} bytes, SHA-256 ${sum}, ${read}`;
      }
      case 'backup.begin':
        return JSON.stringify(await store.work('copyBegin'));
      case 'backup.end':
        return endCopy(store, request.holder, request.to);
      case 'export':
        await noteExport(request.what, request.format);
        return exported(store, request.what, request.format);
      case 'trace':
        return traceText(await store.ask('trace', request.uniqueId), request.uniqueId, zone);
      default:
        throw new Error('there is no such command');
    }
  };

  /** A store that can only be read is exported all the same. */
  async function noteExport(what: string, format: string): Promise<void> {
    const audit = { ...CONSOLE, action: `${what}.exported`, detail: { format } };
    await store.write({ kind: 'audit', audit }).catch(() => {});
  }

  async function setAmiUser({ command: _, ...definition }: Extract<ControlRequest, { command: 'ami-user.set' }>) {
    const byName = await amiUsers.set(definition, CONSOLE, 'console');
    const granted = byName.length > 0 ? `; granted by name, as no class is called so: ${byName.join(', ')}` : '';
    return `AMI user ${definition.name} is set${granted}`;
  }

  /** The file is known by its first line, so that a second import of it takes only what is new. */
  async function importFile(path: string): Promise<string> {
    const { size, mtimeMs } = await stat(path);
    const file: CsvFile = { path, gzip: path.endsWith('.gz'), size, mtimeMs };
    const signature = await signatureOf(file);
    if (signature === null) throw new Error(`${path} has no complete line`);
    const known = (await store.ask('csvPositions')).find((position) => position.signature === signature);
    let records = 0;
    let repeated = 0;
    const faults: string[] = [];
    let broken = 0;
    for await (const batch of batchesOf(file, signature, known ?? BEGINNING, zone)) {
      const put = await ingest.batch(batch);
      records += put.records;
      repeated += put.repeated;
      broken += batch.faults.length;
      for (const { line, reason } of batch.faults) if (faults.length < 10) faults.push(`  line ${line}: ${reason}`);
    }
    const taken = `${records} records taken, ${repeated} were there already`;
    const aside = broken > 0 ? `, ${broken} lines are no records and were kept aside:` : '';
    return [taken + aside, ...faults].join('\n');
  }

  async function refold(from: string): Promise<string> {
    const wall = parseLocal(`${from} 00:00:00`);
    if (wall === null) throw new Error('--from must be a date such as 2021-05-07');
    let calls = 0;
    let next: Walk = { at: resolveLocal(wall, zone).epoch, id: 0 };
    while (next) {
      const written = await store.write({ kind: 'refold', after: next });
      calls += written.calls.length;
      if (written.calls.length > 0) bus.emit('calls', written.calls);
      next = written.next;
    }
    return `${calls} calls changed`;
  }

  /** @throws when something is wrong, so that a script sees it. */
  async function verify(): Promise<string> {
    const wrong: string[] = [];
    let groups = 0;
    for (let next: Walk = { at: Number.MIN_SAFE_INTEGER, id: 0 }; next; ) {
      const step: Awaited<ReturnType<typeof store.ask<'verifyStep'>>> = await store.ask('verifyStep', next);
      groups += step.groups;
      wrong.push(...step.wrong.map((group) => `  call ${group}: its rows are not what its records fold to`));
      next = step.next;
    }
    let sums = 0;
    for await (const day of checkSums(store)) {
      sums += day.sums;
      wrong.push(...day.wrong.map((text) => `  sum of ${text}`));
    }
    const { lines, missing } = await verifyCsv();
    const log = await verifyAudit();
    const problems = [...wrong, ...missing, ...log.broken];
    const looked = `${groups} calls against their records, ${sums} sums against their calls, ${lines} lines of the CDR CSV against the store, ${log.lines} lines of the audit log`;
    // What is wrong with recordings nobody can put right in the store: it is told, and is no failure of it.
    const recordings = truthText(await tallyAll());
    if (problems.length > 0)
      throw new Error([`${looked}: ${problems.length} differ`, ...problems.slice(0, 20), recordings].join('\n'));
    return `${looked}: all agree\n${recordings}`;
  }

  /** The chains of the audit log. What stands behind a broken line is not looked at: its hash tells nothing any more. */
  async function verifyAudit(): Promise<{ lines: number; broken: string[] }> {
    const broken: string[] = [];
    let lines = 0;
    for await (const checked of checkChains(store)) {
      lines += checked?.lines ?? 0;
      if (checked?.fault)
        broken.push(`  audit log, chain ${checked.chain}, line ${checked.fault.line}: ${checked.fault.why}`);
    }
    return { lines, broken };
  }

  /** Findings of the truth report over all times, by code. */
  async function tallyAll(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const filter of tallies({ start: {}, wall: {} }))
      for await (const { codes } of store.tally(filter))
        for (const [code, count] of codes) counts.set(code, (counts.get(code) ?? 0) + count);
    return counts;
  }

  /** Every line that the store says it has read must be in it. */
  async function verifyCsv(): Promise<{ lines: number; missing: string[] }> {
    const read = new Map((await store.ask('csvPositions')).map(({ signature, offset }) => [signature, offset]));
    const missing: string[] = [];
    let lines = 0;
    const files = await filesOf(config.asterisk.cdrCsv).catch(() => []);
    for (const file of files) {
      const signature = await signatureOf(file);
      const upTo = signature === null ? undefined : read.get(signature);
      if (signature === null || upTo === undefined || upTo === Number.MAX_SAFE_INTEGER) continue;
      for await (const batch of batchesOf(file, signature, BEGINNING, zone)) {
        // What came since is not read yet.
        const legs = batch.legs.filter((_, index) => (batch.places[index]?.offset ?? 0) < upTo);
        lines += legs.length;
        for (const index of await store.ask('missingRecords', legs))
          missing.push(`  ${file.path}, before line ${batch.line}: ${legs[index]?.uniqueId} is not in the store`);
        if (batch.offset >= upTo) break;
      }
    }
    return { lines, missing };
  }
}

/** The store's file was copied by a command. @param to For the audit log. @returns why it was not still all the time; '' = it was. */
export async function endCopy(store: StoreClient, holder: number, to: string): Promise<string> {
  const changed = await store.work('copyEnd', holder);
  if (changed === '')
    await store.write({ kind: 'audit', audit: { ...CONSOLE, action: 'backup.copied', detail: { to } } });
  return changed;
}

/** A line each, without the secrets. */
function listAmiUsers(users: AmiUserAdmin): string {
  const lines = users
    .list()
    .map(
      ({ name, read, write, permit, extras }) =>
        `${name}  read=${read.join()}  write=${write.join()}  permit=${permit.join() || 'the box itself'}  extras=${extras ? 'on' : 'off'}`,
    );
  return lines.length === 0 ? 'there are no AMI users' : lines.join('\n');
}
