/** 30050 (ours): whether Asterisk has been told what the settings of recording say, and if not, why and since when. */
import * as v from 'valibot';
import type { SettingsInAsterisk } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const settingsInAsterisk = verb({
  about: 'whether Asterisk has the settings of recording: written, or pending and why',
  right: 'recording.settings',
  parameters: v.strictObject({}),
  handle(_parameters, { recordingPolicy, settings, zone }, { caller }) {
    if (!caller) throw new Error('nobody asks');
    const { since, ...state } = recordingPolicy.state();
    const pending = settings
      .list(caller.role)
      .filter(({ name, restart, pending }) => pending && !restart && name.startsWith('recording.'))
      .map(({ name }) => name);
    return json<SettingsInAsterisk>({ ...state, since: zone.text(Math.floor(since / 1000)), pending });
  },
});
