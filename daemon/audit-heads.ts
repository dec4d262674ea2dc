/**
 * Tells the log where the chains of the audit log end. What is in the store's file, whoever has the disk in hand can write
 * anew, all hashes with it; what syslog has carried off the box, not: 30036 tells whether a head that was seen there still
 * holds. So it proves nothing of lines behind the last head that was told, and nothing of what was never written.
 */
import type { StoreClient } from '../storage/client.ts';
import type { ChainState } from '../storage/store.ts';
import { auditHeadLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface AuditHeadsOptions {
  readonly store: Pick<StoreClient, 'ask'>;
  readonly log: Pick<Log, 'info'>;
  /** Tests give shorter ones. */
  readonly limits?: { readonly lookMs: number; readonly quietMs: number };
}

export interface AuditHeads {
  /** Ends looking, and tells once more what has changed. */
  close(): Promise<void>;
}

/** After a start, a moment after something was done, and now and then for the other chains. */
export function tellAuditHeads({ store, log, limits = auditHeadLimits }: AuditHeadsOptions): AuditHeads {
  let told = '';
  let toldAct = '';
  let toldAt = Number.NEGATIVE_INFINITY;
  const look = async (now = false): Promise<void> => {
    const chains = await store.ask('auditChains').catch(() => null); // closing, or busy: the next look tells
    if (!chains) return;
    const [all, act] = [chains.map(textOf).join(' '), textOf(chains[0] as ChainState)];
    const isDue = now || act !== toldAct || performance.now() - toldAt >= limits.quietMs;
    if (all === told || !isDue) return;
    [told, toldAct, toldAt] = [all, act, performance.now()];
    log.info('the audit log ends here', Object.fromEntries(chains.map((each) => [each.chain, textOf(each)])));
  };
  const timer = setInterval(() => void look(), limits.lookMs);
  timer.unref();
  void look();
  return {
    async close() {
      clearInterval(timer);
      await look(true);
    },
  };
}

/** As 30036 takes it. */
function textOf({ chain, head }: ChainState): string {
  return `${chain}:${head.line}:${head.hash}`;
}
