/**
 * Runs the simulated PBX from the command line, for `make run` and for a person who wants a PBX to try things on:
 * `npx tsx test/simulator/main.ts --secret S`. Ends on SIGTERM or SIGINT.
 */
import { parseArgs } from 'node:util';
import { MAX_CALLS_PER_MINUTE } from './limits.ts';
import { type Simulator, startSimulator } from './simulator.ts';

const USAGE = `Usage: npx tsx test/simulator/main.ts --secret SECRET [options]

  --listen HOST:PORT      where its AMI listens            (127.0.0.1:5039)
  --username NAME         AMI user                         (cdrd)
  --secret SECRET         AMI secret
  --csv FILE              Asterisk's Master.csv            (not written)
  --custom-csv FILE       CSV of etc/asterisk/cdr_custom   (not written)
  --seed N                chance                           (1)
  --calls-per-minute N    calls placed by itself           (20)
  --zone ZONE             IANA zone of its local times     (the system's)

Faults:
  --refuse-logins         every login fails
  --repeat-cdr N          every Cdr event is sent N times more
  --csv-delay SECONDS     CDR files lag behind
  --latin1-names          caller names that are not UTF-8
  --long-line-every SECONDS    an event with a line of 1 MB
  --drop-every SECONDS         all connections drop
  --restart-every SECONDS      as if Asterisk crashed and came back
`;
/** Exit code for a command line that makes no sense (sysexits EX_USAGE). */
const EX_USAGE = 64;
const LONG_LINE_BYTES = 1024 * 1024;

const SCHEMA = {
  listen: { type: 'string', default: '127.0.0.1:5039' },
  username: { type: 'string', default: 'cdrd' },
  secret: { type: 'string' },
  csv: { type: 'string' },
  'custom-csv': { type: 'string' },
  seed: { type: 'string', default: '1' },
  'calls-per-minute': { type: 'string', default: '20' },
  zone: { type: 'string', default: Intl.DateTimeFormat().resolvedOptions().timeZone },
  'refuse-logins': { type: 'boolean', default: false },
  'repeat-cdr': { type: 'string', default: '0' },
  'csv-delay': { type: 'string', default: '0' },
  'latin1-names': { type: 'boolean', default: false },
  'long-line-every': { type: 'string', default: '0' },
  'drop-every': { type: 'string', default: '0' },
  'restart-every': { type: 'string', default: '0' },
} as const;

/** A number from `low` to `high`. Throws a sentence for anything else. */
function number(name: string, text: string, low: number, high: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= low && value <= high)) throw new Error(`--${name}: ${text} is not a number from ${low} to ${high}`);
  return value;
}

async function run(): Promise<void> {
  const { values } = parseArgs({ options: SCHEMA, strict: true });
  const colon = values.listen.lastIndexOf(':');
  if (colon < 1) throw new Error(`--listen: ${values.listen} is not HOST:PORT`);
  if (values.secret === undefined) throw new Error('--secret is missing');
  const every = (name: 'long-line-every' | 'drop-every' | 'restart-every'): number =>
    number(name, values[name], 0, 86_400);
  const repeats = [
    [every('long-line-every'), (simulator: Simulator) => simulator.sendLongLine(LONG_LINE_BYTES)],
    [every('drop-every'), (simulator: Simulator) => simulator.dropConnections()],
    [every('restart-every'), (simulator: Simulator) => simulator.restart()],
  ] as const;
  const callsPerMinute = number('calls-per-minute', values['calls-per-minute'], 0, MAX_CALLS_PER_MINUTE);

  const simulator = await startSimulator({
    host: values.listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: number('listen', values.listen.slice(colon + 1), 0, 65_535),
    username: values.username,
    secret: values.secret,
    seed: number('seed', values.seed, 0, 2 ** 31),
    csvPath: values.csv ?? null,
    customCsvPath: values['custom-csv'] ?? null,
    callsPerMinute,
    zone: values.zone,
    faults: {
      refuseLogins: values['refuse-logins'],
      repeatCdr: number('repeat-cdr', values['repeat-cdr'], 0, 10),
      csvDelaySeconds: number('csv-delay', values['csv-delay'], 0, 3_600),
      latin1Names: values['latin1-names'],
    },
    warn: (message) => console.error(`simulated PBX: ${message}`),
  });
  console.log(
    [
      `SIMULATION: this is no telephone system. A simulated PBX answers AMI on ${values.listen.slice(0, colon)}:${simulator.port}`,
      `and places ${callsPerMinute} made-up calls a minute (seed ${values.seed}); their AccountCode is "simulation".`,
    ].join('\n'),
  );

  const timers = repeats
    .filter(([seconds]) => seconds > 0)
    .map(([seconds, act]) => setInterval(() => act(simulator), seconds * 1000));
  const stop = (): void => {
    for (const timer of timers) clearInterval(timer);
    void simulator.close();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

run().catch((error: Error) => {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = EX_USAGE;
});
