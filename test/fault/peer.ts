/**
 * A scripted PBX on a real socket: lets the daemon in, says yes to whatever it asks, and sends `Event: Cdr` when told.
 * Like AMI it says everything once: what the daemon misses it never hears again. Its ledger knows what was sent.
 */
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { formatLocal, zone } from '../../storage/model/local-time.ts';
import { type CdrRecord, cdrHeaders } from '../simulator/cdr.ts';
import { requestReader } from '../simulator/request.ts';
import { wavHeader } from '../simulator/wav.ts';

const ZONE = zone('Etc/GMT+8');
const OFFSET = -28_800;

/** What was sent to one store over all its daemons' lives, and what they acknowledged. */
export interface Ledger {
  /** UniqueID and Sequence of each record, in order of sending. */
  readonly sent: string[];
  /** Of `sent`, those that a daemon has counted as stored. */
  readonly acknowledged: Set<string>;
  /** Calls sent, for the numbering of the next. */
  calls: number;
  /** Recordings written, relative to the recordings folder, and those that a daemon has served. */
  readonly written: string[];
}

export function emptyLedger(): Ledger {
  return { sent: [], acknowledged: new Set(), calls: 0, written: [] };
}

export function copyOf({ sent, acknowledged, calls, written }: Ledger): Ledger {
  return { sent: [...sent], acknowledged: new Set(acknowledged), calls, written: [...written] };
}

export function recordName(uniqueId: string, sequence: number): string {
  return `${uniqueId}/${sequence}`;
}

export interface Peer {
  readonly port: number;
  /** Whether a daemon is logged in and has asked its last question. */
  readonly up: boolean;
  send(records: readonly CdrRecord[]): void;
  close(): Promise<void>;
}

export async function startPeer(ledger: Ledger): Promise<Peer> {
  let client: Socket | null = null;
  const server = createServer((socket) => {
    const read = requestReader();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (client === socket) client = null;
    });
    socket.on('data', (chunk) => {
      for (const request of read(chunk)) {
        const id = `ActionID: ${request.get('ActionID')}\r\n`;
        const answer = {
          challenge: 'Challenge: 123456789\r\n',
          coresettings: 'AsteriskVersion: 16.28.0~scripted\r\n',
          coreshowchannels: `EventList: start\r\n\r\nEvent: CoreShowChannelsComplete\r\n${id}EventList: Complete\r\n`,
        }[request.get('Action').toLowerCase()];
        socket.write(`Response: Success\r\n${id}${answer ?? ''}\r\n`);
        // The first thing that a daemon does once it is up, so from here on it hears events.
        if (request.get('Action') === 'DBPut') client = socket;
      }
    });
    socket.write('Asterisk Call Manager/5.0.4\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get up() {
      return client !== null;
    },
    send(records) {
      for (const record of records) {
        ledger.sent.push(recordName(record.uniqueId, record.sequence));
        const headers = cdrHeaders(record, ZONE).map(([name, value]) => `${name}: ${value}\r\n`);
        client?.write(`Event: Cdr\r\nPrivilege: cdr,all\r\n${headers.join('')}\r\n`);
      }
    },
    async close() {
      client?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * The records of the next call, which ends now. Every third is a ring group's: a phone that rang in vain, then the one
 * that answered; every fifth finds nobody.
 * @param recordings Absolute folder; given, the call is recorded and its record names the file.
 */
export function nextCall(ledger: Ledger, recordings?: string): CdrRecord[] {
  const number = ledger.calls++;
  const end = Date.now();
  const start = end - 8_000;
  const uniqueId = `${Math.floor(start / 1000)}.${number}`;
  const answered: CdrRecord = {
    accountCode: '',
    source: '205',
    destination: String(300 + (number % 300)),
    destinationContext: 'from-ext-205',
    callerId: '"205" <205>',
    channel: `SIP/205-${number.toString(16).padStart(8, '0')}`,
    destinationChannel: `SIP/204-${number.toString(16).padStart(8, '0')}`,
    lastApplication: 'Dial',
    lastData: 'SIP/204,30,TtKkWwXx',
    start,
    answer: start + 2_000,
    end,
    disposition: 'ANSWERED',
    uniqueId,
    userField: '',
    recordingFile: recordings ? `${recordings}/${recordingName(start + 2_000, number)}` : '',
    cidName: '',
    ivr: '',
    dialled: '',
    callType: 'Internal',
    talkStart: String(Math.floor(start / 1000) + 2),
    linkedId: uniqueId,
    sequence: number * 2 + 1,
  };
  if (number % 5 === 4)
    return [{ ...answered, answer: null, talkStart: '', recordingFile: '', disposition: 'NO ANSWER' }];
  if (number % 3 !== 2) return [answered];
  const ring = { ...answered, destination: '920', dialled: '920' };
  const inVain: CdrRecord = {
    ...ring,
    destinationChannel: `SIP/203-${number.toString(16).padStart(8, '0')}`,
    answer: null,
    talkStart: '',
    recordingFile: '',
    disposition: 'NO ANSWER',
    sequence: number * 2,
  };
  return [inVain, ring];
}

function recordingName(answerMs: number, number: number): string {
  const answer = Math.floor(answerMs / 1000);
  const [day = '', time = ''] = formatLocal(answer, OFFSET).replaceAll(/[-:]/g, '').split(' ');
  return `${day}/${day}-${time}-${answer}-Internal-205-${300 + (number % 300)}`;
}

/** Leaves a finished recording of six seconds at a record's `Recording File Name`. */
export function writeRecording(ledger: Ledger, record: CdrRecord, recordings: string): void {
  const sound = 6 * 16_000;
  const path = `${record.recordingFile}.wav`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, Buffer.concat([wavHeader(sound), Buffer.alloc(sound, 1)]));
  // Whole seconds, as FAT has them: a copy of a store and its medium then keeps them to the last bit.
  const written = Math.floor(Date.now() / 1000);
  utimesSync(`${path}.part`, written, written);
  renameSync(`${path}.part`, path);
  ledger.written.push(path.slice(recordings.length + 1));
}
