/**
 * `cmd=activecall`: the channels as `core show channels verbose` lists them, and its three last lines. It took them from the
 * console, which cuts long names off; AMI tells the same in full (`CoreShowChannels`), but for the account of the other side
 * (`CHANNEL(peeraccount)`) and for how many calls there have been.
 */
import type { AsteriskHeaders, CallCounts } from '../port.ts';
import { type Command, phpReply } from './command.ts';
import { headerOf } from './headers.ts';

export const activeCall: Command = {
  like: { number: 30019, right: 'live.read' },
  async answer(_request, { askAsterisk }) {
    const [channels, accounts, counts] = await Promise.all([
      askAsterisk.list('CoreShowChannels'),
      askAsterisk.list('Status', { Variables: PEER_ACCOUNT }),
      askAsterisk.callCounts(),
    ]);
    return phpReply(channelRows(channels.items, peerAccounts(accounts.items), counts));
  },
};

const PEER_ACCOUNT = 'CHANNEL(peeraccount)';

/** By UniqueID. */
function peerAccounts(statuses: readonly AsteriskHeaders[]): ReadonlyMap<string, string> {
  const assigned = `${PEER_ACCOUNT}=`;
  const accountIn = (status: AsteriskHeaders) =>
    status.find(([name, value]) => name === 'Variable' && value.startsWith(assigned))?.[1].slice(assigned.length) ?? '';
  return new Map(statuses.map((status) => [headerOf(status, 'Uniqueid'), accountIn(status)]));
}

/** Pure. @param counts null: Asterisk doesn't tell. */
export function channelRows(
  channels: readonly AsteriskHeaders[],
  accounts: ReadonlyMap<string, string>,
  counts: CallCounts | null,
): unknown[] {
  const bridges = new Map<string, string[]>();
  for (const channel of channels) {
    const bridge = headerOf(channel, 'BridgeId');
    if (bridge !== '') bridges.set(bridge, [...(bridges.get(bridge) ?? []), headerOf(channel, 'Channel')]);
  }
  const rows = channels.map((channel) => {
    const name = headerOf(channel, 'Channel');
    const others = (bridges.get(headerOf(channel, 'BridgeId')) ?? []).filter((each) => each !== name);
    return {
      Channel: name,
      Context: headerOf(channel, 'Context'),
      Extension: headerOf(channel, 'Exten'),
      Prio: headerOf(channel, 'Priority'),
      State: headerOf(channel, 'ChannelStateDesc'),
      Application: headerOf(channel, 'Application') || '(None)',
      Data: headerOf(channel, 'ApplicationData'),
      CallerID: headerOf(channel, 'CallerIDNum'),
      Duration: headerOf(channel, 'Duration'),
      Accountcode: headerOf(channel, 'AccountCode'),
      PeerAccount: accounts.get(headerOf(channel, 'Uniqueid')) ?? '',
      BridgedTo: others.join(',') || '(None)',
    };
  });
  const calls = counts?.active ?? channels.filter(runsDialplan).length;
  const processed = counts ? `${plural(counts.processed, 'call')} processed` : NOT_TOLD;
  return [...rows, plural(channels.length, 'active channel'), plural(calls, 'active call'), processed];
}

/**
 * Asterisk counts a call for each channel that runs a dialplan of its own (main/pbx.c). One that was dialled for another shows
 * what it was dialled by instead.
 */
function runsDialplan(channel: AsteriskHeaders): boolean {
  return headerOf(channel, 'ApplicationData') !== '(Outgoing Line)';
}

/** In the place of a number that nobody here knows. */
const NOT_TOLD = 'calls processed: not told, cdrd needs write = command in manager.conf for it';

/** As Asterisk writes it. */
function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
