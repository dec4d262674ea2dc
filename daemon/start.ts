/**
 * Builds every part, wires them together and gives back how to stop: the one wiring file. Commands start it, and so do the
 * tests, on port 0 in a temporary folder. Starting is recovery: what a kill left behind is put right here, without a flag.
 */
import type { AddressInfo } from 'node:net';
import { createAccounts } from '../cgi/access/accounts.ts';
import { openApiKeys } from '../cgi/access/keys.ts';
import { createSessions } from '../cgi/access/session.ts';
import { createPhoneBook } from '../cgi/contact/book.ts';
import type { Services } from '../cgi/verb.ts';
import { openStoreWorker, type StoreClient, workOnFile } from '../storage/client.ts';
import { LANES } from '../storage/lanes.ts';
import { zone as zoneOf } from '../storage/model/local-time.ts';
import { REPLACED, type Replacement } from '../storage/replaced.ts';
import { createAmi } from './ami/ami.ts';
import type { AmiServer } from './ami/server.ts';
import { createAmiUserAdmin } from './ami/user-admin.ts';
import { type AmiUsers, openAmiUsers } from './ami/users.ts';
import type { Ingest } from './asterisk/ingest.ts';
import { createLive } from './asterisk/live.ts';
import { type Pbx, startPbx } from './asterisk/pbx.ts';
import { createPolicyHistory } from './asterisk/policy-history.ts';
import { createRecordingControl } from './asterisk/recording-control.ts';
import { createPolicyWriter } from './asterisk/recording-policy.ts';
import { createBackups } from './backup/backups.ts';
import { openMedia } from './backup/media.ts';
import { nextBackup, scheduleBackups } from './backup/nightly.ts';
import { openOrRecover } from './backup/recover.ts';
import { describeBackups, describeReplacement, healthOfBackups, healthOfReplacement } from './backup/shown.ts';
import { type Bus, createBus } from './bus.ts';
import type { Config } from './config.ts';
import { createPerform } from './control/perform.ts';
import { listenControl } from './control/server.ts';
import { forget } from './forget.ts';
import { describeFullness, fullnessHealth, spaceOn, watchFullness } from './fullness.ts';
import { type Certificate, openCertificate } from './http/certificate.ts';
import { livePath } from './http/live-path.ts';
import { boxNames } from './http/self-signed.ts';
import { listenHttp, tokenOf } from './http/server.ts';
import { amiPath, createWebSockets } from './http/websocket.ts';
import { startIdleWork } from './idle.ts';
import { jobNotes } from './job-notes.ts';
import { createCallDeletions } from './jobs.ts';
import { sessionLimits } from './limits.ts';
import type { Log } from './log.ts';
import { keepMediumChanges } from './medium-changes.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createRecordingGate } from './recording-gate.ts';
import { createRecordingDeletions } from './recordings/deletions.ts';
import { describeMedium, mediumHealth } from './recordings/figures.ts';
import { createFileClient } from './recordings/file-client.ts';
import { createRecordingFiles } from './recordings/files.ts';
import { createRecordingHeaders } from './recordings/headers.ts';
import { indexOf } from './recordings/index-of-store.ts';
import { CLOSE_MS } from './recordings/limits.ts';
import { demandsMount } from './recordings/mountinfo.ts';
import { type Recordings, startRecordings } from './recordings/recordings.ts';
import { createThreads, type Threads } from './recordings/step-client.ts';
import { createRetention } from './retention/retention.ts';
import { createSchedule } from './schedule.ts';
import { openSettings } from './settings.ts';
import {
  databaseFile,
  firstAccounts,
  forgetInitialPassword,
  liveRules,
  secretDir,
  storeOptions,
  takeState,
  zoneName,
} from './state.ts';
import { describeStore, storeHealth } from './store-health.ts';
import { watchStore } from './store-watch.ts';
import { trashRules } from './trash-rules.ts';
import { openTrustedClock } from './trusted-clock.ts';

export interface StartOptions {
  readonly config: Config;
  /**
   * Reads the configuration anew, for the secret of Asterisk, which alone is taken without a restart. Absent: it stays as it
   * was read. @throws when it can't be read.
   */
  reread?(): Config;
  readonly log: Log;
  /** The bundled worker entries. */
  readonly workers: { readonly store: URL; readonly medium: URL; readonly files: URL };
  readonly version: string;
  /** Something without which the process can't go on has ended. */
  onFatal(error: Error): void;
}

export interface Running {
  /** Where HTTP is served, in the order of the configuration. */
  readonly addresses: readonly AddressInfo[];
  readonly ami: AmiServer;
  readonly amiUsers: AmiUsers;
  /** Where HTTPS is, likewise. */
  readonly secureAddresses: readonly AddressInfo[];
  readonly bus: Bus;
  readonly store: StoreClient;
  readonly ingest: Ingest;
  /** Stops taking, finishes what is in flight, closes the store. */
  close(): Promise<void>;
  /** Somebody has mended something: what waits for it tries again now. */
  reload(): void;
  /** After the stop: a thread hangs in a call on the medium, so that only SIGKILL ends the process. */
  stuck(): Promise<boolean>;
}

/** @throws {LockedError} when another cdrd holds the state folder; {StoreError} when the store can't be opened. */
export async function start({ config: given, reread, log, workers, version, onFatal }: StartOptions): Promise<Running> {
  // What was begun is ended in the opposite order, on a stop as on a start that fails half-way.
  const stops: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (let step = stops.pop(); step; step = stops.pop()) {
      await Promise.resolve()
        .then(step)
        .catch((error: unknown) => log.error('a part did not stop cleanly', { error }));
    }
  };
  try {
    const lock = await takeState(given.state.dir);
    stops.push(() => lock.release());
    const bus = createBus();
    const metrics = createMetrics();
    stops.push(() => metrics.close());

    const threads = createThreads();
    const store = await openStore(given, workers, threads, log, onFatal);
    stops.push(() => store.close());
    const replacement = (await store.ask('setting', REPLACED)) as Replacement | null;
    stops.push(watchStore({ store, bus, log }));
    const told = createPolicyHistory({ store, log, now: Date.now, mono: () => performance.now() });
    const control = createPolicyWriter(log, told);
    const settings = await openSettings({ config: given, store, log, control });
    const { config } = settings; // whatever a page may set is asked of this one
    const sessions = createSessions(sessionLimits);
    const accounts = createAccounts(store, sessions, sessionLimits, (user) =>
      forgetInitialPassword(config.state.dir, user).catch((error: unknown) =>
        log.warn('an initial password could not be forgotten', { user, error }),
      ),
    );
    await firstAccounts(config.state.dir, store, accounts, log);
    const zone = zoneOf(zoneName(config));
    const now = () => Math.floor(Date.now() / 1000);
    const keys = await openApiKeys(store);
    const clock = await openTrustedClock({ store, log, now: Date.now, mono: () => performance.now() });
    stops.push(() => clock.close());
    const trash = trashRules(settings);
    const callDeletions = createCallDeletions({ store, bus, log: log.child('deletions'), zone, trash, now });
    stops.push(() => callDeletions.close());
    const { dir, requireMount } = config.recordings;
    const fileClient = createFileClient({
      worker: workers.files,
      settings: { dir, requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' },
      threads,
      medium: () => recordings,
    });
    const recordingFiles = createRecordingFiles(fileClient);
    const recordingDeletions = createRecordingDeletions({
      store,
      client: fileClient,
      log,
      trash,
      now,
      medium: () => recordings.state().medium ?? null,
      onCalls: (sequences) => bus.emit('calls', sequences),
    });
    const backups = await createBackups({
      store,
      stateDir: config.state.dir,
      ask: async (step) => (await fileClient.ask(step)).value,
      log,
      zone,
      now,
      keep: () => Number(settings.value('backup.keep')),
      nextAt: () => nextBackup(schedule, settings),
    });
    const recordingHeaders = createRecordingHeaders({
      store,
      client: fileClient,
      medium: () => recordings.state().medium ?? null,
    });
    const amiUsers = await openAmiUsers(config.state.dir);
    const ami = createAmi({ config, store, users: amiUsers, bus, log: log.child('ami') });
    stops.push(() => ami.relay.close());

    const demanded = demandsMount(dir, requireMount);
    keepMediumChanges({ store, bus, log });
    bus.on('medium', createRecordingGate({ demanded, policy: control, store, log }));
    const pbx = await startPbx({
      config,
      store,
      bus,
      log,
      zone,
      control,
      events: ami.sink,
      ...(reread && { currentSecret: () => reread().asterisk.secret }),
    });
    stops.push(() => pbx.close());
    const recordingControl = createRecordingControl(pbx.connection, pbx.live, store);
    const live = createLive(pbx, recordingControl, latest(settings.rules, liveRules));
    const amiUserAdmin = createAmiUserAdmin(amiUsers, store, () => amiServer.clients);
    const schedule = createSchedule({
      zone,
      log: log.child('jobs'),
      notes: jobNotes(store),
      isIdle: () => pbx.live.channels === 0 && LANES.every((lane) => store.depth(lane) === 0),
      now: Date.now,
      mono: () => performance.now(),
    });
    const retention = await createRetention({
      store,
      schedule,
      callDeletions,
      recordingDeletions,
      recordings: () => recordings,
      settings,
      clock,
      zone,
      log: log.child('jobs'),
    });
    const services: Services = {
      store,
      accounts,
      sessions,
      keys,
      callDeletions,
      medium: { state: () => recordings.state(), space: () => recordings.space() },
      recordingFiles,
      recordingDeletions,
      backups,
      recordingHeaders,
      retention,
      phoneBook: createPhoneBook(store),
      settings,
      live,
      amiUsers: amiUserAdmin,
      zone,
      now,
    };

    const recordings = startRecordings({
      dir: config.recordings.dir,
      requireMount: config.recordings.requireMount,
      sweepSeconds: config.recordings.sweepSeconds,
      worker: workers.medium,
      threads,
      log,
      now: Date.now,
      today: () => zone.text(now()).slice(0, 10).replaceAll('-', ''),
      onState: (state) => bus.emit('medium', state),
      index: indexOf(store, bus),
    });
    stops.push(() => recordings.close());
    bus.on('medium', ({ state }) => {
      if (state === 'mounted') recordingDeletions.resume();
    });
    stops.push(() => recordingDeletions.close());
    stops.push(() => schedule.close());
    stops.push(() => backups.close());
    await scheduleBackups({ backups, schedule, bus, settings });
    await schedule.at('trash', '7 * * * *', async () => {
      await callDeletions.expire(clock.now());
      await recordingDeletions.expire(clock.now());
    });
    await schedule.at('forget', '10 4 * * *', (signal) => forget(store, signal));

    const fullness = watchFullness({
      space: { recordings: async () => recordings.space(), state: () => spaceOn(config.state.dir) },
      bus,
      log,
    });
    stops.push(() => fullness.close());

    const idle = startIdleWork({ store, bus, log });
    stops.push(() => idle.stop());

    const amiServer = await ami.listen({ connection: pbx.connection, control: recordingControl });
    stops.push(() => amiServer.close());
    const webSockets = createWebSockets({
      '/ami': amiPath(amiServer, config.ami.greeting),
      '/live': livePath(services, bus, tokenOf),
    });
    const answers = new Map<string, number>();
    let ready = true;
    const certificate = config.https.listen.length > 0 ? await certificateOf(config, log) : null;
    stops.push(() => certificate?.close());
    const http = await listenHttp({
      listen: config.http.listen,
      ...(certificate && { secure: { listen: config.https.listen, certificate } }),
      services,
      log: log.child('http'),
      webSockets,
      metrics: () => metrics.text(),
      health: () => ({
        ok: ready && store.disk.state === 'ok',
        body: {
          ...health(ready, version, { store, replacement, pbx, recordings, certificate }, amiServer.trouble),
          disks: fullnessHealth(fullness),
          backup: healthOfBackups(backups, settings.value('backup.enable') === true, now()),
        },
      }),
      onAnswer(number, status) {
        const key = `${/^\d{4,5}$/.test(number) && status !== 404 ? number : 'other'} ${status}`;
        answers.set(key, (answers.get(key) ?? 0) + 1);
      },
    });
    stops.push(() => http.close());
    stops.push(() => callDeletions.close()); // before HTTP: whoever waits for a deletion is told how far it has come
    await callDeletions.begun();
    describe(metrics, { store, pbx, recordings, answers });
    describeFullness(metrics, fullness);
    describeBackups(metrics, backups);
    describeReplacement(metrics, replacement);
    metrics.gauge('cdrd_recording_deletions', 'Deletions of recordings under way or waiting for their medium.', () =>
      recordingDeletions.underWay(),
    );
    metrics.gauge('cdrd_file_steps', 'Steps of file work on the medium, waiting or under way.', () =>
      fileClient.depth(),
    );

    const perform = createPerform({
      amiUsers: amiUserAdmin,
      backups,
      config,
      store,
      accounts,
      ingest: pbx.ingest,
      bus,
      zone,
    });
    const socket = await listenControl(config.run.dir, log, perform);
    stops.push(() => socket.close());
    stops.push(() => {
      ready = false;
    });
    return {
      addresses: http.addresses,
      ami: amiServer,
      amiUsers,
      secureAddresses: http.secureAddresses,
      bus,
      store,
      ingest: pbx.ingest,
      close: stop,
      reload: pbx.connection.tryNow,
      stuck: () => threads.stuck(CLOSE_MS),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A damaged one is replaced by a backup. */
async function openStore(
  given: Config,
  workers: StartOptions['workers'],
  threads: Threads,
  log: Log,
  onDeath: (error: Error) => void,
): Promise<StoreClient> {
  const media = openMedia(given, workers.files, threads);
  try {
    return await openOrRecover({
      file: databaseFile(given.state.dir),
      stateDir: given.state.dir,
      open: (died) => openStoreWorker(storeOptions(given), workers.store, died),
      work: (operation, argument) => workOnFile(workers.store, operation, argument),
      log: log.child('store'),
      now: () => Math.floor(Date.now() / 1000),
      media: media.asks,
      onDeath,
    });
  } finally {
    media.close();
  }
}

/** What is made of something that seldom changes, made anew only when it has. */
function latest<From, Made>(from: () => From, make: (from: From) => Made): () => Made {
  let source = from();
  let made = make(source);
  return () => {
    const now = from();
    if (now !== source) {
      source = now;
      made = make(now);
    }
    return made;
  };
}

async function certificateOf({ state }: Config, log: Log): Promise<Certificate> {
  const dir = await secretDir(state.dir);
  return openCertificate({ dir, log: log.child('https'), names: boxNames, now: Date.now });
}

interface HealthParts extends Pick<Parts, 'store' | 'pbx' | 'recordings'> {
  readonly replacement: Replacement | null;
  readonly certificate: Certificate | null;
}

/**
 * No stick and no Asterisk are conditions that it shows, not failures: calls are served all the same. A store that takes no
 * records is one: who watches nothing but the status must hear of it.
 */
function health(
  ready: boolean,
  version: string,
  { store, replacement, pbx, recordings, certificate }: HealthParts,
  amiTrouble: string,
): Record<string, unknown> {
  const { connection, csv } = pbx;
  const { status } = connection;
  const tls = certificate?.state();
  const since = (ms: number) => new Date(ms).toISOString();
  return {
    status: statusOf(ready, store),
    version,
    store: { ...storeHealth(store.disk), ...healthOfReplacement(replacement, Math.floor(Date.now() / 1000)) },
    asterisk: { state: status.state, why: status.why, since: since(status.since), version: status.version },
    ami: { state: amiTrouble ? 'not listening' : 'ok', why: amiTrouble },
    cdr_csv: { state: csv.trouble ? 'unreadable' : 'ok', why: csv.trouble },
    recordings: mediumHealth(recordings),
    https: tls
      ? { state: tls.state, why: tls.why, self_signed: tls.selfSigned, ends: since(tls.ends) }
      : { state: 'off', why: null },
  };
}

function statusOf(ready: boolean, { disk }: StoreClient): 'ok' | 'not storing' | 'stopping' {
  if (!ready) return 'stopping';
  return disk.state === 'ok' ? 'ok' : 'not storing';
}

interface Parts {
  readonly store: StoreClient;
  readonly pbx: Pbx;
  readonly recordings: Recordings;
  readonly answers: ReadonlyMap<string, number>;
}

/** The figures of this version; each later part adds its own. */
function describe(metrics: Metrics, { store, pbx, recordings, answers }: Parts): void {
  const { connection, ingest } = pbx;
  const commit = metrics.histogram(
    'cdrd_commit_seconds',
    'Time of a durable commit, fsync included.',
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5],
  );
  store.onCommit((ms) => commit(ms / 1000));
  describeStore(metrics, store);
  metrics.gauge('cdrd_lane_depth', 'Requests waiting for the store or under way.', () =>
    LANES.map((lane) => [{ lane }, store.depth(lane)]),
  );
  metrics.counter('cdrd_records_total', 'Call records by what became of them.', () => {
    const { records, repeated, lost } = ingest.figures;
    return [
      [{ result: 'stored' }, records],
      [{ result: 'repeated' }, repeated],
      [{ result: 'lost' }, lost],
    ];
  });
  metrics.gauge(
    'cdrd_records_held',
    'Call records that wait in memory for the disk of the store.',
    () => ingest.figures.held,
  );
  metrics.gauge('cdrd_open_calls', 'Calls whose records are still coming.', () => ingest.figures.open);
  metrics.gauge('cdrd_ingest_lag_seconds', 'End of the last record to its commit.', () => ingest.lagSeconds);
  metrics.gauge('cdrd_live_channels', 'Channels that Asterisk has at this moment.', () => pbx.live.channels);
  metrics.counter('cdrd_csv_records_total', 'Records read from the CDR CSV.', () => pbx.csv.lines);
  metrics.counter('cdrd_csv_faults_total', 'Lines of the CDR CSV that are no records.', () => pbx.csv.faults);
  metrics.gauge('cdrd_csv_behind_bytes', 'Bytes of the CDR CSV not read yet.', () => pbx.csv.behind);
  metrics.gauge('cdrd_asterisk_up', 'Whether the AMI connection to Asterisk stands.', () =>
    connection.status.state === 'up' ? 1 : 0,
  );
  metrics.counter('cdrd_asterisk_events_total', 'AMI events received.', () => connection.figures.events);
  metrics.counter(
    'cdrd_asterisk_reconnects_total',
    'Times that the AMI connection was lost.',
    () => connection.figures.reconnects,
  );
  metrics.counter(
    'cdrd_asterisk_faults_total',
    'AMI packets dropped: over a limit, or of no known kind.',
    () => connection.figures.faults,
  );
  describeMedium(metrics, recordings);
  metrics.counter('cdrd_answers_total', 'HTTP answers by number and status.', () =>
    [...answers].map(([key, count]) => {
      const [number = '', status = ''] = key.split(' ');
      return [{ number, status }, count];
    }),
  );
}
