/**
 * What a channel has been through, asked of Asterisk itself (`Action: Status`, main/manager.c): for channels whose events
 * were missed. `DNID` is what was dialled on it at first; the rest are variables of MixMonitor (apps/app_mixmonitor.c), of
 * the call record, and of our dialplan (etc/asterisk/extensions_cdrd.conf). A pause of a recording leaves no trace there.
 */
import type { Header, Packet } from '../wire/packet.ts';

/** Asks for every channel. */
export const STATUS: readonly Header[] = [
  ['Action', 'Status'],
  ['Variables', 'CDRD_KIND,CDRD_DIALLED,CDRD_DST,CDRD_MONITOR,MIXMONITOR_FILENAME,CDR(answer,u)'],
];

export interface ChannelPast {
  /** '': it was dialled itself, or nothing tells. */
  readonly dialled: string;
  /** Epoch milliseconds; null: nothing tells. */
  readonly answered: number | null;
  readonly recorded: boolean;
}

/**
 * @param status An `Event: Status` that answers {@link STATUS}.
 * @param caller The channel began its call: those dialled for it inherit what the dialplan noted of it.
 */
export function pastOf(status: Packet, caller: boolean): ChannelPast {
  const variables = new Map(
    status.headers.filter(([name]) => name === 'Variable').map(([, assigned]) => variableOf(assigned)),
  );
  const variable = (name: string) => variables.get(name) ?? '';
  const noted = caller ? variable('CDRD_DIALLED') || variable('CDRD_DST') : '';
  const answered = Number(variable('CDR(answer,u)')); // 0.000000 before
  // Our dialplan takes its mark away where it ends a recording; MixMonitor leaves its own, so it counts in others only.
  const recorded = variable('CDRD_MONITOR') || (variable('CDRD_KIND') === '' && variable('MIXMONITOR_FILENAME'));
  return {
    dialled: status.get('DNID') || noted,
    answered: answered > 0 ? Math.floor(answered * 1000) : null,
    recorded: Boolean(recorded),
  };
}

/** `NAME=value`; Asterisk writes `(null)` for what is not set. */
function variableOf(assigned: string): [name: string, value: string] {
  const at = assigned.indexOf('=');
  const value = assigned.slice(at + 1);
  return [assigned.slice(0, at), value === '(null)' ? '' : value];
}
