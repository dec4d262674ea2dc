/**
 * A PBX that does not exist: it speaks AMI like an Asterisk 16.28, places calls of chance or to order, and leaves the
 * recordings and CDR files that our dialplan and configuration (etc/asterisk) would make a real one leave. Everything a
 * person sees of it says that it is a simulation: AccountCode, AsteriskVersion, the start-up banner.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { zone } from '../../storage/model/local-time.ts';
import { type AmiServer, startAmiServer } from './ami-server.ts';
import { type Clock, realClock } from './clock.ts';
import { csvFile, type Rotation } from './csv-file.ts';
import { dialCall, type LiveCall, type PlacedCall } from './dial.ts';
import { LOAD_LIVE_CALLS, MAX_CALLS_AT_ONCE, MAX_CALLS_PER_MINUTE, MAX_LIVE_CALLS } from './limits.ts';
import { createPbx } from './pbx.ts';
import { MANY_EXTENSIONS } from './people.ts';
import { seededRandom } from './random.ts';
import { type CallKind, type CallOverrides, drawKind, EXTENSIONS, SCENARIOS } from './scenario.ts';
import { fileRecorder, type Recorder } from './wav.ts';

export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly username: string;
  readonly secret: string;
  /** Default 1. The same seed and a virtual clock give the same bytes. */
  readonly seed?: number;
  /** Master.csv (cdr_csv); default null: not written. */
  readonly csvPath?: string | null;
  /** The CSV of etc/asterisk/cdr_custom.conf; default null: not written. */
  readonly customCsvPath?: string | null;
  /**
   * Calls that it places by itself, on average; default 0: only those of `placeCall`. Up to 6,000 (100 a second); from some
   * hundred on it has the phones 100–616, and calls are shorter, so that about 150 are live at once.
   */
  readonly callsPerMinute?: number;
  /** Default the machine's. */
  readonly clock?: Clock;
  /** `unanswered` of cdr.conf: also records of unanswered calls that have no DestinationChannel. Default true. */
  readonly unanswered?: boolean;
  /** IANA name of the zone of all local times; default UTC. */
  readonly zone?: string;
  /** Default: straight to the files. */
  readonly recorder?: Recorder;
  /** Faults that are on from the start. */
  readonly faults?: Partial<Faults>;
  /** Hears what a person should know, such as a recording that could not be opened. */
  readonly warn?: (message: string) => void;
}

/** What it does wrong, until told otherwise. */
export interface Faults {
  /** Every login fails, also with the right secret. */
  refuseLogins: boolean;
  /** Times that each Cdr event is sent again; 0 = none. */
  repeatCdr: number;
  /** Seconds by which CDR files lag behind the events. */
  csvDelaySeconds: number;
  /** Callers are called `Zoë 205`, and events and files are written in latin1: not UTF-8. */
  latin1Names: boolean;
}

export interface Simulator {
  /** Where its AMI listens. */
  readonly port: number;
  /** The last events as text with CRLF, oldest first; bounded. */
  readonly events: readonly string[];
  /** AstDB, `family/key` → value, as clients have written it. */
  readonly astdb: Map<string, string>;
  /** May be changed at any time; holds from the next call, login or line on. */
  readonly faults: Faults;
  /** AMI connections that have logged in. */
  readonly sessions: number;
  readonly liveCalls: number;
  /**
   * Starts a call now. Resolves when it is over: under a virtual clock, after an `advance` that went beyond its end. A call
   * lost in a restart resolves with the records written by then. Rejects when too many are live.
   */
  placeCall(kind: CallKind, overrides?: CallOverrides): Promise<PlacedCall>;
  /**
   * What each live call waits for happens now: who is rung answers, or gives up; who talks hangs up. For tests that look at
   * a call for as long as they need, however busy the machine.
   */
  goOn(): void;
  /**
   * As after a crash of Asterisk: live calls are lost without records, their WAVs keep a header of zeros, connections drop,
   * and UniqueIDs, channel names and Sequence begin again at 0. AstDB stays. The next login hears FullyBooted.
   */
  restart(): void;
  dropConnections(): void;
  /** Puts both CDR files away as logrotate does, `FILE.1` or `FILE.1.gz`; five generations are kept. */
  rotateCsv(way: Rotation): void;
  /** Sends an event with one header of `bytes` bytes to every session. */
  sendLongLine(bytes: number): void;
  /** So many calls a minute by themselves from now on; those that are live go on. @throws RangeError for too many */
  setRate(callsPerMinute: number): void;
  /** Ends the calls (their WAVs are finished properly), writes held-back CSV lines and stops listening. */
  close(): Promise<void>;
}

interface Running {
  readonly call: LiveCall;
  readonly resolve: (placed: PlacedCall) => void;
  cancel: () => void;
}

/** Average length of a call at its natural pace, seconds: 13.1 measured over 2,000 drawn calls (seed 5). */
const USUAL_CALL_SECONDS = 13;

function checkedRate(callsPerMinute: number): number {
  if (callsPerMinute > MAX_CALLS_PER_MINUTE) throw new RangeError(`more than ${MAX_CALLS_PER_MINUTE} calls a minute`);
  return callsPerMinute;
}

/** Starts a simulated PBX. Rejects when it can't listen, or with RangeError for a zone that does not exist or too many calls. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, username, secret, seed = 1 } = options;
  const { csvPath = null, customCsvPath = null, callsPerMinute = 0, clock = realClock() } = options;
  let rate = checkedRate(callsPerMinute);
  const warn = options.warn ?? (() => {});
  const faults: Faults = {
    refuseLogins: false,
    repeatCdr: 0,
    csvDelaySeconds: 0,
    latin1Names: false,
    ...options.faults,
  };
  const random = seededRandom(seed);
  const running = new Set<Running>();
  const encoding = (): BufferEncoding => (faults.latin1Names ? 'latin1' : 'utf8');
  const lag = (): number => faults.csvDelaySeconds;
  const master = csvFile(csvPath, clock, lag, encoding);
  const custom = csvFile(customCsvPath, clock, lag, encoding);
  let server: AmiServer | null = null;

  const pbx = createPbx({
    clock,
    random,
    zone: zone(options.zone ?? 'UTC'),
    recorder: options.recorder ?? fileRecorder,
    broadcast: (text, eventClass) => server?.broadcast(Buffer.from(text, encoding()), eventClass),
    appendCsv: (line, customLine) => {
      master.append(line);
      custom.append(customLine);
    },
    cdrCopies: () => 1 + faults.repeatCdr,
    unanswered: options.unanswered ?? true,
  });

  const finish = (run: Running): void => {
    running.delete(run);
    run.resolve(run.call.placed());
  };
  const step = (run: Running): void => {
    const { done, value } = run.call.steps.next();
    if (done) finish(run);
    else run.cancel = clock.after(value, () => step(run));
  };
  const pace = (): number => Math.max(1, ((rate / 60) * USUAL_CALL_SECONDS) / LOAD_LIVE_CALLS);
  const freePhones = (): string[] => {
    const busy = new Set<string>();
    for (const { call } of running) {
      for (const { peer } of [call.plan.caller, call.plan.callee, ...call.plan.others]) busy.add(peer);
    }
    return (pace() > 1 ? MANY_EXTENSIONS : EXTENSIONS).filter((extension) => !busy.has(extension));
  };
  const start = (kind: CallKind, overrides: CallOverrides): Promise<PlacedCall> => {
    if (running.size >= MAX_LIVE_CALLS) return Promise.reject(new Error(`more than ${MAX_LIVE_CALLS} live calls`));
    const free = freePhones();
    const drawn = SCENARIOS[kind].plan({ random, free: free.length < 2 ? EXTENSIONS : free, overrides, pace: pace() });
    const name = overrides.callerName ?? (faults.latin1Names ? `Zoë ${drawn.caller.number}` : drawn.caller.name);
    const call = dialCall(pbx, { ...drawn, caller: { ...drawn.caller, name } }, warn);
    return new Promise((resolve) => {
      const run: Running = { call, resolve, cancel: () => {} };
      running.add(run);
      step(run);
    });
  };

  /** Calls by themselves: never from or to a phone that is in a call, so at most as many as the box has phones for. */
  let cancelNext = (): void => {};
  let due = clock.now();
  const schedule = (): void => {
    if (rate <= 0) return;
    const mean = 60_000 / rate;
    due += mean * (0.5 + random.next());
    cancelNext = clock.after(Math.max(0, due - clock.now()), () => {
      // A timer is a millisecond or more late: what has fallen due meanwhile is placed too, so that the rate is kept.
      for (let placed = 0; placed < MAX_CALLS_AT_ONCE; placed += 1) {
        if (freePhones().length >= 2) void start(drawKind(random), {}).catch((error: Error) => warn(error.message));
        if (due + mean > clock.now()) break;
        due += mean;
      }
      if (due + mean < clock.now()) due = clock.now();
      schedule();
    });
  };

  /** Ends every live call where it stands. */
  const stopCalls = (end: (call: LiveCall) => void): void => {
    for (const run of [...running]) {
      run.cancel();
      end(run.call);
      finish(run);
    }
  };

  server = await startAmiServer(
    { host, port },
    { pbx, username, secret, refusesLogins: () => faults.refuseLogins, liveCalls: () => running.size },
  );
  const ami = server;
  schedule();

  return {
    port: ami.port,
    events: pbx.history,
    astdb: pbx.astdb,
    faults,
    get sessions() {
      return ami.sessions;
    },
    get liveCalls() {
      return running.size;
    },
    placeCall: async (kind, overrides = {}) => start(kind, overrides),
    goOn: () => {
      for (const run of [...running]) {
        run.cancel();
        step(run);
      }
    },
    restart: () => {
      stopCalls((call) => call.closeRecordings(true));
      ami.dropConnections();
      pbx.restart();
    },
    dropConnections: ami.dropConnections,
    rotateCsv: (way) => {
      master.rotate(way);
      custom.rotate(way);
    },
    setRate: (callsPerMinute) => {
      rate = checkedRate(callsPerMinute);
      cancelNext();
      due = clock.now();
      schedule();
    },
    sendLongLine: (bytes) => {
      pbx.emit('VarSet', 'system', [
        ['Variable', 'LONG'],
        ['Value', 'x'.repeat(bytes)],
      ]);
    },
    close: async () => {
      cancelNext();
      stopCalls((call) => call.closeRecordings(false));
      master.flush();
      custom.flush();
      await ami.close();
      await nextTurn();
    },
  };
}
