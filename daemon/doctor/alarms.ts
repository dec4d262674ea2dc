/** Whether somebody is told who looks at no page, and whether it arrives: an alarm that fails is missed when it is needed. */
import type { Alarms, Way } from '../../cgi/alarm/port.ts';
import { UNTAKEN } from '../alarm/spool.ts';
import { type Check, type Finding, ok, warning } from './finding.ts';
import { runsSystemd } from './mend.ts';

export type AlarmParts = Pick<Alarms, 'ways'>;

export function alarmsCheck(alarms: AlarmParts): Check {
  return { name: 'alarms.told', look: () => found(alarms.ways()) };
}

function found(ways: ReturnType<Alarms['ways']>): readonly Finding[] {
  const on = ways.filter((state) => state.on);
  if (on.length === 0) {
    const how = 'alarm.mail or alarm.webhook, or the page General Preferences, names somebody';
    return [ok('alarms.told', `nobody is told when the stick, Asterisk or room on a disk is gone: ${how}`)];
  }
  return on.map(({ way, why, waiting, arrivedAt }) => {
    const check = `alarms.${way}`;
    if (why === '')
      return ok(check, `alarms are told by ${way}${arrivedAt === null ? '; not tried since the start' : ''}`);
    return warning(check, `the last alarm or test by ${way} did not arrive, ${waiting} wait: ${why}`, mendOf(way, why));
  });
}

function mendOf(way: Way, why: string): string | null {
  return way === 'mail' && why === UNTAKEN && runsSystemd() ? 'systemctl start cdrd-mail.path' : null;
}
