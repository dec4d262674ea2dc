/**
 * `cmd=sipextensions`: how phones and trunks are configured, as Asterisk itself reads its files. Passwords are in it only for
 * a key with the scope `extension.secrets`. Registrations and what is for all of a driver are no extensions.
 */

import { hasScope } from '../enter.ts';
import type { AskAsterisk } from '../port.ts';
import { type Command, phpReply } from './command.ts';
import { isSecret, type Section, sectionsOf, valuesOf } from './config-sections.ts';
import { orElse, sipDrivers } from './sip-drivers.ts';

type Profiles = ReadonlyMap<string, ReadonlyMap<string, string>>;

export const sipExtensions: Command = {
  like: { number: 30044, right: 'settings' },
  async answer(_request, { askAsterisk }, caller) {
    const drivers = await sipDrivers(askAsterisk);
    const peers = drivers.includes('SIP') ? sipProfiles(await sections(askAsterisk, 'sip.conf')) : new Map();
    const endpoints = drivers.includes('PJSIP') ? pjsipProfiles(await sections(askAsterisk, 'pjsip.conf')) : new Map();
    return phpReply(shown(new Map([...endpoints, ...peers]), hasScope(caller, 'extension.secrets')));
  },
};

/** None where there is no such file. */
async function sections(ask: AskAsterisk, file: string): Promise<Section[]> {
  return sectionsOf((await orElse('Config file not found', ask.action('GetConfig', { Filename: file }), [])) ?? []);
}

/** Of chan_sip: a section each, those that have a type. */
export function sipProfiles(sections: readonly Section[]): Profiles {
  const found = sections.map(({ name, lines }) => [name, valuesOf({ name, lines })] as const);
  return new Map(found.filter(([name, values]) => name !== 'general' && values.has('type')));
}

/**
 * Of PJSIP: an endpoint each, with what the sections that it names for address and log-in say; its password is called
 * `secret` here, as chan_sip calls it.
 */
export function pjsipProfiles(sections: readonly Section[]): Profiles {
  const typed = (type: string) =>
    sections
      .map(({ name, lines }) => [name, valuesOf({ name, lines })] as const)
      .filter(([, all]) => all.get('type') === type);
  const [aors, auths] = [new Map(typed('aor')), new Map(typed('auth'))];
  const first = (list: string | undefined) => list?.split(',')[0]?.trim() ?? '';
  return new Map(
    typed('endpoint').map(([name, endpoint]) => {
      const auth = auths.get(first(endpoint.get('auth')));
      const aor = aors.get(first(endpoint.get('aors')));
      const logIn = [...(auth ?? [])].map(([each, value]) => [each === 'password' ? 'secret' : each, value] as const);
      return [name, new Map([...(aor ?? []), ...logIn, ...endpoint])];
    }),
  );
}

/** Pure. @param withSecrets Whether passwords are for who asks. */
export function shown(profiles: Profiles, withSecrets: boolean): Record<string, Record<string, string>> {
  const rows = [...profiles].map(([name, values]) => {
    const lines = [...values].filter(([each]) => withSecrets || !isSecret(each));
    return [name, Object.fromEntries(lines)] as const;
  });
  return Object.fromEntries(rows);
}
