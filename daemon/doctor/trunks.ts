/**
 * Trunks that are taken for extensions, and the reverse: what Asterisk tells of each peer, against the rules by which calls
 * are told apart. Of most peers Asterisk tells nothing either way; of those the rules alone decide.
 */
import type { TrunkRules } from '../../storage/model/trunk.ts';
import type { Config } from '../config.ts';
import type { Packet } from '../wire/packet.ts';
import type { AskAsterisk } from './ask-asterisk.ts';
import { type Check, type Finding, ok, warning } from './finding.ts';
import { setKey, tomlList } from './toml-mend.ts';

export interface TrunkParts {
  readonly config: Pick<Config, 'fixed' | 'file'>;
  readonly trunkRules: () => TrunkRules;
  /** Of this moment. */
  settings(): { readonly trunkNames: readonly string[]; readonly extensions: string };
}

interface Peer {
  readonly name: string;
  readonly tech: 'SIP' | 'PJSIP';
  /** What Asterisk tells of it: we log in there; it logs in here; nothing. */
  readonly is: 'trunk' | 'phone' | null;
}

/** Names told of at most. */
const SHOWN = 5;

export function trunkCheck(ask: AskAsterisk, parts: TrunkParts): Check {
  return { name: 'trunks.rules', look: async () => [judged(await peersOf(ask), parts)] };
}

async function peersOf(ask: AskAsterisk): Promise<readonly Peer[]> {
  const asked = async (action: string) => (await ask.list([['Action', action]]))?.filter(isItem) ?? [];
  const [sip, registry, endpoints, outbound] = await Promise.all(
    ['SIPpeers', 'SIPshowregistry', 'PJSIPShowEndpoints', 'PJSIPShowRegistrationsOutbound'].map(asked),
  );
  const hosts = new Set(registry?.map((item) => item.get('Host')));
  const loggedIn = new Set(outbound?.map((item) => item.get('Endpoint')));
  return [
    ...(sip ?? []).map((item): Peer => {
      const isRegistered = hosts.has(item.get('IPaddress'));
      const is = isRegistered ? 'trunk' : item.get('Dynamic') === 'yes' ? 'phone' : null;
      return { name: item.get('ObjectName'), tech: 'SIP', is };
    }),
    ...(endpoints ?? []).map((item): Peer => {
      const name = item.get('ObjectName');
      const weLogIn = loggedIn.has(name) || item.get('OutboundAuths') !== '';
      return { name, tech: 'PJSIP', is: weLogIn ? 'trunk' : item.get('Auths') !== '' ? 'phone' : null };
    }),
  ];
}

/** Neither the answer nor the end of the list. */
function isItem(packet: Packet): boolean {
  return packet.get('ObjectName') !== '' || packet.get('Host') !== '' || packet.get('Endpoint') !== '';
}

function judged(peers: readonly Peer[], { config, trunkRules, settings }: TrunkParts): Finding {
  const rules = trunkRules();
  const isTrunk = ({ tech, name }: Peer) => rules.trunkOf(`${tech}/${name}-00000001`).kind !== null;
  const hidden = peers.filter((peer) => peer.is === 'trunk' && !isTrunk(peer));
  const phones = peers.filter((peer) => peer.is === 'phone' && isTrunk(peer));
  const trunks = peers.filter((peer) => isTrunk(peer) && peer.is !== 'phone').map(({ name }) => name);
  const { trunkNames, extensions } = settings();
  if (hidden.length + phones.length === 0)
    return ok(
      'trunks.rules',
      `${peers.length} peers, ${trunks.length} of them trunks, as Asterisk's registrations agree`,
    );
  const says = [
    ...(hidden.length > 0
      ? [`${shown(hidden)}: Asterisk logs in there, and calls of it are taken for an extension's`]
      : []),
    ...(phones.length > 0 ? [`${shown(phones)}: it logs in here like a phone, and is taken for a trunk`] : []),
  ].join('; ');
  const names = [
    ...new Set([...trunkNames.filter((name) => !isNamed(phones, name)), ...trunks, ...hidden.map(({ name }) => name)]),
  ];
  const numbers = phones.map(({ name }) => name).filter((name) => /^\d+$/.test(name));
  // Without a name the list would mean "every peer outside of the range".
  const mend =
    names.length > 0
      ? setKey(config, 'trunks.names', tomlList(names))
      : numbers.length === phones.length
        ? setKey(config, 'numbering.extension', JSON.stringify([extensions, ...numbers].filter(Boolean).join(',')))
        : null;
  return warning('trunks.rules', says, mend);
}

function isNamed(peers: readonly Peer[], name: string): boolean {
  return peers.some((peer) => peer.name.toLowerCase() === name.toLowerCase());
}

function shown(peers: readonly Peer[]): string {
  const names = peers.slice(0, SHOWN).map(({ tech, name }) => `${tech}/${name}`);
  return names.join(', ') + (peers.length > SHOWN ? ` and ${peers.length - SHOWN} more` : '');
}
