/**
 * Trunks, read off Asterisk's channel names: `SIP/96-00000007` came over trunk `96`, `DAHDI/2-1` over the analogue line
 * `pstn2`, a GSM channel over `GSM3`. What is no trunk is a phone of the house, or Asterisk itself.
 */
import type { NumberPlan } from './number-plan.ts';

/** An Asterisk channel name taken apart. */
export interface Channel {
  /** `SIP`, `PJSIP`, `IAX2`, `DAHDI`, `Local`, `Message` …; '' where the name has no technology. */
  readonly tech: string;
  /**
   * Who or what is at its end: peer or endpoint (`96`, `my-trunk`), DAHDI's channel (`2`), span and number
   * (`i1/5551234`), Local's `exten@context`.
   */
  readonly peer: string;
  /** What `;1` and `;2` of one Local channel have in common, the whole name without the half's number; else null. */
  readonly wire: string | null;
  /** Which half of a Local channel: 1 (the side that was dialled from), 2 (the side that runs the dialplan); else null. */
  readonly half: 1 | 2 | null;
}

/**
 * Takes a channel name apart. Never throws: of a name in no known form the text after the first `/` is the peer.
 * Forms: asterisk channels/chan_sip.c `sip_new`, chan_pjsip.c, chan_iax2.c `ast_iax2_new`, chan_dahdi.c `dahdi_new`,
 * main/core_local.c.
 */
export function parseChannel(channel: string): Channel {
  // A masquerade leaves these for a moment, and a record may have kept one: the channel meant is the inner one.
  const name = channel.replace(/^(?:AsyncGoto|Surrogate)\//, '').replace(/<(?:MASQ|ZOMBIE)>$/, '');
  const slash = name.indexOf('/');
  if (slash < 0) return { tech: '', peer: name, wire: null, half: null };
  const tech = name.slice(0, slash);
  const rest = name.slice(slash + 1);
  const half = rest.endsWith(';1') ? 1 : rest.endsWith(';2') ? 2 : null;
  if (tech === 'Local' && half !== null) {
    return { tech, peer: withoutInstance(rest.slice(0, -2)), wire: name.slice(0, -2), half };
  }
  return { tech, peer: withoutInstance(rest), wire: null, half: null };
}

/** Drops the last `-…`, which numbers the channel; the peer before it may hold dashes of its own. */
function withoutInstance(text: string): string {
  return text.replace(/-[0-9A-Za-z.]*$/, '');
}

/** One side of a call as the guide names its trunk. */
export interface Trunk {
  /** `96`, `pstn2`, `GSM3`, or '' for no trunk. */
  readonly name: string;
  /** GSM port number, 1 and up; 0 where it is not a GSM port (an FXO port has its number in the name only). */
  readonly port: number;
  /** `peer`: a SIP, PJSIP or IAX2 trunk. Null: no trunk. */
  readonly kind: 'gsm' | 'fxo' | 'peer' | null;
}

export interface TrunkRules {
  /** The trunk that a channel belongs to. '' (a leg without a destination channel) is no trunk. */
  trunkOf(channel: string): Trunk;
  /** The same with the rule that says so. */
  explain(channel: string): ExplainedTrunk;
}

/** Which of the rules has decided. */
export interface ExplainedTrunk {
  readonly trunk: Trunk;
  /**
   * `gsm`, `fxo`: a pattern; `listed`, `unlisted`: `trunks.names`; without those `extension`: a number of the house,
   * `outside`: none, `remote`: as Asterisk shows it; `technology`: of a kind that has no trunks without a pattern.
   */
  readonly rule: 'gsm' | 'fxo' | 'listed' | 'unlisted' | 'extension' | 'outside' | 'remote' | 'technology';
  /** The pattern that matched, or ''. */
  readonly pattern: string;
  /** The number of its port, of analog lines too; 0 = none. */
  readonly port: number;
  /** Who or what is at the channel's end. */
  readonly peer: string;
}

export interface TrunkConfig {
  /** `trunks.names`: if not empty, the whole list of SIP, PJSIP and IAX2 trunks (any case). Empty or null: not given. */
  readonly names: readonly string[] | null;
  /** `trunks.fxo`, `trunks.gsm`: regular expressions on the channel name with one capture group, the port's number. */
  readonly fxo: readonly string[];
  readonly gsm: readonly string[];
  readonly plan: NumberPlan;
  /** Where no names are given: peers that Asterisk shows with a registration or a fixed remote host. Asked at each call. */
  readonly isRemote?: (peer: string) => boolean;
}

/** A pattern that can't be used; its message is for the person who wrote it. */
export class TrunkRuleError extends Error {
  override readonly name = 'TrunkRuleError';
}

/** `DAHDI/2-1` is `pstn2` (guide-resolved). */
export const DEFAULT_FXO: readonly string[] = ['^DAHDI/(\\d+)-'];

const NO_TRUNK: Trunk = { name: '', port: 0, kind: null };
/** Asterisk's names have at most 80 characters (AST_CHANNEL_NAME); longer ones must not feed a careless pattern. */
const MAX_CHANNEL_NAME = 128;
/** No card has more ports; a larger number is no port. */
const MAX_PORT = 9999;

/**
 * The rules that tell a trunk from a phone. In order: GSM patterns, FXO patterns, then for SIP, PJSIP and IAX2 the list
 * of names, or without one every peer outside the extension range and every remote one. Nothing else is a trunk: an
 * ISDN span (`DAHDI/i1/…`) needs a pattern of its own.
 * @throws TrunkRuleError for a pattern that is no regular expression or has not exactly one capture group.
 */
export function trunkRules({ names, fxo, gsm, plan, isRemote }: TrunkConfig): TrunkRules {
  const gsmPatterns = gsm.map(portPattern);
  const fxoPatterns = fxo.map(portPattern);
  const listed = names === null || names.length === 0 ? null : new Map(names.map((name) => [name.toLowerCase(), name]));

  function explain(channel: string): ExplainedTrunk {
    const name = channel.slice(0, MAX_CHANNEL_NAME);
    const { tech, peer } = parseChannel(name);
    const gsmPort = portOf(name, gsmPatterns);
    if (gsmPort) {
      const { port, pattern } = gsmPort;
      return { trunk: { name: `GSM${port}`, port, kind: 'gsm' }, rule: 'gsm', pattern, port, peer };
    }
    const fxoPort = portOf(name, fxoPatterns);
    if (fxoPort) {
      const { port, pattern } = fxoPort;
      return { trunk: { name: `pstn${port}`, port: 0, kind: 'fxo' }, rule: 'fxo', pattern, port, peer };
    }
    const none = (rule: ExplainedTrunk['rule']) => ({ trunk: NO_TRUNK, rule, pattern: '', port: 0, peer });
    const trunk = (name: string, rule: ExplainedTrunk['rule']) => ({
      ...none(rule),
      trunk: { name, port: 0, kind: 'peer' as const },
    });
    if (!PEER_TECHS.has(tech)) return none('technology');
    if (listed) {
      const name = listed.get(peer.toLowerCase());
      return name === undefined ? none('unlisted') : trunk(name, 'listed');
    }
    if (plan.kindOf(peer) !== 'extension') return peer === '' ? none('outside') : trunk(peer, 'outside');
    return isRemote?.(peer) ? trunk(peer, 'remote') : none('extension');
  }

  return { explain, trunkOf: (channel) => explain(channel).trunk };
}

const PEER_TECHS: ReadonlySet<string> = new Set(['SIP', 'PJSIP', 'IAX2']);

function portPattern(source: string): RegExp {
  let groups: number;
  try {
    // The empty alternative always matches, and a match lists every group there is.
    groups = (new RegExp(`${source}|`).exec('')?.length ?? 0) - 1;
  } catch (error) {
    throw new TrunkRuleError(`"${source}" is not a regular expression: ${(error as Error).message}`);
  }
  if (groups !== 1) {
    throw new TrunkRuleError(`"${source}" needs exactly one capture group, the port, as in ^DAHDI/(\\d+)-`);
  }
  return new RegExp(source);
}

/** The port that the first matching pattern captures, or null. */
function portOf(channel: string, patterns: readonly RegExp[]): { port: number; pattern: string } | null {
  for (const pattern of patterns) {
    const captured = pattern.exec(channel)?.[1] ?? '';
    const port = /^\d+$/.test(captured) ? Number(captured) : 0;
    if (port >= 1 && port <= MAX_PORT) return { port, pattern: pattern.source };
  }
  return null;
}
