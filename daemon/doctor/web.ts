/** From where the box can be reached, and the certificate that it shows. */
import { networkInterfaces } from 'node:os';
import type { CertificateShown } from '../../cgi/certificate/port.ts';
import { permitter } from '../../storage/model/address.ts';
import type { Config, ListenAddress } from '../config.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { inTurn, restartCdrd, word } from './mend.ts';
import { setKey, tomlList } from './toml-mend.ts';

export interface WebParts {
  readonly config: Pick<Config, 'fixed' | 'file' | 'state'>;
  /** Of this moment. */
  listens(name: DoorName): readonly ListenAddress[];
  permit(name: DoorName): readonly string[];
  /** null: HTTPS is off. */
  certificate(): Promise<CertificateShown | null>;
  /** Why the AMI that cdrd offers does not listen; '' = it does. */
  amiTrouble(): string;
  /** Epoch milliseconds. */
  nowMs(): number;
}

const DOORS = ['http', 'https', 'ami'] as const;
export type DoorName = (typeof DOORS)[number];

const CALLED: Readonly<Record<DoorName, string>> = { http: 'HTTP', https: 'HTTPS', ami: "cdrd's AMI" };

/** One of the box's own renews itself 30 days before its end. */
const ENDS_SOON_DAYS = 30;

export function webChecks(parts: WebParts): readonly Check[] {
  return [
    { name: 'ports.ami', look: () => [amiPort(parts)] },
    ...DOORS.map((name): Check => ({ name: `permitted.${name}`, look: () => [permitted(parts, name)] })),
    { name: 'certificate.end', look: async () => [certificateOf(await parts.certificate(), parts)] },
  ];
}

function amiPort({ listens, amiTrouble }: WebParts): Finding {
  if (listens('ami').length === 0) return ok('ports.ami', 'cdrd offers no AMI (ami.listen is off)');
  const trouble = amiTrouble();
  return trouble === ''
    ? ok('ports.ami', `cdrd offers AMI at ${listens('ami').map(textOf).join(', ')}`)
    : fault('ports.ami', `programs that log in to AMI find nobody: ${trouble}`, restartCdrd());
}

const textOf = ({ host, port }: ListenAddress) => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function permitted({ config, listens, permit }: WebParts, name: DoorName): Finding {
  const check = `permitted.${name}`;
  const called = CALLED[name];
  const at = listens(name);
  if (at.length === 0) return ok(check, `${called} is off`);
  if (at.every(({ host }) => host === '::1' || host.startsWith('127.')))
    return ok(check, `${called} is for the box itself: ${at.map(textOf).join(', ')}`);
  const list = permit(name);
  const mend = setKey(config, `${name}.permit`, tomlList(['local']));
  if (list.some((each) => /^(all|0\.0\.0\.0\/0|::\/0)$/.test(each)))
    return name === 'https'
      ? ok(check, 'HTTPS is permitted from everywhere, by whoever logs in')
      : warning(check, `${called} is permitted from everywhere, and what is said there can be read on the way`, mend);
  const own = ownAddresses();
  const may = permitter(list, { ownNetworks: () => own.map(({ cidr }) => cidr) });
  if (own.length > 0 && !own.some(({ address }) => may(address)))
    return warning(
      check,
      `${called} is permitted from ${list.join(', ') || 'nowhere'}, and from none of the networks that the box is in`,
      mend,
    );
  return ok(check, `${called} is permitted from ${list.join(', ')}`);
}

function ownAddresses(): readonly { readonly address: string; readonly cidr: string }[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).flatMap(({ internal, address, cidr }) => (internal || cidr === null ? [] : { address, cidr })),
  );
}

function certificateOf(shown: CertificateShown | null, { config, nowMs }: WebParts): Finding {
  if (!shown) return ok('certificate.end', 'HTTPS is off');
  const days = Math.floor((shown.until - nowMs()) / 86_400_000);
  const until = new Date(shown.until).toISOString().slice(0, 10);
  const whose = shown.selfSigned ? "the box's own certificate" : `the certificate of ${shown.subject}`;
  // With both files away the box makes one of its own. An owner's key is put aside: there may be no other copy of it.
  const pair = word(`${config.state.dir}/secret/tls`);
  const aside = `for f in ${pair}.key ${pair}.crt; do [ ! -e "$f" ] || mv -f "$f" "$f.old"; done`;
  const mend = inTurn(aside, restartCdrd());
  if (days < 0) return fault('certificate.end', `${whose} has ended on ${until}: browsers refuse it`, mend);
  if (shown.why !== null) return fault('certificate.end', `HTTPS has trouble with its certificate: ${shown.why}`, mend);
  if (days < ENDS_SOON_DAYS && !shown.selfSigned)
    return warning('certificate.end', `${whose} ends on ${until}, in ${days} days: put in another on the page`, null);
  return ok('certificate.end', `${whose} is good until ${until}`);
}
