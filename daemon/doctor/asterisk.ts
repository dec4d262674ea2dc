/** Asterisk as its own AMI tells of it: whether it lets us in, which one it is, and what our user may ask there. */
import type { AsteriskConnection } from '../asterisk/connection.ts';
import type { Config } from '../config.ts';
import type { AskAsterisk } from './ask-asterisk.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { installAsterisk, isAsteriskInstalled, isOnThisBox, NOT_INSTALLED } from './installed.ts';
import { inTurn, SETUP, service } from './mend.ts';

/** Of these the snippets are tried with a real one; what is between them is taken to be like them. */
const TRIED = { from: 16, to: 22 } as const;

export interface AsteriskParts {
  readonly config: Pick<Config, 'asterisk'>;
  readonly connection: Pick<AsteriskConnection, 'status' | 'action' | 'list'>;
}

/** @param rights null: it doesn't let us in, or doesn't tell. */
export function asteriskChecks(parts: AsteriskParts, rights: Rights | null): readonly Check[] {
  const { state, version } = parts.connection.status;
  return [
    { name: 'asterisk.reachable', look: () => [reachable(parts)] },
    ...(state === 'up' && version !== '' ? [{ name: 'asterisk.version', look: () => [versionOf(version)] }] : []),
    ...(rights ? [{ name: 'asterisk.rights', look: () => [rightsOf(rights)] }] : []),
  ];
}

/** Classes that our user hasn't got, of those that it must have. */
export type Rights = readonly (keyof typeof NEEDED)[];

/** An action that nothing but the class lets our user ask; Asterisk lists those that it may. */
const NEEDED = { system: 'DBDel', call: 'Atxfer', reporting: 'ShowDialPlan' } as const;

/** Whoever lacks any can be told little, and each of its questions would be refused: one line says why. */
export async function lackingRights(ask: AskAsterisk | null): Promise<Rights | null> {
  const actions = await ask?.actions().catch(() => null);
  if (!actions) return null;
  return (['system', 'call', 'reporting'] as const).filter((name) => !actions.has(NEEDED[name]));
}

function rightsOf(lacking: Rights): Finding {
  if (lacking.length === 0) return ok('asterisk.rights', 'its AMI user for cdrd has the classes that cdrd needs');
  return fault(
    'asterisk.rights',
    `its AMI user for cdrd lacks write = ${lacking.join(',')} (manager.conf): settings, pauses or lists don't reach it, and what else is wrong it does not tell; cdrd doctor on the box shows the line`,
    null,
  );
}

function reachable({ config, connection }: AsteriskParts): Finding {
  const { host, port } = config.asterisk;
  const { state, why } = connection.status;
  const at = `${host}:${port}`;
  switch (state) {
    case 'up':
      return ok('asterisk.reachable', `Asterisk's AMI at ${at} lets cdrd in`);
    case 'off':
      return warning('asterisk.reachable', 'no Asterisk is configured (asterisk.host): no calls are taken', null);
    case 'refused':
      return fault(
        'asterisk.secret',
        `Asterisk at ${at} does not let cdrd in, so no live calls are seen and nothing is recorded: ${why}`,
        SETUP,
      );
    default:
      if (isOnThisBox(host) && !isAsteriskInstalled())
        return fault(
          'asterisk.reachable',
          `no live calls are seen and nothing is recorded: ${NOT_INSTALLED}`,
          installAsterisk(),
        );
      return fault(
        'asterisk.reachable',
        `Asterisk's AMI at ${at} can't be reached, so no live calls are seen and nothing is recorded: ${why || 'it is being tried'}`,
        inTurn(service('start', 'asterisk'), SETUP),
      );
  }
}

function versionOf(version: string): Finding {
  const major = Number(/^(\d+)\./.exec(version)?.[1] ?? Number.NaN);
  if (major >= TRIED.from && major <= TRIED.to) return ok('asterisk.version', `Asterisk ${version}`);
  return warning(
    'asterisk.version',
    `Asterisk ${version || 'of unknown version'}: cdrd is tried with ${TRIED.from} to ${TRIED.to} only`,
    null,
  );
}
