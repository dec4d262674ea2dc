/** Phones of somebody's extensions, as Asterisk has them at this moment: chan_sip's and PJSIP's. A phone is its extension's. */
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { AskAsterisk, AsteriskHeaders } from '../port.ts';
import { extensionRanges } from './page.ts';
import { hasExtension, type MorUser } from './users.ts';

export interface Phone {
  /** Digits: it is a number of the number plan. */
  readonly extension: string;
  readonly type: 'SIP' | 'PJSIP';
  /** In the owner's words; '' = none. */
  readonly description: string;
  /** Whether Asterisk knows where it is. */
  readonly isThere: boolean;
}

/** What Asterisk tells of a phone by itself. */
export interface PhoneDetail {
  /** `"Eva" <202>`; '' = none. */
  readonly callerId: string;
  /** Where in the dialplan its calls begin. */
  readonly context: string;
}

/** By extension; of one that both drivers have, the phone that is there, else chan_sip's. @throws {CgiError} as {@link AskAsterisk} does */
export async function phonesOf(user: MorUser, services: Pick<Services, 'askAsterisk' | 'settings'>): Promise<Phone[]> {
  const { askAsterisk: ask } = services;
  const peers = await itemsOf(ask, 'SIPpeers');
  const endpoints = await itemsOf(ask, 'PJSIPShowEndpoints');
  const all = [...endpoints.map((item) => phone('PJSIP', item)), ...peers.map((item) => phone('SIP', item))].filter(
    ({ extension }) => hasExtension(user, extension, extensionRanges(services)),
  );
  const known = new Map<string, Phone>();
  for (const each of all) if (each.isThere || !known.get(each.extension)?.isThere) known.set(each.extension, each);
  return [...known.values()].sort((a, b) => Number(a.extension) - Number(b.extension));
}

/** @throws {CgiError} likewise */
export async function detailOf({ extension, type }: Phone, ask: AskAsterisk): Promise<PhoneDetail> {
  if (type === 'SIP') return detail(await ask.action('SIPshowpeer', { Peer: extension }));
  const { items } = await ask.list('PJSIPShowEndpoint', { Endpoint: extension });
  return detail(items.find((item) => wordOf(item, 'Event') === 'EndpointDetail') ?? []);
}

function phone(type: Phone['type'], item: AsteriskHeaders): Phone {
  const isThere =
    type === 'SIP'
      ? wordOf(item, 'IPaddress') !== '-none-' && !/^(UNREACHABLE|UNKNOWN)/.test(wordOf(item, 'Status'))
      : !/^(Unavailable|Invalid)$/.test(wordOf(item, 'DeviceState'));
  return { type, extension: wordOf(item, 'ObjectName'), description: wordOf(item, 'Description'), isThere };
}

function detail(headers: AsteriskHeaders): PhoneDetail {
  return { callerId: wordOf(headers, 'Callerid').replace(/^"" <>$/, ''), context: wordOf(headers, 'Context') };
}

/** '' where there is none or Asterisk has no word for it. */
function wordOf(headers: AsteriskHeaders, wanted: string): string {
  const value = headers.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? '';
  return /^<(unknown|none)>$/.test(value) ? '' : value;
}

/** What Asterisk says of a list of nothing, and of a driver that isn't loaded. */
const NONE = /no endpoints found|invalid\/unknown command/i;

async function itemsOf(ask: AskAsterisk, action: string): Promise<readonly AsteriskHeaders[]> {
  try {
    return (await ask.list(action)).items;
  } catch (error) {
    if (error instanceof CgiError && NONE.test(error.message)) return [];
    throw error;
  }
}
