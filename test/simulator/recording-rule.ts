/**
 * What our dialplan's subroutine decides at the moment of answer: whether the call is recorded and under which name.
 * The rules are those of etc/asterisk, told again in TypeScript because there is no Asterisk here to run them.
 */
import type { CallType } from '../../storage/model/leg.ts';
import type { Zone } from '../../storage/model/local-time.ts';

/** Characters of one part of a name: a telephone number has 15 digits (etc/asterisk, cdrd-record). */
const MAX_PART = 40;
/** Names tried before the dialplan gives up: a box without a clock battery lives through the same second more than once. */
const MAX_TRIES = 20;

/** Dialplan `FILTER(0-9A-Za-z+*#_.,…)`: caller IDs are hostile, so every part of a name is stripped to these characters. */
const filtered = (part: string): string => part.replace(/[^0-9A-Za-z+*#_.]/g, '').slice(0, MAX_PART) || 'unknown';
/** A trunk's name comes from the configuration and may keep its hyphens. */
const filteredTrunk = (trunk: string): string => trunk.replace(/[^0-9A-Za-z+*#_.-]/g, '').slice(0, MAX_PART);

export interface AnsweredCall {
  readonly callType: CallType;
  /** Trunk in the name; '' = none (Internal). */
  readonly trunk: string;
  readonly source: string;
  /**
   * As the caller dialled it, also on a trunk that strips a prefix: the guide's CSV figure has source 202, destination 9506
   * and `…-Outbound-96-202-9506.wav`. Inside, the extension that answered, which is the one dialled.
   */
  readonly destination: string;
  /** The IVR, queue or ring group that was dialled first, '' = none: `620(202)`. */
  readonly dialled: string;
  /** Milliseconds since 1970 UTC. */
  readonly answer: number;
}

function shownDestination({ dialled, destination }: AnsweredCall): string {
  const who = filtered(destination);
  return dialled === '' || dialled === who ? who : `${filtered(dialled)}(${who})`;
}

/**
 * Path of the recording without `.wav`, '' = not to be recorded. AstDB family `cdrd`: `enable` and the key named like
 * the call type must both be 1, and `dir` says where; missing = not recorded, so nothing is before the daemon wrote them.
 * `exists` looks for a file: a name that is taken moves to the next second.
 */
export function recordingFile(
  call: AnsweredCall,
  astdb: ReadonlyMap<string, string>,
  zone: Zone,
  exists: (path: string) => boolean,
): string {
  const dir = astdb.get('cdrd/dir') ?? '';
  const wanted = astdb.get('cdrd/enable') === '1' && astdb.get(`cdrd/${call.callType}`) === '1';
  if (!wanted || !/^\/[0-9A-Za-z+*#_./@ -]*$/.test(dir)) return '';
  const trunk = call.trunk === '' ? '' : `-${filteredTrunk(call.trunk)}`;
  const rest = `${call.callType}${trunk}-${filtered(call.source)}-${shownDestination(call)}`;
  const answer = Math.floor(call.answer / 1000);
  for (let epoch = answer; epoch < answer + MAX_TRIES; epoch += 1) {
    const [day = '', time = ''] = zone.text(epoch).replaceAll(/[-:]/g, '').split(' ');
    const file = `${dir}/${day}/${day}-${time}-${epoch}-${rest}`;
    if (!exists(`${file}.wav`)) return file;
  }
  return '';
}
