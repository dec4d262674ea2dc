/**
 * Where the calls of every kind are played: one Asterisk, a house full of phones, the far ends of two trunks, and the
 * helpers in which a kind's script is told (kinds.ts). Scripts own ten extensions each, so that several may run at once.
 */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ami, Packet } from './ami.ts';
import { type Asterisk, startAsterisk, type Tech } from './asterisk.ts';
import { eventually } from './daemon-process.ts';
import { TONE, toneUlaw } from './phones.ts';
import { type Dialogue, openSwitchboard, type Placed, type Switchboard } from './sip-phone.ts';

/** How long a phone rings before it is answered: long enough that start and answer differ in whole seconds. */
const RING_MS = 1_200;
/** Asterisk's own events follow what a phone does within some ms; on two busy cores it may take longer. */
const EVENT_MS = 10_000;
/** By then a call's last record has been written. */
const LATE_RECORD_MS = 1_200;

export interface Stage {
  readonly asterisk: Asterisk;
  readonly tech: Tech;
  /** Extensions; what a caller outside is called; what a trunk is called with. */
  readonly house: Switchboard;
  readonly trunk42: Switchboard;
  readonly trunk96: Switchboard;
  /** The phones go, Asterisk stays. */
  closePhones(): void;
  stop(): Promise<void>;
}

/**
 * Starts Asterisk (root from setup.sh in CDRD_ASTERISK_ROOT) with all phones on one driver.
 * @param manager What to make of our manager.conf.
 */
export async function openStage(tech: Tech, manager?: (text: string) => string): Promise<Stage> {
  const cachedRoot = process.env['CDRD_ASTERISK_ROOT'];
  if (cachedRoot === undefined)
    throw new Error('CDRD_ASTERISK_ROOT is not set: start the tests by test/asterisk/run.sh');
  const asterisk = await startAsterisk(cachedRoot, tech, manager);
  try {
    return await setStage(asterisk, tech);
  } catch (error) {
    await asterisk.stop();
    throw error;
  }
}

/** The same Asterisk, which has died, with new phones: the old ones' calls are lost, and nobody tells them. */
export async function reopenStage(stage: Stage): Promise<Stage> {
  stage.closePhones();
  await stage.asterisk.revive();
  return setStage(stage.asterisk, stage.tech);
}

async function setStage(asterisk: Asterisk, tech: Tech): Promise<Stage> {
  const { ports } = asterisk;
  const pbx = tech === 'SIP' ? ports.SIP : ports.PJSIP;
  const boards: Switchboard[] = [];
  const board = async (address: string, port: number, hertz: number): Promise<Switchboard> => {
    const opened = await openSwitchboard(address, port, pbx, toneUlaw(hertz, 1));
    boards.push(opened);
    return opened;
  };
  const closePhones = (): void => {
    for (const opened of boards.splice(0)) opened.close();
  };
  try {
    return {
      asterisk,
      tech,
      house: await board('127.0.0.1', ports.PHONES, TONE.answerer),
      trunk42: await board(tech === 'SIP' ? '127.0.0.1' : '127.0.0.42', ports.TRUNK_42, TONE.caller),
      trunk96: await board('127.0.0.1', ports.TRUNK_96, TONE.caller),
      closePhones,
      stop: async () => {
        closePhones();
        await asterisk.stop();
      },
    };
  } catch (error) {
    closePhones();
    throw error;
  }
}

/** What a script of one kind works with. `a` to `d` are its extensions, `outside` its number outside the house. */
export interface Scene {
  readonly stage: Stage;
  readonly base: number;
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly d: string;
  readonly outside: string;
  /** An extension of its own by its last digit. */
  ext(digit: number): string;
  /** `a`, or whoever is named, calls. */
  call(to: string, from?: string): Placed;
  /** `outside` calls in by trunk 42. */
  callIn(to: string): Placed;
  /** `user` rings for a moment and answers. */
  answer(user: string, board?: Switchboard): Promise<Dialogue>;
  /** `user` answers at the first ring: for phones that Asterisk doesn't let ring for long. */
  answerAtOnce(user: string): Promise<Dialogue>;
  /**
   * Asterisk has connected its channels, so many in all: the phones know of an answer before that, while the dialplan is
   * still at work. What is asked of Asterisk from then on is the same whoever asks.
   */
  connected(channels: number): Promise<void>;
  /** They talk. */
  talk(seconds: number): Promise<void>;
  /** Full name of the channel that a phone of ours has now. */
  channelOf(user: string): string;
  /** First AMI event since the scene began of which this is true. */
  event(what: string, test: (packet: Packet) => boolean): Promise<Packet>;
  action(name: string, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Hands Asterisk a call file. */
  callFile(lines: Readonly<Record<string, string>>): Promise<void>;
}

export function sceneOf(stage: Stage, base: number): Scene {
  const { ami } = stage.asterisk;
  const from = ami.packets.length;
  const ext = (digit: number): string => String(base + digit);
  const outside = `5550${base}`;
  return {
    stage,
    base,
    ext,
    a: ext(0),
    b: ext(1),
    c: ext(2),
    d: ext(3),
    outside,
    call: (to, user = ext(0)) => stage.house.call(user, to, user),
    callIn: (to) => stage.trunk42.call(outside, to),
    answer: async (user, board = stage.house) => {
      const bell = await board.ringing(user);
      await sleep(RING_MS);
      return bell.answer();
    },
    answerAtOnce: async (user) => (await stage.house.ringing(user)).answer(),
    connected: (channels) =>
      eventually('connected channels', EVENT_MS, async () => {
        const listed = await channelsOf(ami);
        return listed.length === channels && listed.every((each) => (each.get('BridgeId') ?? '') !== '');
      }).then(() => {}),
    talk: (seconds) => sleep(seconds * 1000),
    channelOf: (user) => {
      const made = ami.packets
        .slice(from)
        .findLast((p) => p.get('Event') === 'Newchannel' && p.get('Channel')?.startsWith(`${stage.tech}/${user}-`));
      const channel = made?.get('Channel');
      if (channel == null) throw new Error(`${user} has no channel`);
      return channel;
    },
    event: (what, test) => ami.waitFor(what, test, EVENT_MS, from),
    action: async (name, headers) => {
      const answer = await ami.action(name, headers);
      if (answer.get('Response') !== 'Success') throw new Error(`${name}: ${answer.get('Message')}`);
    },
    callFile: async (lines) => {
      const text = Object.entries(lines).map(([key, value]) => `${key}: ${value}\n`);
      const made = join(stage.asterisk.pbx, `call-${base}`);
      await writeFile(made, text.join(''));
      await chmod(made, 0o666);
      // Asterisk takes whatever appears in there, so the file must appear whole.
      await rename(made, join(stage.asterisk.pbx, 'spool', 'outgoing', `call-${base}`));
    },
  };
}

/**
 * The daemon has told Asterisk what to record, as it does after its log-in: `enable` is the last that it writes, and until
 * then nothing is recorded.
 */
export async function recordingAllowed({ asterisk: { ami } }: Stage): Promise<void> {
  await eventually('cdrd/enable in AstDB', EVENT_MS, async () => {
    const from = ami.packets.length;
    const answer = await ami.action('DBGet', { Family: 'cdrd', Key: 'enable' });
    if (answer.get('Response') !== 'Success') return false;
    return (
      (await ami.waitFor('its value', (p) => p.get('Event') === 'DBGetResponse', EVENT_MS, from)).get('Val') === '1'
    );
  });
}

/** What Asterisk says of all its channels at this moment. */
export async function channelsOf(ami: Ami): Promise<Packet[]> {
  const from = ami.packets.length;
  await ami.action('CoreShowChannels', {});
  await ami.waitFor('the list', (each) => each.get('Event') === 'CoreShowChannelsComplete', EVENT_MS, from);
  return ami.packets.slice(from).filter((each) => each.get('Event') === 'CoreShowChannel');
}

/**
 * Begins to keep what Asterisk says and writes; the function that it resolves with writes NAME.ami and NAME.csv (both
 * CSV files' new lines) into `folder`, with `-pjsip` behind NAME where that is the driver.
 */
export async function capture(stage: Stage, folder: string, name: string): Promise<() => Promise<void>> {
  const { ami, masterCsv, customCsv } = stage.asterisk;
  const read = (path: string): Promise<Buffer> => readFile(path).catch(() => Buffer.alloc(0));
  const mark = ami.mark();
  const [master, custom] = [(await read(masterCsv)).length, (await read(customCsv)).length];
  return async () => {
    await sleep(LATE_RECORD_MS);
    const base = join(folder, `${name}${stage.tech === 'PJSIP' ? '-pjsip' : ''}`);
    await mkdir(folder, { recursive: true });
    await writeFile(`${base}.ami`, ami.raw(mark));
    const lines = [(await read(masterCsv)).subarray(master), (await read(customCsv)).subarray(custom)];
    await writeFile(`${base}.csv`, `# Master.csv\n${lines[0]}# cdrd.csv\n${lines[1]}`);
  };
}
