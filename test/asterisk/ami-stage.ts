/**
 * A real Asterisk with its phones, the built daemon in front of it, and the same AMI users on both ports, so that whoever
 * connects to one can connect to the other and must see the same.
 */
import { expect } from 'vitest';
import { PLAIN } from './ami-conversations.ts';
import { replaceOnce, type Tech } from './asterisk.ts';
import {
  type Daemon,
  eventually,
  launch,
  logIn,
  type Running,
  ready,
  type Setup,
  setAmiUser,
  setUp,
} from './daemon-process.ts';
import { openStage, recordingAllowed, type Stage } from './stage.ts';

/** May read and do all that the tests do, on both ports; the one with extras is known to the daemon alone. */
export const CLIENT = { name: 'client', secret: 'client-secret' } as const;
export const EXTRAS = { name: 'extras', secret: 'extras-secret' } as const;

const PLAIN_WRITE = 'system,call,reporting';
const CLIENT_WRITE = `${PLAIN_WRITE},user,originate`;

/** A call in progress, as 30019 and `/live` show it. */
export type Row = Readonly<Record<string, string | number | null>>;

export interface AmiStage {
  readonly stage: Stage;
  readonly setup: Setup;
  /** Answers of the process that runs now. */
  readonly ask: Daemon['ask'];
  /** 30019. */
  live(): Promise<Row[]>;
  /** The one call in progress, as soon as its row is so. @throws with the row that it stays. */
  shows(expected: Row): Promise<Row>;
  /** No call is in progress any more. */
  gone(): Promise<void>;
  /** Stops the daemon and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param tech Driver of the phones. @param besides What the daemon may ask Asterisk besides: `,command`. */
export async function openAmiStage(tech: Tech = 'SIP', besides = ''): Promise<AmiStage> {
  const user = ({ name, secret }: { name: string; secret: string }, write: string) =>
    `\n[${name}]\nsecret = ${secret}\nread = all\nwrite = ${write}\nwritetimeout = 5000\n`;
  const stage = await openStage(tech, (text) => {
    // The daemon's own rights grow by what the tests forward.
    const wider = replaceOnce(text, `write = ${PLAIN_WRITE}\n`, `write = ${CLIENT_WRITE}${besides}\n`);
    return wider + user(CLIENT, CLIENT_WRITE) + user(PLAIN, PLAIN_WRITE);
  });
  let running: Running | null = null;
  const stop = async () => {
    await running?.stop();
    await stage.stop();
  };
  try {
    const setup = await setUp(stage.asterisk, stage.asterisk.masterCsv);
    await setAmiUser(setup, CLIENT.name, CLIENT.secret, `--read all --write ${CLIENT_WRITE}`);
    await setAmiUser(setup, PLAIN.name, PLAIN.secret, `--read all --write ${PLAIN_WRITE}`);
    await setAmiUser(setup, EXTRAS.name, EXTRAS.secret, '--read all --extras on');
    const start = async () => {
      running = launch(setup);
      await ready(setup);
      return logIn(setup);
    };
    let ask = await start();
    const live = async () => (JSON.parse(await ask(30019)) as { json_array_live: Row[] }).json_array_live;
    await recordingAllowed(stage);
    return {
      stage,
      setup,
      get ask() {
        return ask;
      },
      live,
      async shows(expected) {
        let row: Row = {};
        const look = async () => {
          row = (await live())[0] ?? {};
          return Object.entries(expected).every(([name, value]) => row[name] === value);
        };
        await eventually('such a row', 5_000, look).catch((error: Error) => {
          throw new Error(`${error.message}: ${JSON.stringify(expected)}, but ${JSON.stringify(row)}`);
        });
        return row;
      },
      async gone() {
        await eventually('end of the call in 30019', 5_000, async () => (await live()).length === 0);
      },
      async restart() {
        const end = await running?.stop();
        if (end !== 0) throw new Error(`the daemon ended ${end}`);
        ask = await start();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Performance clock around what was asked for. */
export interface Span {
  readonly before: number;
  readonly after: number;
}

/** @returns when `ask` was asked for and done. */
export async function spanOf(ask: () => Promise<void>): Promise<Span> {
  const before = performance.now();
  await ask();
  return { before, after: performance.now() };
}

const RATE = 8_000;
const HEADER_BYTES = 44;
/** Of 32,768: below it nobody is heard. The phones' tones are at some thousands. */
const SILENT = 64;
/** What MixMonitor takes to hear of it: it writes by the packet. */
const MARGIN_SECONDS = 0.1;
/** Samples of a tone that cross zero are silent too, one or two at a time. */
const RUN_SAMPLES = 800;

/**
 * A recording as MixMonitor writes it is silent while it was paused, once, and loud before and behind.
 * @param answeredAt Performance clock; so is `endedAt`, just before the hang-up.
 */
export function expectPaused(wav: Buffer, answeredAt: number, paused: Span, resumed: Span, endedAt: number): void {
  const runs = silences(wav);
  const seconds = (wav.length - HEADER_BYTES) / 2 / RATE;
  // On a busy machine phones fall behind: as much as the recording lacks in all may be lacking in any part, and no more.
  const lacking = Math.max(0, (endedAt - answeredAt) / 1000 - seconds);
  const atLeast = (from: number, to: number) => (to - from) / 1000 - MARGIN_SECONDS - lacking;
  // Between the two answers at least, between the two questions at most, and what Asterisk's packets of 20 ms add.
  const least = atLeast(paused.after, resumed.before);
  const most = (resumed.after - paused.before) / 1000 + MARGIN_SECONDS;
  console.log(
    `silent: ${JSON.stringify(runs)} samples of ${RATE} a second; ${least.toFixed(3)} to ${most.toFixed(3)} s, ${lacking.toFixed(3)} s lacking in all`,
  );
  expect(runs).toHaveLength(1);
  const [{ from = 0, length = 0 } = {}] = runs;
  expect(least).toBeGreaterThan(0);
  expect(length / RATE).toBeGreaterThan(least);
  expect(length / RATE).toBeLessThan(most);
  expect(from / RATE).toBeGreaterThan(atLeast(answeredAt, paused.before));
  expect(seconds - (from + length) / RATE).toBeGreaterThan(atLeast(resumed.after, endedAt));
}

/** Stretches in which nobody is heard, in samples. */
function silences(wav: Buffer): { readonly from: number; readonly length: number }[] {
  const samples = (wav.length - HEADER_BYTES) / 2;
  const runs: { from: number; length: number }[] = [];
  let from = 0;
  for (let at = 0; at <= samples; at++) {
    if (at < samples && Math.abs(wav.readInt16LE(HEADER_BYTES + 2 * at)) < SILENT) continue;
    if (at - from >= RUN_SAMPLES) runs.push({ from, length: at - from });
    from = at + 1;
  }
  return runs;
}
