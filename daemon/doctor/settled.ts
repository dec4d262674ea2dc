/**
 * Right after a start nothing is known yet: the medium has not been looked at, Asterisk is being asked for the first time. A
 * doctor that took that for faults would cry wolf to whoever has just restarted something.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AsteriskStatus } from '../asterisk/connection.ts';
import { NOT_LOOKED_AT } from '../recordings/medium-state.ts';

/** The first look takes well below a second; a medium that hangs has its own deadline. */
const SETTLED_MS = 5_000;
const LOOK_MS = 50;

interface Settling {
  readonly asterisk: { readonly connection: { readonly status: Pick<AsteriskStatus, 'state'> } };
  readonly medium: { state(): { readonly why: string } };
}

/** Resolves when both have been looked at once, or after `ms` as it is. */
export async function settled({ asterisk, medium }: Settling, ms = SETTLED_MS): Promise<void> {
  const until = performance.now() + ms;
  const isSettling = () => asterisk.connection.status.state === 'connecting' || medium.state().why === NOT_LOOKED_AT;
  while (isSettling() && performance.now() < until) await sleep(LOOK_MS);
}
