/**
 * The box examined by the running daemon: for the page, and for `cdrd doctor`, which adds what only root sees. It changes
 * nothing; two who ask at the same time get one examination.
 */
import type { Doctor } from '../../cgi/doctor/port.ts';
import { type AsteriskParts, asteriskChecks } from './asterisk.ts';
import { type Check, examine, ok } from './finding.ts';

export interface DoctorParts extends AsteriskParts {
  readonly version: string;
}

export function createDoctor(parts: DoctorParts): Doctor {
  let underWay: ReturnType<Doctor['examine']> | null = null;
  return {
    examine() {
      underWay ??= examine(checksOf(parts)).finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}

function checksOf(parts: DoctorParts): readonly Check[] {
  return [
    { name: 'daemon.running', look: () => [ok('daemon.running', `cdrd ${parts.version} runs`)] },
    ...asteriskChecks(parts),
  ];
}
