/** 30049 (ours): the sounds to choose a prompt from, by the names that Playback() takes. */
import * as v from 'valibot';
import type { SoundRows } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listSounds = verb({
  about: 'sounds that Asterisk can play as a prompt, those of its own folder custom first',
  right: 'recording.settings',
  parameters: v.strictObject({}),
  async handle(_parameters, { sounds }) {
    const { names, more, why } = await sounds.list();
    return json<SoundRows>({ json_array_sounds: names.map((name) => ({ name })), more, why });
  },
});
