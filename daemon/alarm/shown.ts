/** The part `alarms` of `/healthz`. */
import type { Alarms, WayState } from '../../cgi/alarm/port.ts';

export function alarmHealth(alarms: Pick<Alarms, 'raised' | 'ways'>): Readonly<Record<string, unknown>> {
  const ways = Object.fromEntries(alarms.ways().map((state) => [state.way, wayHealth(state)]));
  return { state: alarms.raised().length > 0 ? 'raised' : 'ok', ...ways };
}

function wayHealth({ on, why, waiting }: WayState) {
  return { state: !on ? 'off' : why === '' ? 'ok' : 'failing', why, waiting };
}
