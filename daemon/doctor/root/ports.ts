/** Who holds the ports that cdrd and Asterisk need: two programs want 5038, and only root sees who has it. */
import type { ListenAddress } from '../../config.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { endProcess, inTurn, restartCdrd, SETUP, service } from '../mend.ts';
import { holdersOf, type Process, processesNamed } from './processes.ts';

export interface PortFacts {
  /** Process of the daemon; null: none runs. */
  readonly pid: number | null;
  /** Of Asterisk's AMI; null: Asterisk is on another box, or there is none. */
  readonly asteriskPort: number | null;
  /** Where cdrd listens, or is to. */
  readonly ami: readonly ListenAddress[];
  readonly web: readonly ListenAddress[];
}

const ASTERISK = 'asterisk';

/**
 * systemd holds the ports of a socket unit for us, and so, for a moment, does what it forks (as with a reload) before that
 * becomes another program. What the daemon starts has them too.
 */
const isOurs = (by: Process, pid: number | null) =>
  by.pid === pid || by.pid === 1 || by.service === 'cdrd' || (by.program === 'systemd' && by.service === null);

const called = ({ program, pid, service: unit }: Process) =>
  `${program} (process ${pid}${unit ? `, service ${unit}` : ''})`;

export function portFindings(facts: PortFacts): readonly Finding[] {
  const found = [...(facts.asteriskPort === null ? [] : [asteriskPort(facts.asteriskPort)])];
  if (facts.ami.length > 0) found.push(ownPorts('ports.ami', 'the AMI that cdrd offers', facts.ami, facts.pid));
  if (facts.web.length > 0) found.push(ownPorts('ports.web', 'the pages', facts.web, facts.pid));
  return found;
}

function asteriskPort(port: number): Finding {
  const holders = holdersOf(port);
  const [foreign] = holders.filter(({ by }) => by.name !== ASTERISK);
  const [held] = holders.filter(({ by }) => by.name === ASTERISK);
  const runs = processesNamed(ASTERISK).length > 0;
  if (held && !isLoopback(held.at.address))
    return warning(
      'ports.asterisk',
      `Asterisk's own AMI listens on ${held.at.address}:${port}: it can be reached from the network, past cdrd's users and rights`,
      SETUP,
    );
  if (held) return ok('ports.asterisk', `Asterisk holds ${held.at.address}:${port} for its AMI`);
  if (foreign)
    return fault(
      'ports.asterisk',
      `${called(foreign.by)} holds port ${port}, where Asterisk's AMI should be`,
      inTurn(endProcess(foreign.by), SETUP),
    );
  if (!runs)
    return fault(
      'asterisk.reachable',
      `Asterisk is not running, so no calls are carried: nobody holds port ${port}`,
      service('start', ASTERISK),
    );
  return fault(
    'asterisk.reachable',
    `Asterisk runs, and its AMI is off or on another port than ${port} (manager.conf): no live calls are seen and nothing is recorded`,
    SETUP,
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function ownPorts(check: string, what: string, wanted: readonly ListenAddress[], pid: number | null): Finding {
  const held = wanted.flatMap(({ port }) => (port === 0 ? [] : holdersOf(port)));
  const foreign = held.find(({ by }) => !isOurs(by, pid));
  const ports = wanted.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ');
  if (foreign?.by.name === ASTERISK)
    return fault(
      check,
      `Asterisk itself holds port ${foreign.at.port}, which is for ${what}: its AMI must move`,
      inTurn(SETUP, restartCdrd()),
    );
  if (foreign)
    return fault(
      check,
      `${called(foreign.by)} holds port ${foreign.at.port}, which is for ${what}`,
      inTurn(endProcess(foreign.by), restartCdrd()),
    );
  if (pid === null) return ok(check, `nobody else holds ${ports}, for ${what}`);
  const missing = wanted.find(({ port }) => port !== 0 && !held.some(({ at }) => at.port === port));
  if (missing)
    return fault(check, `cdrd does not listen on ${missing.host}:${missing.port}, which is for ${what}`, restartCdrd());
  return ok(check, `cdrd holds ${ports}, for ${what}`);
}
