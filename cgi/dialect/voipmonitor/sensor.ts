/** VoIPmonitor has sensors that listen to the network; this box is one, by the number that its documents' examples have. */
import { CgiError } from '../../reply.ts';
import { type Params, textIn } from './request.ts';

const OWN = '1';

/** @throws {CgiError} `invalid` when another sensor is asked for than the box itself */
export function onlySensor(params: Params): void {
  const sensor = textIn(params, 'sensorId');
  if (sensor !== '' && sensor !== OWN)
    throw new CgiError(
      'invalid',
      `there is no sensor ${sensor.slice(0, 20)}: the box is the one there is, ${OWN}`,
      'sensorId',
    );
}
