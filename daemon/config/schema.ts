/**
 * Every key of the configuration, once: its check, its default, what it means and whether this version acts on it. The
 * packaged file, the environment's variables and README's reference all come from here.
 */
import * as v from 'valibot';
import { aboutKey, type KeyAbout, key } from '../../cgi/settings/key.ts';
import {
  ACCOUNT,
  BOOLEAN,
  FOLDERS,
  GREETING,
  HOST,
  LINE,
  NAME,
  oneOf,
  PATH,
  PLACES,
  SOCKET_DIR,
  whole,
} from '../../cgi/settings/kinds.ts';
import {
  ALARM,
  AMI,
  ELASTIX,
  HTTP,
  HTTPS,
  MOR,
  NUMBERING,
  TIME,
  TRUNKS,
  VOIPMONITOR,
} from '../../cgi/settings/schema.ts';

const SECTIONS = {
  state: v.object({
    dir: key(PATH, '/var/lib/cdrd', 'folder of the database and the secrets; never on the stick or the share'),
    reserve_mb: key(
      whole(0, 10_000_000),
      16,
      'megabytes of its disk that stay free: below them no records are taken, while deletions, settings and log-ins are',
    ),
  }),
  run: v.object({
    dir: key(SOCKET_DIR, '/run/cdrd', 'folder of the local sockets'),
    user: key(
      ACCOUNT,
      '',
      'user to become when started as root, after ports under 1024 are bound; "" = whoever starts it, as with systemd',
    ),
    group: key(ACCOUNT, '', 'its group; "" = that of the user'),
  }),
  http: v.object(HTTP),
  https: v.object(HTTPS),
  recordings: v.object({
    dir: key(PATH, '/media/usbStorage/monitor', 'folder of the recordings, with one folder a day inside'),
    places: key(
      PLACES,
      {},
      'folders to choose from on the page, NAME = "FOLDER"; none = one place, USB, which is recordings.dir',
    ),
    require_mount: key(
      oneOf('auto', 'yes', 'no'),
      'auto',
      'record only where a medium is mounted: yes, no, or auto (yes under /media, /mnt, /run/media)',
    ),
    sweep_seconds: key(whole(1, 3600), 2, "seconds between two looks into today's folder, 1 to 3600"),
  }),
  asterisk: v.object({
    host: key(HOST, '127.0.0.1', 'host of Asterisk\'s AMI; "" = no Asterisk'),
    port: key(whole(1, 65535), 5039, "port of Asterisk's AMI"),
    username: key(NAME, 'cdrd', 'AMI user, as in manager.conf'),
    secret: key(LINE, '', 'its secret, as in manager.conf; with it this file must have mode 0640 or stricter'),
    cdr_csv: key(
      PATH,
      '/var/log/asterisk/cdr-csv/Master.csv',
      "Asterisk's CDR CSV (Master.csv, or ours by cdr_custom.conf), from which records missed by AMI are taken",
    ),
    sounds: key(
      FOLDERS,
      ['/var/lib/asterisk/sounds', '/usr/share/asterisk/sounds'],
      "folders of Asterisk's sounds, from which the page suggests prompts",
    ),
  }),
  ami: v.object({
    listen: AMI.listen,
    greeting: key(GREETING, 'Asterisk Call Manager/1.1', 'first line that an AMI client sees'),
    permit: AMI.permit,
  }),
  numbering: v.object(NUMBERING),
  trunks: v.object(TRUNKS),
  time: v.object(TIME),
  alarm: v.object({
    ...ALARM,
    local_webhook: key(
      BOOLEAN,
      false,
      'let alarm.webhook name the box itself or a link-local address, which a page may not choose on its own',
    ),
  }),
  elastix: v.object(ELASTIX),
  mor: v.object(MOR),
  voipmonitor: v.object(VOIPMONITOR),
};

/** Checks raw values by section and key; an absent key gets its default. */
export const SCHEMA = v.object(SECTIONS);

/** A key as the reference documents it. */
export interface ConfigKey extends KeyAbout {
  /** `http.listen`, of section `http` and name `listen`. */
  readonly key: string;
  readonly section: string;
  readonly name: string;
  /** Environment variable that overrides it. */
  readonly variable: string;
}

/** Every key in the packaged order. */
export const CONFIG_KEYS: readonly ConfigKey[] = Object.entries(SECTIONS).flatMap(([section, { entries }]) =>
  Object.entries(entries).map(
    ([name, schema]): ConfigKey => ({
      key: `${section}.${name}`,
      section,
      name,
      variable: `CDRD_${section}_${name}`.toUpperCase(),
      ...aboutKey(schema),
    }),
  ),
);

export const SECTION_NAMES: readonly string[] = Object.keys(SECTIONS);

/** Settings of the pages that no file and no variable fixes: README's table of parameters names them beside those that can be. */
export const PAGE_SECTIONS: readonly string[] = ['recording', 'trash', 'retention', 'backup'];

/** What is said of them where somebody tries. */
export const ON_THE_PAGES = 'is no key of the configuration: set it on the pages, or by 30017';
