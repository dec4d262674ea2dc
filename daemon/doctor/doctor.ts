/**
 * The box examined by the running daemon: for the page, and for `cdrd doctor`, which adds what only root sees. It changes
 * nothing; two who ask at the same time get one examination.
 */
import type { Doctor } from '../../cgi/doctor/port.ts';
import { type AlarmParts, alarmsCheck } from './alarms.ts';
import { type AskAsterisk, askAsterisk } from './ask-asterisk.ts';
import { type AsteriskParts, asteriskChecks, lackingRights, type Rights } from './asterisk.ts';
import { type CallParts, callsCheck } from './calls.ts';
import { type ClockParts, clockChecks } from './clock.ts';
import { type DialplanParts, dialplanChecks } from './dialplan.ts';
import { type Check, examine, type Finding, ok } from './finding.ts';
import { mendedThere } from './installed.ts';
import { type MediumParts, mediumChecks } from './medium.ts';
import { csvCheck, type RecordParts, recordChecks } from './records.ts';
import { settled } from './settled.ts';
import { type StoreParts, storeChecks } from './store.ts';
import { type TrunkParts, trunkCheck } from './trunks.ts';
import { type WebParts, webChecks } from './web.ts';

export interface DoctorParts {
  readonly version: string;
  readonly asterisk: AsteriskParts;
  readonly records: RecordParts;
  readonly dialplan: DialplanParts;
  readonly clock: ClockParts;
  readonly trunks: TrunkParts;
  readonly medium: MediumParts;
  readonly web: WebParts;
  readonly store: StoreParts;
  readonly calls: CallParts;
  readonly alarms: AlarmParts;
}

export function createDoctor(parts: DoctorParts): Doctor {
  let underWay: ReturnType<Doctor['examine']> | null = null;
  return {
    examine() {
      underWay ??= look(parts).finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}

async function look(parts: DoctorParts): Promise<readonly Finding[]> {
  await settled(parts);
  const { connection } = parts.asterisk;
  const ask = connection.status.state === 'up' ? askAsterisk(connection) : null;
  const rights = await lackingRights(ask);
  const findings = await examine(checksOf(parts, ask && rights?.length ? null : ask, rights));
  const { host } = parts.asterisk.config.asterisk;
  return host === '' ? findings : findings.map((each) => mendedThere(each, host));
}

function checksOf(parts: DoctorParts, ask: AskAsterisk | null, rights: Rights | null): readonly Check[] {
  const { asterisk, records, clock, medium, web, store, calls, alarms } = parts;
  return [
    { name: 'daemon.running', look: () => [ok('daemon.running', `cdrd ${parts.version} runs`)] },
    ...asteriskChecks(asterisk, rights),
    ...(ask ? askedChecks(parts, ask) : []),
    csvCheck(records),
    ...mediumChecks(medium),
    callsCheck(calls),
    ...clockChecks(clock, ask),
    ...webChecks(web),
    ...storeChecks(store),
    alarmsCheck(alarms),
  ];
}

/** What Asterisk alone can tell. */
function askedChecks({ records, dialplan, trunks }: DoctorParts, ask: AskAsterisk): readonly Check[] {
  return [...recordChecks(ask, records), ...dialplanChecks(ask, dialplan), trunkCheck(ask, trunks)];
}
