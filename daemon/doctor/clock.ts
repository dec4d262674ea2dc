/** The box's clock: whether it is believed, and whether Asterisk has the same time and zone; both write local times. */
import type { Zone } from '../../storage/model/local-time.ts';
import { CLOCK_SET } from '../../storage/model/local-time.ts';
import type { Config } from '../config.ts';
import type { AskAsterisk } from './ask-asterisk.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { service } from './mend.ts';
import { setKey } from './toml-mend.ts';

export interface ClockParts {
  readonly config: Pick<Config, 'time' | 'fixed' | 'file'>;
  readonly zone: Zone;
  /** Why the clock isn't believed; '' when it is. */
  doubt(): string;
  /** Epoch seconds. */
  now(): number;
}

/** Seconds of drift: a question and its answer may take as long on a busy box. */
const DRIFT_SECONDS = 5;

/** By whatever sets clocks here: systemd's, or a client that sets it once. */
const SET_CLOCK = 'timedatectl set-ntp true || ntpd -gq || busybox ntpd -nq -p pool.ntp.org';

export function clockChecks(parts: ClockParts, ask: AskAsterisk | null): readonly Check[] {
  return [
    { name: 'clock.believed', look: () => [believed(parts)] },
    ...(ask ? [{ name: 'clock.asterisk', look: () => againstAsterisk(parts, ask) }] : []),
  ];
}

function believed({ doubt, now, zone }: ClockParts): Finding {
  if (now() < CLOCK_SET) return fault('clock.believed', `the clock says ${zone.text(now())}: it is not set`, SET_CLOCK);
  const why = doubt();
  if (why !== '')
    return warning('clock.believed', `${why}: nothing is removed for its age until it has stood for a day`, null);
  return ok('clock.believed', `it is ${zone.text(now())} here`);
}

async function againstAsterisk({ config, zone, now }: ClockParts, ask: AskAsterisk): Promise<readonly Finding[]> {
  const before = now();
  const [epoch, offset] = (await ask.variable('STRFTIME(,,%s %z)')).split(' ');
  const at = Number(epoch);
  if (!Number.isFinite(at) || at === 0 || !/^[+-]\d{4}$/.test(offset ?? ''))
    return [warning('clock.asterisk', 'Asterisk does not tell its time', null)];
  const drift = at < before ? before - at : Math.max(0, at - now());
  const found: Finding[] = [
    drift <= DRIFT_SECONDS
      ? ok('clock.asterisk', "Asterisk's clock agrees")
      : fault('clock.asterisk', `Asterisk's clock is ${drift} s away: it runs on another box, or hangs`, SET_CLOCK),
  ];
  const theirs = secondsOf(offset as string);
  const ours = zone.offsetAt(at);
  if (theirs === ours) return [...found, ok('clock.zone', `both write times of UTC${textOf(ours)}`)];
  const says = `cdrd's zone is UTC${textOf(ours)}${config.time.zone ? ` (time.zone ${config.time.zone})` : ''} and Asterisk's UTC${textOf(theirs)}: times of records are read wrongly`;
  // What is configured is wrong, or the system's zone was changed while Asterisk ran.
  const mend = config.time.zone ? setKey(config, 'time.zone', '""') : service('restart', 'asterisk');
  return [...found, fault('clock.zone', says, mend)];
}

function secondsOf(offset: string): number {
  const [sign, hours, minutes] = [offset.slice(0, 1), Number(offset.slice(1, 3)), Number(offset.slice(3, 5))];
  return (sign === '-' ? -1 : 1) * (hours * 3_600 + minutes * 60);
}

function textOf(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const all = Math.abs(seconds);
  return `${seconds < 0 ? '-' : '+'}${part(all / 3_600)}:${part((all % 3_600) / 60)}`;
}
