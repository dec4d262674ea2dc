/** A trace as a person reads it at a terminal. */
import type { Zone } from '../../storage/model/local-time.ts';
import type { Trace, TracedCall, TracedLeg } from '../../storage/sql/trace.ts';
import { printable } from '../printable.ts';

const RULES: Readonly<Record<TracedCall['rule'], string>> = {
  talk: 'two people talked',
  conference: 'took part in a conference',
  unanswered: 'nobody answered: the strongest outcome of all tries',
};

const TIES: Readonly<Record<TracedCall['tie'], string>> = {
  named: 'its record names the file',
  near: 'found by time and parties',
  'no file': 'its record names it, but no such file is known',
  '': 'none',
};

export function traceText(traces: readonly Trace[], uniqueId: string, zone: Zone): string {
  if (traces.length === 0) return `no record has the UniqueID or LinkedID ${uniqueId}`;
  return traces.map((trace) => groupText(trace, zone)).join('\n\n');
}

function groupText({ group, legs, calls, pauses }: Trace, zone: Zone): string {
  const order = new Map(legs.map(({ id }, index) => [id, index + 1]));
  const numbers = (ids: readonly number[]) => ids.map((id) => order.get(id) ?? '?').join(', ');
  return [
    `call ${group}: ${legs.length} records, ${calls.length} rows`,
    ...legs.flatMap((leg, index) => legText(leg, index + 1, zone)),
    ...calls.flatMap((call) => [
      `row ${call.id ?? '(not stored)'}: ${call.src} → ${call.dst} ${call.disposition}${call.open ? ', still open' : ''}${call.deleted ? ', deleted' : ''}`,
      `  made of records ${numbers(call.legs)}, standing on ${numbers([call.anchor])}: ${RULES[call.rule]}`,
      `  recording: ${call.recording || '-'} (${TIES[call.tie]})`,
    ]),
    ...pauses.map(
      ({ channel, direction, from, to }) =>
        `recording of ${channel} paused (${direction}): ${zone.text(from)} to ${to === null ? 'now' : zone.text(to)}`,
    ),
  ]
    .map(printable) // here, where a line's end is ours
    .join('\n');
}

function legText(leg: TracedLeg, number: number, zone: Zone): string[] {
  const origins = [
    ...(leg.amiAt === null ? [] : [`AMI at ${zone.text(leg.amiAt)}`]),
    ...(leg.csv ? [`${leg.csv.path} line ${leg.csv.line}, byte ${leg.csv.offset}`] : []),
  ];
  const sequence = leg.sequence === null ? '' : ` sequence ${leg.sequence}`;
  return [
    `record ${number}: ${leg.uniqueId}${sequence} ${leg.channel} → ${leg.destinationChannel || '-'} ${leg.application} ${leg.disposition} ${zone.text(leg.start)} to ${zone.text(leg.end)}`,
    `  from ${origins.join(' and ') || 'an earlier version of cdrd'}`,
  ];
}
