/**
 * The family `cdrd` in Asterisk's own database: what the dialplan subroutine asks before it records
 * (etc/asterisk/extensions_cdrd.conf). The whole family is written after every log-in, because an Asterisk that was set
 * up anew has none of it.
 */
import { CALL_TYPES, type CallType } from '../../storage/model/leg.ts';
import type { Packet } from '../wire/packet.ts';

const FAMILY = 'cdrd';

export interface RecordingPolicy {
  /** Absolute path of the effective recordings folder. */
  readonly dir: string;
  readonly enable: boolean;
  readonly kinds: Readonly<Record<CallType, boolean>>;
}

/** Everything is recorded until somebody chooses otherwise. */
export function recordAll(dir: string): RecordingPolicy {
  return {
    dir,
    enable: true,
    kinds: { Internal: true, Outbound: true, Inbound: true, CallBack: true, Conference: true },
  };
}

/** @param action Sends one AMI action. @throws when Asterisk refuses: the message names the key. */
export async function writeRecordingPolicy(
  policy: RecordingPolicy,
  action: (headers: readonly (readonly [string, string])[]) => Promise<Packet>,
): Promise<void> {
  const flag = (on: boolean) => (on ? '1' : '0');
  const keys: readonly (readonly [key: string, value: string])[] = [
    ['dir', policy.dir],
    ...CALL_TYPES.map((kind) => [kind, flag(policy.kinds[kind])] as const),
    ['prompt/Inbound', ''],
    ['prompt/Outbound', ''],
    ['prompt/Inbound/record', ''],
    ['prompt/Outbound/record', ''],
    ['enable', flag(policy.enable)], // last: nothing is recorded by half a policy
  ];
  for (const [key, value] of keys) {
    const answer = await action([
      ['Action', 'DBPut'],
      ['Family', FAMILY],
      ['Key', key],
      ['Val', value],
    ]);
    if (answer.get('Response') !== 'Success')
      throw new Error(`Asterisk refuses to store ${FAMILY}/${key}: ${answer.get('Message')}`);
  }
}
