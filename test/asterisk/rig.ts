/**
 * What every test of the rig shares: one Asterisk with its phones, the settings that the daemon would have written, and
 * helpers that place a call and hand over what Asterisk itself said about it.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Packet } from './ami.ts';
import { type Asterisk, startAsterisk, ZONE } from './asterisk.ts';
import { type CallPlan, makePhones, type Phone, type Phones } from './phones.ts';

/** Asterisk writes a record within some ms of the hang-up; on two busy cores it may take longer. */
const RECORD_MS = 5_000;
/** Quiet time after which no further record of a call is expected. */
const SETTLE_MS = 700;

/** The family `cdrd` as the daemon writes it before any page changed it. */
export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  enable: '1',
  Inbound: '1',
  Outbound: '1',
  Internal: '1',
  CallBack: '1',
  Conference: '1',
  'prompt/Inbound': '',
  'prompt/Outbound': '',
  'prompt/Inbound/record': '0',
  'prompt/Outbound/record': '0',
};

export interface CallReport {
  /** Asterisk's records of this call, in the order of their arrival. */
  readonly records: readonly Packet[];
  /** Every AMI byte while the call lasted. */
  readonly raw: Buffer;
  readonly packets: readonly Packet[];
  /** Performance clock at the hang-up, milliseconds. */
  readonly endedAt: number;
}

export interface Rig {
  readonly asterisk: Asterisk;
  readonly phones: Phones;
  /** Writes settings as the daemon does, by AMI. */
  settings(values: Readonly<Record<string, string>>): Promise<void>;
  /** A call by extension 205 unless `from` says otherwise. */
  call(to: string, options?: Partial<CallPlan>): Promise<CallReport>;
  /** A call in by trunk 42. */
  inbound(from: string, to: string, options?: Partial<CallPlan>): Promise<CallReport>;
  /** Collects what Asterisk says while `work` runs, until its records have come. */
  watch(work: () => Promise<number>): Promise<CallReport>;
  stop(): Promise<void>;
}

/** Starts Asterisk (root from setup.sh in CDRD_ASTERISK_ROOT) and its phones. */
export async function openRig(): Promise<Rig> {
  const cachedRoot = process.env['CDRD_ASTERISK_ROOT'];
  if (cachedRoot === undefined)
    throw new Error('CDRD_ASTERISK_ROOT is not set: start the tests by test/asterisk/run.sh');
  const asterisk = await startAsterisk(cachedRoot);
  const { ports, ami } = asterisk;
  const serving: Phone[] = [];
  const stop = async (): Promise<void> => {
    for (const phone of serving) await phone.stop();
    await asterisk.stop();
  };
  try {
    const phones = await makePhones(join(asterisk.run, 'phones'));
    serving.push(await phones.answering('202', ports.PHONE_202));
    serving.push(await phones.answering('204', ports.PHONE_204));
    serving.push(await phones.busy('209', ports.PHONE_209));
    serving.push(await phones.ringing('210', ports.PHONE_210));
    serving.push(await phones.answering('301', ports.PHONE_301));
    serving.push(await phones.answering('trunk-96', ports.TRUNK_96));
    serving.push(await phones.answering('trunk-gw-7', ports.TRUNK_GW7));

    const watch = async (work: () => Promise<number>): Promise<CallReport> => {
      const mark = ami.mark();
      const from = ami.packets.length;
      const endedAt = await work();
      await ami.waitFor('Event: Cdr', isRecord, RECORD_MS, from);
      for (let count = -1; count !== ami.packets.length; ) {
        count = ami.packets.length;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      }
      const packets = ami.packets.slice(from);
      return { records: packets.filter(isRecord), raw: ami.raw(mark), packets, endedAt };
    };
    const place = (plan: CallPlan): Promise<CallReport> => watch(async () => (await phones.call(plan)).endedAt);
    const rig: Rig = {
      asterisk,
      phones,
      watch,
      stop,
      settings: async (values) => {
        for (const [key, value] of Object.entries(values)) {
          const answer = await ami.action('DBPut', { Family: 'cdrd', Key: key, Val: value });
          if (answer.get('Response') !== 'Success') throw new Error(`DBPut ${key}: ${answer.get('Message')}`);
        }
      },
      call: (to, options = {}) =>
        place({ from: '205', name: '205', to, localPort: ports.PHONE_205, pbxPort: ports.SIP, seconds: 2, ...options }),
      inbound: (from, to, options = {}) =>
        place({ from, to, localPort: ports.TRUNK_42, pbxPort: ports.SIP, seconds: 2, ...options }),
    };
    return rig;
  } catch (error) {
    await stop();
    throw error;
  }
}

const isRecord = (packet: Packet): boolean => packet.get('Event') === 'Cdr';

/** Prints records as Asterisk sent them, and keeps the whole stream where CDRD_AMI_CAPTURES names a folder. */
export async function show(kind: string, report: CallReport): Promise<void> {
  const texts = report.records.map((r) => r.headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
  console.log(`--- ${kind}: ${report.records.length} record(s)\n${texts.join('\n\n')}`);
  const folder = process.env['CDRD_AMI_CAPTURES'];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${kind}.ami`), report.raw);
}

/** `YYYYMMDD` and `YYYYMMDD-HHMMSS` of a moment in the box's zone. */
export function nameTime(epoch: number): { day: string; stamp: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(epoch * 1000);
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? '';
  const day = `${part('year')}${part('month')}${part('day')}`;
  return { day, stamp: `${day}-${part('hour')}${part('minute')}${part('second')}` };
}

/** The guide's relative name, without suffix, for a moment of answer and the rest of the name. */
export function guideName(epoch: number, rest: string): string {
  const { day, stamp } = nameTime(epoch);
  return `${day}/${stamp}-${epoch}-${rest}`;
}

/** All files below a folder, relative, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** The same of a recordings folder, without what is hidden: the medium's mark, its trash, backups. */
export async function recordingsBelow(folder: string): Promise<string[]> {
  return (await filesBelow(folder)).filter((path) => !path.startsWith('.'));
}

export interface Sound {
  /** Length by the header's own sizes. */
  readonly seconds: number;
  /** Root mean square of the samples, 0–1, ours. */
  readonly rms: number;
  /** The same by sox. */
  readonly soxRms: number;
  /** Share of the power that lies at a frequency, 0–1. */
  share(hertz: number): number;
}

/** Listens to a finished WAV of 16-bit mono PCM, 8 kHz, as MixMonitor writes it; throws when the header lies. */
export async function listen(path: string): Promise<Sound> {
  const file = await readFile(path);
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 36, 40) !== 'data') {
    throw new Error(`${path} is no plain WAV`);
  }
  const bytes = file.readUInt32LE(40);
  if (bytes + 44 !== file.length) throw new Error(`${path}: header says ${bytes} bytes of ${file.length - 44}`);
  const samples = new Int16Array(bytes / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = file.readInt16LE(44 + 2 * i);
  const power = samples.reduce((sum, s) => sum + s * s, 0);
  const stat = execFileSync('sh', ['-c', 'sox "$1" -n stat 2>&1', 'sh', path], { encoding: 'utf8' });
  return {
    seconds: samples.length / 8000,
    rms: Math.sqrt(power / Math.max(1, samples.length)) / 32_768,
    soxRms: Number(/RMS\s+amplitude:\s+([\d.]+)/.exec(stat)?.[1] ?? 'NaN'),
    share: (hertz) => (power === 0 ? 0 : powerAt(samples, hertz) / power),
  };
}

/** Samples that are looked at as one: whole waves of both tones of the phones (TONE), so that neither counts as the other. */
const STRETCH = 400;

/**
 * Sum of squares that lies at a frequency. By stretches: where a packet of a tone is missing, as on a busy machine, what
 * follows is out of step with what was before, and over the whole both would take each other away.
 */
export function powerAt(samples: Int16Array, hertz: number): number {
  let sum = 0;
  for (let from = 0; from < samples.length; from += STRETCH) {
    const stretch = samples.subarray(from, from + STRETCH);
    let re = 0;
    let im = 0;
    stretch.forEach((s, i) => {
      const angle = (2 * Math.PI * hertz * i) / 8000;
      re += s * Math.cos(angle);
      im += s * Math.sin(angle);
    });
    sum += (2 * (re * re + im * im)) / stretch.length;
  }
  return sum;
}
