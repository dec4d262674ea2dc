/**
 * MOR's pages of caller IDs. A device is an extension, and its number is the device's id. MOR's document has no address that
 * deletes one; here it is that of the phone book's, `/devices/cli_destroy/ID`.
 */
import { contactGroup, contactNumber } from '../../contact/contact.ts';
import { Wrong } from '../../fields.ts';
import { CgiError } from '../../reply.ts';
import { byOf } from '../enter.ts';
import { numberIn } from '../form-of.ts';
import { addCli, allClis, type Cli, removeCli } from './clis.ts';
import { type Asked, actionReply, extensionRanges, LANGUAGE, type Page, pageReply } from './page.ts';
import { phonesOf } from './phones.ts';
import { needDevice } from './search.ts';
import { extensionsOf, hasExtension } from './users.ts';

export const clis: Page = {
  like: { number: 30013, right: 'cdr.read' },
  async answer(asked) {
    const { services, user } = asked;
    const own = (await allClis(services)).filter(isOwn(asked));
    const { named, fault } = await devicesOf(asked);
    // Those that are written down and those that have a caller ID, also when Asterisk has no such phone.
    const devices = new Set([...(extensionsOf(user) ?? named.keys()), ...own.map(({ device }) => device)]);
    return pageReply('CallerIDs', [
      LANGUAGE,
      ...(fault === '' ? [] : [['error_msg', fault] as const]),
      ['userid', user.id],
      ['aval_devices', [...devices].sort().map((device) => ['device', named.get(device) ?? device, { id: device }])],
      [
        'clis',
        own.map(({ id, device, number, description, added }) => [
          'cli',
          [
            ['cli_id', id],
            ['device', named.get(device) ?? device],
            ['cli_name', number],
            ['cli_desc', description],
            ['added_at', services.zone.text(added)],
          ],
        ]),
      ],
    ]);
  },
};

interface Devices {
  /** `SIP/201` by its extension. */
  readonly named: ReadonlyMap<string, string>;
  /** Why there are none, where Asterisk can't be asked and its phones are all that would tell; else ''. */
  readonly fault: string;
}

async function devicesOf({ user, services }: Pick<Asked, 'user' | 'services'>): Promise<Devices> {
  try {
    const phones = await phonesOf(user, services);
    return { named: new Map(phones.map(({ extension, type }) => [extension, `${type}/${extension}`])), fault: '' };
  } catch (error) {
    if (!(error instanceof CgiError)) throw error;
    return { named: new Map(), fault: user.ranges === null ? `No devices are told of: ${error.message}` : '' };
  }
}

const ADD = 'add_cli';
const DELETE = 'delete_cli';

export const addCallerId: Page = {
  like: { number: 30014, right: 'contacts' },
  action: ADD,
  async answer({ request, services, caller, user, form }) {
    try {
      const device = needDevice(form.get('device_id')?.trim() ?? '', user, services);
      const number = contactNumber(numberIn(form, 'cli'));
      const description = contactGroup(form.get('description') ?? '');
      await addCli({ device, number, description }, byOf(caller, request), services);
    } catch (error) {
      // MOR's words, and why.
      if (error instanceof CgiError && error.code !== 'busy') return failed(error.message);
      if (error instanceof Wrong) return failed(`a value ${error.message}`);
      throw error;
    }
    return actionReply(ADD, 'ok', 'CLI created');
  },
};

const failed = (why: string) => actionReply(ADD, 'failed', `CLI not created: ${why}`);

export const deleteCallerId: Page = {
  like: { number: 30015, right: 'contacts' },
  action: DELETE,
  async answer(asked) {
    const { request, services, caller, rest } = asked;
    const id = /^[1-9]\d{0,9}$/.test(rest) ? Number(rest) : 0;
    const removed = await removeCli(id, isOwn(asked), byOf(caller, request), services);
    if (!removed) return actionReply(DELETE, 'failed', 'CLI not deleted: there is no such CLI');
    return actionReply(DELETE, 'ok', 'CLI deleted');
  },
};

/** Whether a caller ID is one of an extension of who asks. An admin has all, also those of extensions that are gone. */
function isOwn({ user, services }: Pick<Asked, 'user' | 'services'>): (cli: Cli) => boolean {
  return ({ device }) => user.ranges === null || hasExtension(user, device, extensionRanges(services));
}
