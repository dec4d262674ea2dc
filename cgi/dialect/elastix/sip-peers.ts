/**
 * `cmd=sippeers`: phones and trunks, and whether they are there. Those of chan_sip as its own list has them; endpoints of
 * PJSIP in the same shape, without what PJSIP has no word for or tells of each alone.
 */
import type { AskAsterisk, AsteriskHeaders } from '../port.ts';
import { type Command, phpReply } from './command.ts';
import { headerOf } from './headers.ts';
import { itemsOf, sipDrivers } from './sip-drivers.ts';

/** Endpoints with a contact that stands in the configuration: each is asked for by itself, and trunks are few. */
const ASKED_MAX = 100;

export const sipPeers: Command = {
  like: { number: 30019, right: 'live.read' },
  async answer(_request, { askAsterisk }) {
    const drivers = await sipDrivers(askAsterisk);
    const peers = drivers.includes('SIP') ? (await askAsterisk.list('SIPpeers')).items : [];
    const endpoints = drivers.includes('PJSIP') ? await endpointRows(askAsterisk) : [];
    return phpReply([...peers.map((peer) => Object.fromEntries(peer)), ...endpoints]);
  },
};

async function endpointRows(ask: AskAsterisk): Promise<unknown[]> {
  const endpoints = await itemsOf(ask.list('PJSIPShowEndpoints'), 'No endpoints found');
  const registered = await itemsOf(ask.list('PJSIPShowContacts'), 'No Contacts found');
  const contacts = new Map(registered.map((contact) => [headerOf(contact, 'Endpoint'), contact]));
  let asked = 0;
  const rows: unknown[] = [];
  for (const endpoint of endpoints) {
    const name = headerOf(endpoint, 'ObjectName');
    const contact = contacts.get(name) ?? null;
    const isFixed = !contact && headerOf(endpoint, 'Contacts') !== '';
    const fixed = isFixed && ++asked <= ASKED_MAX ? await fixedContact(ask, name) : null;
    rows.push(endpointRow(endpoint, contact, fixed));
  }
  return rows;
}

/** What Asterisk knows of a contact from the configuration; null: nothing. */
async function fixedContact(ask: AskAsterisk, endpoint: string): Promise<AsteriskHeaders | null> {
  const { items } = await ask.list('PJSIPShowEndpoint', { Endpoint: endpoint });
  return items.find((item) => headerOf(item, 'Event') === 'ContactStatusDetail') ?? null;
}

/**
 * Pure.
 * @param endpoint An `EndpointList`. @param registered Its `ContactList`; null: it has not registered.
 * @param fixed `ContactStatusDetail` of one from the configuration; null: there is none, or it was not asked for.
 */
export function endpointRow(
  endpoint: AsteriskHeaders,
  registered: AsteriskHeaders | null,
  fixed: AsteriskHeaders | null,
): Record<string, string> {
  // `100/sip:100@192.0.2.7:5060,`: several follow one another.
  const [listed = ''] = headerOf(endpoint, 'Contacts').split(',');
  const { host, port } = addressOf(
    (registered && headerOf(registered, 'Uri')) || listed.slice(listed.indexOf('/') + 1),
  );
  const told = registered ?? fixed;
  const status = told ? statusOf(told) : listed === '' ? 'UNKNOWN' : null;
  const isDynamic = registered !== null || (listed === '' && headerOf(endpoint, 'Aor') !== '');
  return {
    Event: 'PeerEntry',
    Channeltype: 'PJSIP',
    ObjectName: headerOf(endpoint, 'ObjectName'),
    ChanObjectType: 'peer',
    IPaddress: host || '-none-',
    IPport: host === '' ? '0' : port,
    Dynamic: isDynamic ? 'yes' : 'no',
    ...(status !== null && { Status: status }),
    Description: '',
  };
}

/** Where a contact is: `sip:100@[2001:db8::7]:5061;transport=tls`, or without user and port. */
function addressOf(uri: string): { readonly host: string; readonly port: string } {
  const [, secure, host = '', port] =
    /^sip(s)?:(?:[^@]*@)?(\[[^\]]*\]|[^:;?>]*)(?::(\d+))?/i.exec(uri.replace(/^</, '')) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: port ?? (secure ? '5061' : '5060') };
}

/** A contact's state in chan_sip's words. Round trips are microseconds; `N/A` where there was none. */
function statusOf(contact: AsteriskHeaders): string {
  const microseconds = Number(headerOf(contact, 'RoundtripUsec'));
  switch (headerOf(contact, 'Status')) {
    case 'Reachable':
      return Number.isFinite(microseconds) ? `OK (${Math.ceil(microseconds / 1000)} ms)` : 'OK';
    case 'Unreachable':
      return 'UNREACHABLE';
    case 'NonQualified':
    case 'Created':
      return 'Unmonitored';
    default:
      return 'UNKNOWN';
  }
}
