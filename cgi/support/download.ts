/** 30056 (ours): an archive for who helps from afar: doctor, health, figures, log, settings; no secrets and no numbers. */
import * as v from 'valibot';
import { by, verb } from '../verb.ts';

export const downloadSupport = verb({
  about: 'a support archive (tar.gz): doctor, health, figures, log and settings, without secrets and telephone numbers',
  right: 'settings',
  parameters: v.strictObject({}),
  async handle(_, { support, notes }, asking) {
    notes.done({ ...by(asking), action: 'support.exported', detail: {} });
    const { filename, bytes } = await support.archive();
    return { kind: 'archive', type: 'application/gzip', filename, size: bytes.length, bytes: once(bytes) };
  },
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
