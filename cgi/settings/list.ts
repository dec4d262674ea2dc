/** 30016 (ours): the settings that the caller may change, each with where its value comes from. */
import * as v from 'valibot';
import type { SettingList } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listSettings = verb({
  about: 'the settings that the caller may change, each with its value, default and where it is fixed',
  right: 'recording.settings',
  parameters: v.strictObject({}),
  handle(_parameters, { settings }, { caller }) {
    if (!caller) throw new Error('nobody asks');
    const rows = settings.list(caller.role).map(({ fallback, ...setting }) => ({ ...setting, default: fallback }));
    return json<SettingList>({ json_array_settings: rows });
  },
});
