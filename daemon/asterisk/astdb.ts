/**
 * The family `cdrd` in Asterisk's own database: what the dialplan subroutine asks before it records
 * (etc/asterisk/extensions_cdrd.conf). Pure: a policy to its keys in the order in which they are written.
 */
import { CALL_TYPES, type CallType } from '../../storage/model/leg.ts';

export const FAMILY = 'cdrd';

/** What a party from outside hears of the recording. */
export interface Prompt {
  /** As Playback() takes it; '' = none. */
  readonly sound: string;
  /** Whether it stands in the recording too. */
  readonly recorded: boolean;
}

export interface RecordingPolicy {
  /** Absolute path of the effective recordings folder. */
  readonly dir: string;
  readonly enable: boolean;
  readonly kinds: Readonly<Record<CallType, boolean>>;
  readonly prompts: Readonly<Record<'Inbound' | 'Outbound', Prompt>>;
}

/** The key by which nothing is recorded at all. */
export const ENABLE = 'enable';

/** Key and value. */
export type PolicyKey = readonly [key: string, value: string];

export function policyKeys({ dir, enable, kinds, prompts }: RecordingPolicy): readonly PolicyKey[] {
  const flag = (on: boolean) => (on ? '1' : '0');
  const rest: readonly PolicyKey[] = [
    ['dir', dir],
    ...CALL_TYPES.map((kind) => [kind, flag(kinds[kind])] as const),
    ['prompt/Inbound', prompts.Inbound.sound],
    ['prompt/Outbound', prompts.Outbound.sound],
    ['prompt/Inbound/record', prompts.Inbound.recorded ? '1' : ''],
    ['prompt/Outbound/record', prompts.Outbound.recorded ? '1' : ''],
  ];
  // Nothing is recorded by half a policy: what stops it comes first, what lets it loose last.
  return enable ? [...rest, [ENABLE, flag(enable)]] : [[ENABLE, flag(enable)], ...rest];
}

/** The key in which a setting reaches the dialplan. */
export const RECORDING_KEYS: ReadonlyMap<string, string> = new Map([
  ['recording.place', 'dir'],
  ['recording.enable', ENABLE],
  ...CALL_TYPES.map((kind) => [`recording.${kind.toLowerCase()}`, kind] as const),
  ['recording.prompt.inbound', 'prompt/Inbound'],
  ['recording.prompt.outbound', 'prompt/Outbound'],
  ['recording.prompt.inbound.record', 'prompt/Inbound/record'],
  ['recording.prompt.outbound.record', 'prompt/Outbound/record'],
]);

/** The kinds of calls that an Asterisk with these keys records; none while it is to record nothing. */
export function recordedKinds(keys: readonly PolicyKey[]): readonly CallType[] {
  const values = new Map(keys);
  return values.get(ENABLE) === '1' ? CALL_TYPES.filter((kind) => values.get(kind) === '1') : [];
}
