/**
 * MOR's page of devices: the phones of somebody's extensions, whose numbers are the devices' ids. It never shows a password,
 * and not when a phone last registered, which Asterisk doesn't remember.
 */
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { XmlNode } from '../xml.ts';
import { LANGUAGE, type Page, pageReply } from './page.ts';
import { detailOf, type Phone, type PhoneDetail, phonesOf } from './phones.ts';

/** Phones whose caller ID is asked for: it takes a question each. */
const ASKED_MAX = 200;

export const userDevices: Page = {
  like: { number: 30019, right: 'live.read' },
  async answer({ services, user }) {
    const devices: XmlNode[] = [];
    for (const phone of await phonesOf(user, services)) {
      const { extension, type, description } = phone;
      const detail = devices.length < ASKED_MAX ? await detailIfTold(phone, services) : null;
      devices.push([
        'device',
        [
          ['acc', extension],
          ['description', description],
          ['type', type],
          ['extension', extension],
          ['username', extension],
          ...(detail ? [['cid', detail.callerId] as const] : []),
        ],
      ]);
    }
    return pageReply('Devices', [LANGUAGE, ['userid', user.id], ['devices', devices]]);
  },
};

/** null: Asterisk has no word of this one, which may be gone by now. The others are told of all the same. */
async function detailIfTold(phone: Phone, { askAsterisk }: Services): Promise<PhoneDetail | null> {
  try {
    return await detailOf(phone, askAsterisk);
  } catch (error) {
    if (error instanceof CgiError && error.code === 'conflict') return null;
    throw error;
  }
}
