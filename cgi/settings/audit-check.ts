/**
 * 30036 (ours): the chains of the audit log, line by line against their hashes; the first line at fault of each is named.
 * That shows a log in which somebody has changed, removed or added a line. Whoever could write the store's file could have
 * made all hashes behind it anew: a head that was seen before, in the system log, tells that too.
 */
import * as v from 'valibot';
import type { StoreClient } from '../../storage/client.ts';
import type { ChainState } from '../../storage/store.ts';
import { AUDIT_CHAINS, type AuditCheck } from '../contract.ts';
import * as fields from '../fields.ts';
import type { Reply } from '../reply.ts';
import { verb } from '../verb.ts';

/** As the store calls them. */
export const CHAIN_NAMES = AUDIT_CHAINS satisfies readonly ChainState['chain'][];

export interface CheckedChain extends ChainState {
  /** Lines that hold. */
  readonly lines: number;
  /** The first that doesn't, and why, for people; null: all do. */
  readonly fault: { readonly line: number; readonly why: string } | null;
}

/** In steps; yields null while it goes on. */
export async function* checkChains(store: Pick<StoreClient, 'work' | 'ask'>): AsyncGenerator<CheckedChain | null> {
  for (const state of await store.ask('auditChains')) {
    let lines = 0;
    let step: Awaited<ReturnType<typeof store.work<'checkAudit'>>>;
    let place = { chain: state.chain, line: -1, hash: '' };
    do {
      step = await store.work('checkAudit', place);
      lines += step.lines;
      if (step.next) place = step.next;
      yield null;
    } while (step.next);
    yield { ...state, lines, fault: step.fault };
  }
}

/** A line of a chain with its hash, as the system log tells heads. */
const head = fields.field('a head that the system log has told, CHAIN:LINE:HASH: whether it still holds', (text) => {
  if (text === '') return undefined;
  const [, name, line, hash = ''] = /^([a-z]+):(\d{1,12}):([0-9a-f]{64})$/.exec(text.trim().toLowerCase()) ?? [];
  const chain = CHAIN_NAMES.find((each) => each === name);
  if (!chain) throw new fields.Wrong('must be CHAIN:LINE:HASH');
  return { chain, line: Number(line), hash };
});

export const auditCheck = verb({
  about: 'checks the chains of the audit log, line by line; with head, whether they still hold one seen before',
  right: 'audit',
  parameters: v.strictObject({ head }),
  handle({ head: seen }, { store }): Reply {
    async function* text(): AsyncGenerator<string> {
      const chains: CheckedChain[] = [];
      for await (const checked of checkChains(store)) {
        if (checked) chains.push(checked);
        else yield '';
      }
      const kept = seen && (await store.ask('auditLink', seen));
      const stands = seen && (kept === '' ? standing(seen, chains) : kept === seen.hash ? 'holds' : 'differs');
      const isWhole = chains.every(({ fault }) => fault === null) && stands !== 'differs' && stands !== 'missing';
      const answer: AuditCheck = {
        result: isWhole ? 'success' : 'failed',
        json_array_chains: chains.map(({ chain, anchor, head: end, lines, fault }) => ({
          chain,
          ...end,
          cut: anchor.line,
          checked: lines,
          ...(fault && { fault }),
        })),
        ...(seen && stands && { head: { ...seen, state: stands } }),
      };
      yield JSON.stringify(answer);
    }
    return { kind: 'rows', text: text() };
  },
});

/** Of a line that isn't there: it was cut off with the oldest, or ought to be there. */
function standing({ chain, line }: { readonly chain: string; readonly line: number }, chains: readonly CheckedChain[]) {
  const state = chains.find((each) => each.chain === chain);
  return state && line < state.anchor.line ? 'cut' : 'missing';
}
