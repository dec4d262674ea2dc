/**
 * Caller IDs that MOR's clients keep with their devices: a list of the box's own, a setting among the others. Nothing here
 * acts on them: who calls from where is the PBX's business.
 */
import * as v from 'valibot';
import type { By } from '../../../storage/sql/audit.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { inTurn } from './turns.ts';

/** Caller IDs of the whole box: together some 150 KB of text, which is read and written as one. */
export const CLIS_MAX = 1_000;
const SETTING = 'mor.clis';
const TURN = { setting: SETTING, what: 'the caller IDs' };

export interface Cli {
  /** Given once and never again. */
  readonly id: number;
  /** The extension that it belongs to. */
  readonly device: string;
  readonly number: string;
  readonly description: string;
  /** Epoch seconds. */
  readonly added: number;
}

const held = v.object({
  /** Of the next one. */
  next: v.number(),
  clis: v.array(
    v.object({ id: v.number(), device: v.string(), number: v.string(), description: v.string(), added: v.number() }),
  ),
});
type Held = v.InferOutput<typeof held>;
type Needed = Pick<Services, 'store' | 'now'>;

/** All of them, in the order in which they were added. */
export async function allClis({ store }: Pick<Services, 'store'>): Promise<readonly Cli[]> {
  return (await read(store)).clis;
}

/** @returns its id. @throws {CgiError} `conflict` for one that its device has already, or when there are too many; `busy` */
export function addCli(cli: Omit<Cli, 'id' | 'added'>, by: By, { store, now }: Needed): Promise<number> {
  return inTurn({ store, ...TURN }, async () => {
    const { next, clis } = await read(store);
    if (clis.some(({ device, number }) => device === cli.device && number === cli.number))
      throw new CgiError('conflict', `${cli.device} has ${cli.number} already`, 'cli');
    if (clis.length >= CLIS_MAX) throw new CgiError('conflict', `there are ${CLIS_MAX} caller IDs already`);
    const detail = { id: String(next), ...cli };
    const value: Held = { next: next + 1, clis: [...clis, { id: next, ...cli, added: now() }] };
    await store.write({ kind: 'setting', name: SETTING, value, audit: { ...by, action: 'cli.added', detail } });
    return next;
  });
}

/** @param mayHave Whether it is one of who asks. @returns whether there was one. @throws {CgiError} `busy` */
export function removeCli(id: number, mayHave: (cli: Cli) => boolean, by: By, { store }: Needed): Promise<boolean> {
  return inTurn({ store, ...TURN }, async () => {
    const { next, clis } = await read(store);
    const found = clis.find((cli) => cli.id === id);
    if (!found || !mayHave(found)) return false;
    const value: Held = { next, clis: clis.filter((cli) => cli !== found) };
    const detail = { id: String(id), device: found.device, number: found.number };
    await store.write({ kind: 'setting', name: SETTING, value, audit: { ...by, action: 'cli.removed', detail } });
    return true;
  });
}

async function read(store: Services['store']): Promise<Held> {
  const value = await store.ask('setting', SETTING);
  return value === null ? { next: 1, clis: [] } : v.parse(held, value);
}
