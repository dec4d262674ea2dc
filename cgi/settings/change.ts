/** 30017 (ours): changes settings, one parameter each, all of them or none. */
import * as v from 'valibot';
import type { SettingsChanged } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { onTrial } from '../trial/confirm.ts';
import { confirmSeconds } from '../trial/confirm-seconds.ts';
import { by, verb } from '../verb.ts';
import { SETTINGS, type SettingValue, settingOf, textOf, valueFrom } from './schema.ts';

const reset = fields.field('settings whose default shall hold again, a comma list of names', (text) => {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !settingOf(name));
  if (unknown !== undefined) throw new fields.Wrong(`names no setting: ${unknown.slice(0, 64)}`);
  return names;
});

/** One parameter a setting, from the one schema; a text that it refuses is refused by its name. */
const entries = Object.fromEntries(
  SETTINGS.map((setting) => [
    setting.name,
    fields.field(`${setting.doc} (${textOf(setting.fallback) || '""'})`, (text): SettingValue | undefined => {
      const value = valueFrom(setting, text);
      const fault = setting.fault(value);
      if (fault !== null) throw new fields.Wrong(fault);
      return value;
    }),
  ]),
);

export const changeSettings = verb({
  about: 'changes settings, all or none',
  right: 'recording.settings',
  parameters: v.strictObject({ ...entries, reset, confirm: confirmSeconds }),
  lines: ({ reset: names, confirm: _, ...sent }) =>
    Object.keys(sent).length + ((names as readonly string[] | undefined)?.length ?? 0),
  async handle(parameters, { settings }, asking) {
    const {
      reset: names,
      confirm: seconds,
      ...sent
    } = parameters as { readonly reset?: readonly string[]; readonly confirm?: number } & Record<string, SettingValue>;
    const values = new Map<string, SettingValue | null>(Object.entries(sent));
    for (const name of names ?? []) {
      if (values.has(name)) throw new CgiError('invalid', `${name} is given and in reset`, name);
      values.set(name, null);
    }
    if (values.size === 0) throw new CgiError('invalid', 'no setting is given');
    if (!asking.caller) throw new Error('nobody asks');
    const { role } = asking.caller;
    const begun = await settings.change(values, role, by(asking), { door: asking.door, seconds });
    const now = settings.list(role).filter(({ name }) => values.has(name));
    const reply = json<SettingsChanged>({
      result: 'success',
      settings: Object.fromEntries(now.map(({ name, value }) => [name, value])),
      pending: now.filter(({ pending }) => pending).map(({ name }) => name),
      ...(begun && { trial: onTrial(begun.trial) }),
    });
    return begun ? { ...reply, written: begun.start } : reply;
  },
});
