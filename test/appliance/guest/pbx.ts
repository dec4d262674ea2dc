/**
 * The PBX of the box: the simulator with its AMI for the daemon, its CSV on the flash, its recordings where AstDB says, and
 * a door for the test, because calls are placed from outside: POST /call?kind=…&talk=… answers when the call is over,
 * /load?calls=N places N calls a minute (0 = none), GET /state says what is going on.
 */
import { createServer } from 'node:http';
import type { PlacedCall } from '../../simulator/dial.ts';
import { seededRandom } from '../../simulator/random.ts';
import type { CallKind } from '../../simulator/scenario.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { PbxState, Placed } from '../pbx.ts';
import { CSV, PBX_PORT, SECRET } from '../places.ts';
import { besideCalls } from './recorder.ts';

/** Kinds of which every call is one row of the report, by the UniqueID of its records: what the test counts by. */
const KINDS: readonly CallKind[] = [
  ...(['internal', 'outbound', 'inbound', 'inboundIvr', 'busy', 'cancelled', 'failed'] as const),
];

const warn = (message: string): void => console.error(`pbx: ${message}`);
const simulator = await startSimulator({
  port: 5039,
  username: 'cdrd',
  secret: SECRET,
  customCsvPath: CSV,
  recorder: besideCalls(warn),
  warn,
});

let random = seededRandom(1);
let next: NodeJS.Timeout | undefined;
let ended = 0;
/** Places calls of chance, short ones: a power cut shall find some at every stage. */
function load(callsPerMinute: number): void {
  clearTimeout(next);
  if (callsPerMinute <= 0) return;
  const mean = 60_000 / callsPerMinute;
  next = setTimeout(
    () => {
      const talk = random.whole(200, 2_000) / 1000;
      void simulator.placeCall(random.pick(KINDS), { ring: 0.2, talk }).then(() => ended++, warn);
      load(callsPerMinute);
    },
    mean * (0.5 + random.next()),
  );
}

const placed = ({ uniqueId, records, recordings }: PlacedCall): Placed => ({
  uniqueId,
  records: records.length,
  recordings,
});

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://box');
  const answer = (body: unknown): void => void response.end(JSON.stringify(body));
  const number = (name: string): number => Number(searchParams.get(name) ?? 0);
  if (pathname === '/call') {
    const [ring, talk] = [number('ring'), number('talk')];
    simulator
      .placeCall(searchParams.get('kind') as CallKind, { ring, talk })
      .then((call) => answer(placed(call)))
      .catch((error: Error) => {
        response.statusCode = 500;
        answer({ error: error.message });
      });
  } else if (pathname === '/load') {
    random = seededRandom(number('seed'));
    load(number('calls'));
    answer({});
  } else {
    const state: PbxState = { astdb: Object.fromEntries(simulator.astdb), live: simulator.liveCalls, ended };
    answer(state);
  }
}).listen(PBX_PORT);
