/**
 * Builds every part, wires them together and gives back how to stop: the one wiring file. Commands start it, and so do the
 * tests, on port 0 in a temporary folder. Starting is recovery: what a kill left behind is put right here, without a flag.
 */
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Sessions } from '../cgi/access/session.ts';
import { createAuditNotes } from '../cgi/audit/notes.ts';
import { createPhoneBook } from '../cgi/contact/book.ts';
import { dialectOf } from '../cgi/dialect/table.ts';
import { openTrials } from '../cgi/trial/trials.ts';
import type { Services } from '../cgi/verb.ts';
import type { StoreClient } from '../storage/client.ts';
import { compactAtRest, growSlowly } from '../storage/compaction.ts';
import { zone as zoneOf } from '../storage/model/local-time.ts';
import type { StoreThread } from '../storage/store-thread.ts';
import { openAccess } from './access.ts';
import { startAlarms } from './alarm/alarms.ts';
import { createAmi } from './ami/ami.ts';
import type { AmiServer } from './ami/server.ts';
import { createAmiUserAdmin } from './ami/user-admin.ts';
import { type AmiUsers, openAmiUsers } from './ami/users.ts';
import { createAskAsterisk } from './asterisk/ask.ts';
import type { Ingest } from './asterisk/ingest.ts';
import { createLive } from './asterisk/live.ts';
import { startPbx } from './asterisk/pbx.ts';
import { createPolicyHistory } from './asterisk/policy-history.ts';
import { policyState } from './asterisk/policy-state.ts';
import { createRecordingControl } from './asterisk/recording-control.ts';
import { createPolicyWriter } from './asterisk/recording-policy.ts';
import { createSounds } from './asterisk/sounds.ts';
import { tellAuditHeads } from './audit-heads.ts';
import { BOX } from './box.ts';
import { startBoxJobs } from './box-jobs.ts';
import { type Bus, createBus } from './bus.ts';
import type { Config } from './config.ts';
import { createPerform } from './control/perform.ts';
import { listenControl } from './control/server.ts';
import { doctorOf } from './doctor/parts.ts';
import { createDoors } from './door-changes.ts';
import { describeAll } from './figures.ts';
import { spaceOn, watchFullness } from './fullness.ts';
import { healthOf, troublesOf } from './health.ts';
import { type Certificate, openCertificate } from './http/certificate.ts';
import { createCertificateAdmin } from './http/certificate-admin.ts';
import { tokenOf } from './http/cookies.ts';
import { createHosts } from './http/hosts.ts';
import { livePath } from './http/live-path.ts';
import { boxNames } from './http/self-signed.ts';
import { type HttpListeners, listenHttp } from './http/server.ts';
import { openStatic } from './http/static.ts';
import { amiPath, createWebSockets } from './http/websocket.ts';
import { createCallDeletions } from './jobs.ts';
import { auditNoteLimits } from './limits.ts';
import type { Log } from './log.ts';
import { createMachine } from './machine/machine.ts';
import { createMetrics } from './metrics.ts';
import { openStore } from './open-store.ts';
import { createPermits } from './permits.ts';
import { CLOSE_MS } from './recordings/limits.ts';
import { startRecordingParts } from './recordings/parts.ts';
import { createPlaces } from './recordings/places.ts';
import { createThreads } from './recordings/step-client.ts';
import { openSettings } from './settings.ts';
import { ListenError } from './sockets/listeners.ts';
import { ownSockets, type Sockets } from './sockets/sockets.ts';
import { liveRules, secretDir, takeState, zoneName } from './state.ts';
import { createSupport } from './support/support.ts';
import { systemZoneName } from './system-zone.ts';
import { trashRules } from './trash-rules.ts';
import { vitalsOf } from './vitals.ts';

export interface StartOptions {
  readonly config: Config;
  /**
   * Reads the configuration anew, for the secret of Asterisk, which alone is taken without a restart. Absent: it stays as it
   * was read. @throws when it can't be read.
   */
  reread?(): Config;
  readonly log: Log;
  /** How HTTP, HTTPS and AMI are listened on; absent: by sockets of their own. */
  readonly sockets?: Sockets;
  /** The bundled worker entries. */
  readonly workers: { readonly store: URL; readonly medium: URL; readonly files: URL };
  /** The store's, begun before the rest was loaded; absent: one is begun. */
  readonly storeThread?: StoreThread | undefined;
  /** The folder of the built pages; absent, or not there: there are none. */
  readonly www?: URL;
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
  readonly sessions: Sessions;
  /** Stops taking, finishes what is in flight, closes the store. */
  close(): Promise<void>;
  /** Somebody has mended something: what waits for it tries again now. */
  reload(): void;
  /** Settles when the store answers: as long as it does, and somebody asks, the daemon is alive. */
  alive(): Promise<void>;
  /** What isn't well, a few words each. */
  waitsFor(): readonly string[];
  /** After the stop: a thread hangs in a call on the medium, so that only SIGKILL ends the process. */
  stuck(): Promise<boolean>;
}

/** @throws {LockedError} when another cdrd holds the state folder; {StoreError} when the store can't be opened. */
export async function start(options: StartOptions): Promise<Running> {
  const { config: given, reread, log, sockets = ownSockets, workers, storeThread, www, version, onFatal } = options;
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
    growSlowly();
    const compaction = compactAtRest();
    stops.push(() => compaction.stop());

    const threads = createThreads();
    const opened = await openStore({ config: given, workers, storeThread, threads, bus, log, onDeath: onFatal });
    stops.push(() => opened.close());
    const { store, replacement } = opened;
    const notes = createAuditNotes(store, auditNoteLimits);
    const auditHeads = tellAuditHeads({ store, log });
    stops.push(() => auditHeads.close());
    stops.push(() => notes.flush());
    const told = createPolicyHistory({ store, log, now: Date.now, mono: () => performance.now() });
    const policy = createPolicyWriter(log, told);
    const trials = await openTrials({ store, log, box: BOX });
    stops.push(() => trials.close());
    const settings = await openSettings({ config: given, store, log, control: policy, trials });
    const { config } = settings; // whatever a page may set is asked of this one
    const access = await openAccess({ stateDir: config.state.dir, store, notes, trials, log });
    stops.push(() => access.close());
    const { sessions, accounts, keys, amiThrottle, dialectSecrets } = access;
    const amiUsers = await openAmiUsers(config.state.dir);
    const zone = zoneOf(zoneName(config));
    const now = () => Math.floor(Date.now() / 1000);
    const trash = trashRules(settings);

    const permits = createPermits(settings);
    const names = () => settings.value('http.names') as readonly string[];
    const ami = createAmi({
      config,
      store,
      users: amiUsers,
      permits,
      throttle: amiThrottle,
      bus,
      notes,
      log: log.child('ami'),
    });
    stops.push(() => ami.relay.close());
    // Before Asterisk is told what to record: it is for the medium to say whether anything may be.
    const recordingParts = startRecordingParts({ config, workers, threads, store, bus, log, zone, trash, policy, now });
    stops.push(() => recordingParts.close());
    settings.onChange((names) => {
      if (names.includes('recording.place')) recordingParts.moveTo(settings.recordingsDir());
    });
    const places = createPlaces({
      config: given,
      worker: workers.files,
      recordings: recordingParts.recordings,
      chosen: settings.recordingsDir,
      mono: () => performance.now(),
    });
    stops.push(() => places.close());
    const pbx = await startPbx({
      config,
      store,
      bus,
      log,
      zone,
      control: policy,
      events: ami.sink,
      ...(reread && { currentSecret: () => reread().asterisk.secret }),
    });
    stops.push(() => pbx.close());
    const callDeletions = createCallDeletions({ store, bus, log: log.child('deletions'), zone, trash, now });
    stops.push(() => callDeletions.close());
    const { recordings, recordingDeletions } = recordingParts;
    const jobs = await startBoxJobs({
      ...recordingParts,
      stateDir: config.state.dir,
      store,
      storeWorker: workers.store,
      onDamage: opened.onDamage,
      callDeletions,
      settings,
      bus,
      log,
      zone,
      channels: () => pbx.live.channels,
    });
    stops.push(() => jobs.close());
    const { backups, retention } = jobs;
    const fullness = watchFullness({
      space: { recordings: async () => recordings.space(), state: () => spaceOn(config.state.dir) },
      bus,
      log,
    });
    stops.push(() => fullness.close());
    const alarms = await startAlarms({
      stateDir: config.state.dir,
      sendMail: fileURLToPath(new URL('./send-mail', workers.store)),
      localToo: config.alarm.localWebhook,
      settings,
      box: () => ({ medium: recordings.state(), asterisk: pbx.connection.status, disks: fullness.disks() }),
      sender: { host: hostname(), version },
      log: log.child('alarms'),
    });
    stops.push(() => alarms.close());

    const recordingControl = createRecordingControl(pbx.connection, pbx.live, store);
    const amiServer = await ami.listen({ connection: pbx.connection, control: recordingControl, sockets });
    stops.push(() => amiServer.close());
    const amiUserAdmin = createAmiUserAdmin(amiUsers, store, () => amiServer.clients);
    const certificates = createCertificates(config, names, log);
    stops.push(() => certificates.close());
    const rulesNow = latest(settings.rules, liveRules);
    const recordingPolicy = {
      state: () => policyState(policy.state(), pbx.connection.status, recordings.state()),
    };
    const certificateAdmin = createCertificateAdmin(certificates.get, Date.now);
    const doctor = doctorOf({
      version,
      config,
      settings,
      store,
      storeWorker: workers.store,
      replacement,
      pbx,
      ami: amiServer,
      medium: recordings,
      alarms,
      certificates: certificateAdmin,
      backups,
      recordingPolicy,
      clockDoubt: jobs.clockDoubt,
      liveRules: rulesNow,
      zone,
      now,
    });
    const vitals = vitalsOf(config.state.dir, log);
    const support = createSupport({
      ...{ version, config: given, doctor, settings, alarms, vitals },
      health: () => health().body,
      metrics: () => metrics.text(),
    });
    const services: Services = {
      notes,
      store,
      accounts,
      sessions,
      keys,
      revokedShares: new Set(),
      callDeletions,
      medium: recordings,
      places,
      recordingFiles: recordingParts.recordingFiles,
      recordingDeletions,
      recordingHeaders: recordingParts.recordingHeaders,
      backups,
      retention,
      alarms,
      phoneBook: createPhoneBook(store),
      settings,
      recordingPolicy,
      sounds: createSounds({ dirs: config.asterisk.sounds, mono: () => performance.now() }),
      trials,
      certificates: certificateAdmin,
      live: createLive(pbx, recordingControl, rulesNow),
      askAsterisk: createAskAsterisk(pbx.connection),
      dialectSecrets,
      machine: createMachine(),
      amiUsers: amiUserAdmin,
      box: { host: hostname(), version, zone: config.time.zone || systemZoneName(), clockDoubt: jobs.clockDoubt },
      vitals,
      doctor,
      support,
      zone,
      now,
    };
    const webSockets = createWebSockets({
      '/ami': amiPath(amiServer, config.ami.greeting, (address) => permits.permits('ami', address)),
      '/live': livePath(services, bus, tokenOf, log),
    });
    const answers = new Map<string, number>();
    let ready = true;
    const shown = { store, replacement, pbx, recordings, backups, fullness, alarms };
    const pages = await openStatic(www ? fileURLToPath(www) : null);
    let missing: () => HttpListeners['missing'] = () => []; // who has waited asks before all listeners are there
    const health = () => {
      const certificate = settings.value('https.listen') === '' ? null : certificates.now;
      return healthOf({ ...shown, version, certificate, ami: amiServer, settings, missing: missing() }, ready);
    };
    const http = await listenHttp({
      listen: { http: config.http.listen, https: config.https.listen },
      standIn: { http: given.http.listen, https: given.https.listen },
      certificate: certificates.get,
      services,
      sockets,
      permits,
      hosts: createHosts(names),
      redirects: () => settings.value('http.redirect') === true,
      log: log.child('http'),
      webSockets,
      pages,
      dialectAt: (path) => dialectOf(path, settings.value),
      metrics: () => metrics.text(),
      health,
      onAnswer(number, status) {
        const key = `${/^\d{4,5}$/.test(number) && status !== 404 ? number : 'other'} ${status}`;
        answers.set(key, (answers.get(key) ?? 0) + 1);
      },
    }).catch((error: unknown) => {
      throw error instanceof ListenError ? error.cause : error;
    });
    stops.push(() => http.close());
    missing = () => http.missing;
    settings.useDoors(createDoors(http, amiServer));
    sockets.settled();
    stops.push(() => sockets.close());
    stops.push(() => trials.close()); // while there is still an address to go back to
    stops.push(() => callDeletions.close()); // before HTTP: whoever waits for a deletion is told how far it has come
    await callDeletions.begun();
    describeAll(metrics, {
      ...shown,
      recordingDeletions,
      fileClient: recordingParts.fileClient,
      answers,
      refused: http.refused,
    });

    const perform = createPerform({
      amiUsers: amiUserAdmin,
      backups,
      config,
      store,
      accounts,
      ingest: pbx.ingest,
      doctor,
      support,
      bus,
      zone,
    });
    const socket = await listenControl(config.run.dir, log, perform);
    stops.push(() => socket.close());
    stops.push(() => {
      ready = false;
    });
    return {
      get addresses() {
        return http.addresses;
      },
      ami: amiServer,
      amiUsers,
      get secureAddresses() {
        return http.secureAddresses;
      },
      bus,
      store,
      ingest: pbx.ingest,
      sessions,
      close: stop,
      reload: pbx.connection.tryNow,
      alive: () => store.pulse(),
      waitsFor: () => troublesOf(health().body),
      stuck: async () => (await Promise.all([threads.stuck(CLOSE_MS), places.stuck(CLOSE_MS)])).includes(true),
    };
  } catch (error) {
    await stop();
    throw error;
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

/** Key and certificate are looked for, or made, when HTTPS or somebody asks for them: that takes a small box a moment. */
function createCertificates({ state }: Config, listed: () => readonly string[], log: Log) {
  let opening: Promise<Certificate> | null = null;
  let now: Certificate | null = null;
  return {
    get now() {
      return now;
    },
    async get(): Promise<Certificate> {
      opening ??= secretDir(state.dir).then((dir) =>
        openCertificate({ dir, log: log.child('https'), names: () => boxNames(listed()), now: Date.now }),
      );
      now = await opening;
      return now;
    },
    close: () => now?.close(),
  };
}
