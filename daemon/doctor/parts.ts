/** What the doctor looks at in a running daemon, put together from the parts that start.ts has. */
import type { Doctor } from '../../cgi/doctor/port.ts';
import type { Services } from '../../cgi/verb.ts';
import { mediumOf } from '../../cgi/vitals/overview.ts';
import { type StoreClient, workOnFile } from '../../storage/client.ts';
import type { Replacement } from '../../storage/replaced.ts';
import type { AmiServer } from '../ami/server.ts';
import type { LiveRules } from '../asterisk/live-calls.ts';
import type { Pbx } from '../asterisk/pbx.ts';
import type { Config, ListenAddress } from '../config.ts';
import { listenOf } from '../doors.ts';
import { spaceOn } from '../fullness.ts';
import type { BoxSettings } from '../settings.ts';
import type { DoctorParts } from './doctor.ts';
import type { DoorName } from './web.ts';

export interface DoctorOptions
  extends Pick<Services, 'medium' | 'alarms' | 'certificates' | 'backups' | 'recordingPolicy' | 'zone' | 'now'> {
  readonly version: string;
  /** Whatever a page may set is asked of this one. */
  readonly config: Config;
  readonly settings: Pick<BoxSettings, 'value' | 'recordingsDir'>;
  readonly store: StoreClient;
  /** The bundled `store-worker.mjs`. */
  readonly storeWorker: URL;
  readonly replacement: Replacement | null;
  readonly pbx: Pbx;
  readonly ami: Pick<AmiServer, 'trouble'>;
  clockDoubt(): string;
  liveRules(): LiveRules;
}

/** What root's part of the examination has to know of the daemon. */
export interface DaemonFacts {
  readonly pid: number;
  readonly recordings: { readonly dir: string; readonly state: string; readonly why: string };
  readonly ami: readonly ListenAddress[];
  readonly web: readonly ListenAddress[];
}

export interface RunningDoctor extends Doctor {
  facts(): DaemonFacts;
}

export function doctorOf(options: DoctorOptions): RunningDoctor {
  const { version, config, settings, store, pbx, medium, backups, recordingPolicy, zone, now } = options;
  const listens = (name: DoorName): readonly ListenAddress[] => listenOf(settings.value(`${name}.listen`));
  const isOn = (name: string) => settings.value(name) === true;
  const parts: DoctorParts = {
    version,
    asterisk: { config, connection: pbx.connection },
    records: { config, csv: () => pbx.csv, newest: () => store.ask('newestEnd') },
    dialplan: { policy: recordingPolicy.state, recordingWanted: () => isOn('recording.enable') },
    clock: { config, zone, now, doubt: options.clockDoubt },
    trunks: {
      config,
      trunkRules: () => options.liveRules().trunks,
      settings: () => ({
        trunkNames: settings.value('trunks.names') as readonly string[],
        extensions: String(settings.value('numbering.extension')),
      }),
    },
    medium: {
      dir: settings.recordingsDir,
      state: medium.state,
      space: medium.space,
      daysLeft: async () => (await mediumOf({ medium, store, zone, now })).days_left,
      makesRoom: () => Number(settings.value('retention.recordings.free')) > 0,
    },
    web: {
      config,
      listens,
      permit: (name) => settings.value(`${name}.permit`) as readonly string[],
      certificate: async () => (listens('https').length === 0 ? null : await options.certificates.show()),
      amiTrouble: () => options.ami.trouble,
      nowMs: Date.now,
    },
    store: {
      store,
      stateDir: config.state.dir,
      replacement: options.replacement,
      backups,
      backupsWanted: () => isOn('backup.enable'),
      space: () => spaceOn(config.state.dir),
      prove: (file) => workOnFile(options.storeWorker, 'faultInStill', file),
      lost: () => pbx.ingest.figures.lost,
      now,
    },
    calls: { store, zone, now },
    alarms: options.alarms,
  };
  let opened: Promise<Doctor> | null = null;
  return {
    async examine() {
      // Loaded when it is first asked for: most days nobody does.
      opened ??= import('./doctor.ts').then(({ createDoctor }) => createDoctor(parts));
      return (await opened).examine();
    },
    facts: () => ({
      pid: process.pid,
      recordings: { dir: settings.recordingsDir(), state: medium.state().state, why: medium.state().why },
      ami: listens('ami'),
      web: [...listens('http'), ...listens('https')],
    }),
  };
}
