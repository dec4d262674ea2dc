/** `task=handleActiveCall`: pauses the recording of a call in progress, or has it go on. The pause is silence in the file. */
import { CgiError, json } from '../../reply.ts';
import { byOf } from '../enter.ts';
import { refuseHead } from './act.ts';
import { oneOf } from './names.ts';
import { textIn } from './request.ts';
import { onlySensor } from './sensor.ts';
import type { Task } from './task.ts';

const COMMANDS: ReadonlyMap<string, boolean> = new Map([
  ['pausecall', true],
  ['unpausecall', false],
]);

export const handleActiveCall: Task = {
  like: { number: 30020, right: 'live.control' },
  async handle({ sent, services, caller, request, reason }) {
    refuseHead(request);
    const params = oneOf(sent, ['sensorId', 'command', 'callRef']);
    onlySensor(params);
    const pauses = COMMANDS.get(textIn(params, 'command'));
    if (pauses === undefined)
      throw new CgiError('invalid', `command must be ${[...COMMANDS.keys()].join(' or ')}`, 'command');
    const callRef = textIn(params, 'callRef');
    if (!/^[\x21-\x7e]{1,150}$/.test(callRef))
      throw new CgiError('invalid', 'callRef must be the callreference that listActiveCalls gives', 'callRef');
    await services.live.pause(callRef, pauses, byOf(caller, request, reason));
    return json({ success: true });
  },
};
