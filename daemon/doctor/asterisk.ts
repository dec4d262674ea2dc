/** Asterisk as its own AMI tells of it: whether it lets us in, which one it is, and what our user may ask there. */
import type { AsteriskConnection } from '../asterisk/connection.ts';
import type { Config } from '../config.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { inTurn, SETUP, service } from './mend.ts';

/** Of these the snippets are tried with a real one; what is between them is taken to be like them. */
const TRIED = { from: 16, to: 22 } as const;

export interface AsteriskParts {
  readonly config: Pick<Config, 'asterisk'>;
  readonly connection: Pick<AsteriskConnection, 'status' | 'action' | 'list'>;
}

export function asteriskChecks(parts: AsteriskParts): readonly Check[] {
  const { status } = parts.connection;
  return [
    { name: 'asterisk.reachable', look: () => [reachable(parts)] },
    ...(status.state === 'up' ? [{ name: 'asterisk.version', look: () => [versionOf(status.version)] }] : []),
  ];
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
