/** Who holds the ports that cdrd and Asterisk need: two programs want 5038, and only root sees who has it. */
import type { ListenAddress } from '../../config.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { installAsterisk, isAsteriskInstalled, NOT_INSTALLED } from '../installed.ts';
import { endProcess, inTurn, restartCdrd, runsSystemd, SETUP, service, word } from '../mend.ts';
import { holdersOf, type Process, processesNamed } from './processes.ts';

export interface PortFacts {
  /** Process of the daemon; null: none runs. */
  readonly pid: number | null;
  /** Of Asterisk's AMI; null: Asterisk is on another box, or there is none. */
  readonly asteriskPort: number | null;
  /** Where cdrd listens, or is to. */
  readonly ami: readonly ListenAddress[];
  readonly web: readonly ListenAddress[];
  /** As cdrd.toml has them; null: `cdrd setup`, which would write others, is not for this box. */
  readonly doors: Readonly<Record<'http' | 'https', readonly ListenAddress[]>> | null;
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
  if (facts.ami.length > 0) found.push(ownPorts(AMI, facts.ami, facts.pid));
  if (facts.web.length > 0) found.push(ownPorts(webOf(facts), facts.web, facts.pid));
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
  if (!runs && !isAsteriskInstalled())
    return fault('asterisk.reachable', `no calls are carried: ${NOT_INSTALLED}`, installAsterisk());
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

interface Own {
  readonly check: string;
  /** In words. */
  readonly what: string;
  /** What is done about another program that holds one of its ports. */
  freed(foreign: Process): { readonly says: string; readonly mend: string | null };
}

const AMI: Own = {
  check: 'ports.ami',
  what: 'the AMI that cdrd offers',
  freed: (foreign) => ({ says: '', mend: inTurn(endProcess(foreign), restartCdrd()) }),
};

/** Whoever has a web server on the box wants it: the pages give way, and only a person can say that it shall go. */
function webOf({ doors, pid }: PortFacts): Own {
  return {
    check: 'ports.web',
    what: 'the pages',
    freed() {
      const flags = doors ? movedDoors(doors, pid) : [];
      const ports = flags.flatMap(({ to }) => to.map(({ port }) => port));
      const mend = [
        `cdrd setup --yes ${flags.map(({ name, to }) => `--${name} ${word(to.map(hostAndPort).join())}`).join(' ')}`,
        // Its ports would be systemd's again with the next start of the box, or fail it.
        inTurn(...(runsSystemd() ? ['systemctl mask --now cdrd.socket'] : []), restartCdrd()),
      ].join('; '); // setup ends with 1 where something else is left to do, and has written them all the same
      return flags.length > 0
        ? { says: `; if that is to stay, the pages can move to ${ports.join(' and ')}, as the command does`, mend }
        : { says: '; if that is to stay, http.listen and https.listen in cdrd.toml name other ports', mend: null };
    },
  };
}

const PRIVILEGED = 1024;
const ELSEWHERE = { http: 8080, https: 8443 } as const;
/** Ports looked at from there on. */
const TRIED = 20;

/** Each door of which a port is taken, or is systemd's to open and therefore lost with the other, on ports that are free. */
function movedDoors(doors: NonNullable<PortFacts['doors']>, pid: number | null) {
  const isTaken = (port: number) => port !== 0 && holdersOf(port).some(({ by }) => !isOurs(by, pid));
  const mustMove = ({ port }: ListenAddress) => isTaken(port) || (runsSystemd() && port !== 0 && port < PRIVILEGED);
  return (['http', 'https'] as const).flatMap((name) => {
    if (!doors[name].some(mustMove)) return [];
    const all = Array.from({ length: TRIED }, (_, at) => ELSEWHERE[name] + at);
    const port = all.find((each) => holdersOf(each).length === 0);
    if (port === undefined) return [];
    return { name, to: doors[name].map((each) => (mustMove(each) ? { ...each, port } : each)) };
  });
}

const hostAndPort = ({ host, port }: ListenAddress) => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function ownPorts({ check, what, freed }: Own, wanted: readonly ListenAddress[], pid: number | null): Finding {
  const held = wanted.flatMap(({ port }) => (port === 0 ? [] : holdersOf(port)));
  const foreign = held.find(({ by }) => !isOurs(by, pid));
  const ports = wanted.map(hostAndPort).join(', ');
  if (foreign?.by.name === ASTERISK)
    return fault(
      check,
      `Asterisk itself holds port ${foreign.at.port}, which is for ${what}: its AMI must move`,
      inTurn(SETUP, restartCdrd()),
    );
  if (foreign) {
    const { says, mend } = freed(foreign.by);
    return fault(check, `${called(foreign.by)} holds port ${foreign.at.port}, which is for ${what}${says}`, mend);
  }
  if (pid === null) return ok(check, `nobody else holds ${ports}, for ${what}`);
  const missing = wanted.find(({ port }) => port !== 0 && !held.some(({ at }) => at.port === port));
  if (missing)
    return fault(check, `cdrd does not listen on ${missing.host}:${missing.port}, which is for ${what}`, restartCdrd());
  return ok(check, `cdrd holds ${ports}, for ${what}`);
}
