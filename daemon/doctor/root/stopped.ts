/**
 * The box while no daemon runs: why it would not start is what everybody wants to know, and it comes first. What the daemon
 * would ask Asterisk is asked here.
 */
import { open } from 'node:fs/promises';
import { fileWork } from '../../../storage/file-work.ts';
import { connectAsterisk } from '../../asterisk/connection.ts';
import type { Config } from '../../config.ts';
import { asteriskLimits } from '../../limits.ts';
import type { LockedError } from '../../lock.ts';
import { createLog } from '../../log.ts';
import { lookAtMedium } from '../../recordings/medium.ts';
import { actAsOwner, databaseFile } from '../../state.ts';
import { type AskAsterisk, askAsterisk } from '../ask-asterisk.ts';
import { asteriskChecks, lackingRights } from '../asterisk.ts';
import { dialplanChecks } from '../dialplan.ts';
import { type Check, examine, type Finding, fault, ok, oncePerCheck } from '../finding.ts';
import { mediumChecks } from '../medium.ts';
import { inTurn, restartCdrd, service } from '../mend.ts';
import { csvCheck, recordChecks } from '../records.ts';
import { stateDisk } from './files.ts';

/** In this order: what stops a start first. */
const STOPPERS = [
  'config.keys',
  'config.file',
  'state.folder',
  'ports.web',
  'store.schema',
  'store.whole',
  'state.disk',
];

export interface StoppedOptions {
  readonly config: Config;
  /** What root found out. */
  readonly closer: readonly Finding[];
  /** Something that answers to nobody holds the state folder; null: nothing does. */
  readonly locked: LockedError | null;
}

export async function stoppedFindings({ config, closer, locked }: StoppedOptions): Promise<readonly Finding[]> {
  const found = [...closer, ...(await examine(storeChecks(config)))];
  const asterisk = await withAsterisk(config, (checks) => examine([...checks, ...mediumChecks(mediumOf(config))]));
  // What root found out comes first, and so holds.
  return oncePerCheck([whyStopped(found, locked), ...found, ...asterisk]);
}

/** @param found What was found out so far. */
export function whyStopped(found: readonly Finding[], locked: LockedError | null): Finding {
  if (locked)
    return fault(
      'daemon.running',
      `cdrd hangs: ${locked.message} and does not answer`,
      inTurn(service('stop', 'cdrd'), service('start', 'cdrd')),
    );
  const stopper = STOPPERS.flatMap(
    (check) => found.find((finding) => finding.check === check && finding.state === 'fault') ?? [],
  )[0];
  if (stopper) return fault('daemon.running', `cdrd does not run: ${stopper.says}`, stopper.mend);
  return fault(
    'daemon.running',
    'cdrd does not run, and nothing was found that would keep it from starting: nobody has started it',
    restartCdrd(),
  );
}

function storeChecks(config: Config): readonly Check[] {
  const file = databaseFile(config.state.dir);
  return [
    { name: 'state.disk', look: () => [stateDisk(config.state.dir, config.state.reserveMb * 1_000_000)] },
    { name: 'store.whole', look: () => storeFindings(config, file) },
  ];
}

/** Bytes of a database's header: behind them its schema (user_version), four bytes. */
const SCHEMA_AT = 60;

/** Of a store that may be larger than the box's memory. @throws what the system says. */
async function headOf(file: string): Promise<Buffer> {
  const opened = await open(file);
  try {
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(SCHEMA_AT + 4), 0, SCHEMA_AT + 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await opened.close();
  }
}

async function storeFindings(config: Config, file: string): Promise<readonly Finding[]> {
  const head = await headOf(file).catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
  if (head === 'ENOENT') return [ok('store.whole', 'there is no store yet: the first start makes it')];
  if (typeof head === 'string') return [fault('store.whole', `the store can't be read: ${head}`, null)];
  const schema = head.length >= SCHEMA_AT + 4 ? head.readUInt32BE(SCHEMA_AT) : 0;
  const newest = fileWork.newestSchema();
  if (schema > newest)
    return [
      fault(
        'store.schema',
        `a newer cdrd has written the store (schema ${schema}, this one knows ${newest}): install that one again, or go back to the last backup`,
        inTurn('cdrd restore --latest', restartCdrd()),
      ),
    ];
  // Nothing of root's may stay beside it.
  const back = await actAsOwner(config.state.dir);
  try {
    const found = fileWork.faultIn(file);
    return found === ''
      ? [ok('store.whole', 'all of the store was read, and is whole')]
      : [
          fault(
            'store.whole',
            `the store is damaged (${found}): the next start sets it aside, and a backup takes its place`,
            restartCdrd(),
          ),
        ];
  } finally {
    back();
  }
}

function mediumOf({ recordings }: Config) {
  const { dir, requireMount } = recordings;
  const facts = lookAtMedium({ dir, requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' });
  return {
    dir: () => dir,
    state: () => ({ state: facts.state, why: facts.why, writable: facts.state === 'mounted', since: 0 }),
    space: () => null,
    daysLeft: async () => null,
    makesRoom: () => true,
  };
}

/** Asks Asterisk by a connection of its own: it is quick to answer, or away. */
async function withAsterisk(
  config: Config,
  look: (checks: readonly Check[]) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let settled = () => {};
  const known = new Promise<void>((resolve) => {
    settled = resolve;
  });
  const connection = connectAsterisk({
    ...config.asterisk,
    log: createLog({ level: 'error' }),
    onEvent() {},
    onUp() {},
    onStatus({ state, version }) {
      if (version !== '' || state === 'down' || state === 'refused') settled();
    },
  });
  const late = setTimeout(settled, asteriskLimits.answerMs);
  try {
    if (connection.status.state !== 'off') await known;
    const asked = connection.status.state === 'up' ? askAsterisk(connection) : null;
    const rights = await lackingRights(asked);
    const ask = rights?.length ? null : asked;
    const records = { config, csv: () => null, newest: async () => null };
    return await look([
      ...asteriskChecks({ config, connection }, rights),
      ...(ask ? askedChecks(ask, config) : []),
      csvCheck(records),
    ]);
  } finally {
    clearTimeout(late);
    await connection.close();
  }
}

function askedChecks(ask: AskAsterisk, config: Config): readonly Check[] {
  return [...recordChecks(ask, { config }), ...dialplanChecks(ask, { policy: null, recordingWanted: () => true })];
}
