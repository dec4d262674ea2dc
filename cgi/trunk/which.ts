/**
 * 30047 (ours): which trunk a channel would be counted to, and by which rule; with lists that are not saved yet, too. So that
 * whoever writes a pattern sees what it does before the next call comes.
 */
import * as v from 'valibot';
import { callType } from '../../storage/model/direction.ts';
import { type NumberPlan, numberPlan } from '../../storage/model/number-plan.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import type { WhichTrunk } from '../contract.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { type SettingValue, settingOf, valueFrom } from '../settings/schema.ts';
import { verb } from '../verb.ts';

/** Asterisk's have at most 80 characters. */
const CHANNEL_MAX = 128;

function channel(about: string) {
  return (text: string) => {
    const name = text.trim();
    if (name.length > CHANNEL_MAX || /\p{Cc}/u.test(name))
      throw new fields.Wrong(`must be a channel name of at most ${CHANNEL_MAX} characters: ${about}`);
    return name;
  };
}

/** A setting's value that is not saved. */
function unsaved(name: string) {
  const setting = settingOf(name);
  if (!setting) throw new Error(`no setting ${name}`);
  return fields.field(`${name}, as 30017 takes it, in place of what is saved`, (text): SettingValue => {
    const value = valueFrom(setting, text);
    const fault = setting.fault(value);
    if (fault !== null) throw new fields.Wrong(fault);
    return value;
  });
}

export const whichTrunk = verb({
  about: 'which trunk a channel is, and by which rule; with lists that are not saved yet to try them',
  right: 'settings',
  parameters: v.strictObject({
    channel: fields.required('as Asterisk calls it: SIP/96-0000001a, DAHDI/2-1', channel('SIP/96-0000001a')),
    other: fields.field(
      "the other side's channel, for the direction of a call between them",
      channel('SIP/202-0000001b'),
    ),
    names: unsaved('trunks.names'),
    fxo: unsaved('trunks.fxo'),
    gsm: unsaved('trunks.gsm'),
    extension: unsaved('numbering.extension'),
  }),
  handle({ channel: name, other = '', ...given }, { settings }) {
    const saved = new Map(settings.list('admin').map(({ name, value }) => [name, value]));
    const chosen = (key: string, tried: SettingValue | undefined): SettingValue => {
      const setting = settingOf(key);
      return tried ?? (setting ? valueFrom(setting, saved.get(key) ?? '') : '');
    };
    const list = (key: string, tried: SettingValue | undefined) => chosen(key, tried) as readonly string[];
    const range = (kind: string) =>
      String(chosen(`numbering.${kind}`, kind === 'extension' ? given.extension : undefined));
    const plan: NumberPlan = numberPlan({
      extension: range('extension'),
      ivr: range('ivr'),
      conference: range('conference'),
      queue: range('queue'),
      ringgroup: range('ringgroup'),
      paging: range('paging'),
    });
    const rules = trunkRules({
      names: list('trunks.names', given.names),
      fxo: list('trunks.fxo', given.fxo),
      gsm: list('trunks.gsm', given.gsm),
      plan,
    });
    const found = rules.explain(name);
    const sides = { sourceTrunk: found.trunk.name, destinationTrunk: rules.trunkOf(other).name };
    return json<WhichTrunk>({
      channel: name,
      trunk: found.trunk.name,
      kind: found.trunk.kind,
      port: found.port,
      rule: found.rule,
      pattern: found.pattern,
      peer: found.peer,
      direction: callType({ callType: null, userField: '', destination: '', plan, ...sides }),
    });
  },
});
