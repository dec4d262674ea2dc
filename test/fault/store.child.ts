/**
 * The store in a process of its own on a disk that fails to order, worked by one command a line:
 * `put N` (so many records at once), `large N` (each of 200 KB), `user NAME`, `close N` (the Nth call is over), `probe`, `look`, `end`.
 * Each is answered by one line of JSON.
 */
import { createInterface } from 'node:readline';
import { isDiskFault } from '../../storage/errors.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { StoreOptions } from '../../storage/store.ts';
import { leg } from '../support/legs.ts';

const store = openStoreHere(JSON.parse(process.argv[2] ?? '') as StoreOptions);
const NOON = 1_619_082_110;
let records = 0;

async function perform(verb: string, argument: string): Promise<unknown> {
  switch (verb) {
    case 'put':
      return put(Number(argument), 3_000);
    case 'large':
      return put(Number(argument), 200_000);
    case 'user':
      return outcomes([
        store.write({
          kind: 'user',
          user: { name: argument, role: 'admin', hash: 'x', isInitial: false },
          audit: { who: 'test', address: '', action: 'user.set', detail: { user: argument } },
        }),
      ]);
    case 'close':
      return outcomes([store.write({ kind: 'close', group: `${NOON + Number(argument)}.0` })]);
    case 'probe':
      return store.ask('probeDisk');
    case 'look':
      return { open: (await store.ask('openGroups')).length, users: (await store.ask('users')).length };
    default:
      throw new Error(`no command ${verb}`);
  }
}

function put(count: number, length: number): Promise<string[]> {
  const write = () =>
    store.write({ kind: 'leg', leg: leg(NOON + records++, { lastData: 'x'.repeat(length) }), source: 'ami' });
  return outcomes(Array.from({ length: count }, write));
}

/** How each ended: `done`, or the fault's code. */
async function outcomes(writes: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(writes);
  return settled.map((each) => {
    if (each.status === 'fulfilled') return 'done';
    if (isDiskFault(each.reason)) return each.reason.code;
    throw each.reason;
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = '', argument = ''] = line.split(' ');
  if (verb === 'end') break;
  process.stdout.write(`${JSON.stringify({ answer: await perform(verb, argument), disk: store.disk })}\n`);
}
await store.close();
process.exit(0);
