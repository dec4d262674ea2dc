/** Whether Asterisk's dialplan has our subroutines, runs them, and has been told what to record. */

import { join } from 'node:path';
import type { PolicyState } from '../../cgi/settings/port.ts';
import { isDebians } from '../setup/dialplan.ts';
import type { AskAsterisk } from './ask-asterisk.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { SETUP } from './mend.ts';

export interface DialplanParts {
  /** What Asterisk has been told to record; null: nobody has told it. */
  readonly policy: (() => PolicyState) | null;
  /** Anything is to be recorded. */
  recordingWanted(): boolean;
}

/** The subroutine that runs at answer and starts the recording. */
const ANSWER = 'cdrd-answer';

export function dialplanChecks(ask: AskAsterisk, parts: DialplanParts): readonly Check[] {
  return [
    { name: 'dialplan.loaded', look: () => dialplan(ask, parts) },
    ...(parts.policy ? [{ name: 'dialplan.settings', look: () => [told(parts.policy?.() as PolicyState)] }] : []),
  ];
}

async function dialplan(ask: AskAsterisk, { recordingWanted }: DialplanParts): Promise<readonly Finding[]> {
  const ours = await ask.list([
    ['Action', 'ShowDialPlan'],
    ['Context', ANSWER],
  ]);
  if (!ours?.length)
    return [
      fault(
        'dialplan.loaded',
        `the dialplan has no ${ANSWER}: nothing is recorded, and kinds of calls are guessed`,
        SETUP,
      ),
    ];
  const loaded = ok('dialplan.loaded', `the dialplan has cdrd's subroutines`);
  if (!(await ask.hasModule('app_mixmonitor')))
    return [
      loaded,
      fault(
        'dialplan.recorder',
        'the module app_mixmonitor is not loaded: nothing can be recorded',
        loadModule('app_mixmonitor.so'),
      ),
    ];
  const all = (await ask.list([['Action', 'ShowDialPlan']])) ?? [];
  const lines = all.filter((item) => !item.get('Context').startsWith('cdrd-'));
  const running = lines.filter((item) => item.get('AppData').includes('cdrd-'));
  if (running.length > 0) {
    const many = running.length === 1 ? '1 line of the dialplan runs' : `${running.length} lines of the dialplan run`;
    return [loaded, ok('dialplan.used', `${many} them`)];
  }
  const says = 'no line of the dialplan runs them: calls are reported as they are, and not recorded';
  const rings = lines.some((item) => /^(Dial|Queue|ConfBridge)$/i.test(item.get('Application')));
  // A fresh box has nothing to ring yet.
  if (!rings || !recordingWanted()) return [loaded, ok('dialplan.used', says)];
  if (isExample(join(await ask.variable('ASTETCDIR'), 'extensions.conf')))
    return [loaded, ok('dialplan.used', `${says}; it is Debian's example, by which nobody calls yet`)];
  return [
    loaded,
    warning('dialplan.used', `${says}; cdrd setup --dry-run shows each line with what it would become`, null),
  ];
}

/** One that can't be read is somebody's own. */
function isExample(path: string): boolean {
  try {
    return isDebians(path);
  } catch {
    return false;
  }
}

function loadModule(name: string): string {
  return `asterisk -rx "module load ${name}"`;
}

function told({ state, why, message, held }: PolicyState): Finding {
  // What holds it, the medium's own line says, with what mends it.
  if (held !== '') return ok('dialplan.settings', `Asterisk is told to record nothing as long as ${held}`);
  if (state === 'written') return ok('dialplan.settings', 'Asterisk has been told what to record');
  if (why === 'off' || why === 'away' || why === 'login' || why === 'writing' || why === 'medium')
    return ok('dialplan.settings', 'Asterisk is told what to record as soon as it can be');
  return fault('dialplan.settings', `Asterisk does not take what is to be recorded: ${message}`, SETUP);
}
