/**
 * The simulated PBX against the recorded one: conversations byte for byte, a call's events block for block, CDRs and WAVs
 * as Asterisk 16.28 writes them, and the faults it can be told to do. Calls run on a virtual clock; the sockets are real.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type VirtualClock, virtualClock } from './simulator/clock.ts';
import { summarise } from './simulator/compare.ts';
import { MAX_HISTORY, MAX_LIVE_CALLS } from './simulator/limits.ts';
import { CALL_KINDS, type CallKind, type CallOverrides } from './simulator/scenario.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator/simulator.ts';

const REAL = new URL('./simulator/real/', import.meta.url);
const real = (name: string): string => readFileSync(new URL(name, REAL), 'utf8');
const LOGIN = 'Action: Login\r\nUsername: admin\r\nSecret: password\r\n\r\n';
/** Longest wait for anything on a socket or from a child process, milliseconds. */
const PATIENCE = 5_000;
/** 2026-11-23 23:54:43.490 UTC: the moment of the recorded outbound call. */
const OUTBOUND_AT = 1_795_478_083_490;

let folder = '';
let clock: VirtualClock;
const stops: (() => Promise<void> | void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdrd-simulator-'));
  clock = virtualClock(OUTBOUND_AT);
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function simulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const started = await startSimulator({ username: 'admin', secret: 'password', clock, ...options });
  stops.push(() => started.close());
  return started;
}

/** What the daemon writes after login. */
function recordAll({ astdb }: Simulator, dir = join(folder, 'monitor')): void {
  for (const key of ['enable', 'Internal', 'Outbound']) astdb.set(`cdrd/${key}`, '1');
  astdb.set('cdrd/dir', dir);
}

/** Places a call and lets it end. */
async function call(pbx: Simulator, kind: CallKind, overrides: CallOverrides = {}) {
  const placed = pbx.placeCall(kind, overrides);
  clock.advance(60);
  return placed;
}

interface Client {
  readonly socket: Socket;
  /** Bytes received since the last `take`, as latin1 so that every byte shows. */
  take(): string;
  send(text: string): void;
  /** Waits until the bytes waiting match, and takes them. */
  until(pattern: RegExp): Promise<string>;
  closed(): Promise<void>;
}

async function client(port: number): Promise<Client> {
  const socket = createConnection({ host: '127.0.0.1', port });
  let waiting = '';
  let over = false;
  let wake = (): void => {};
  socket.on('data', (chunk) => {
    waiting += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    over = true;
    wake();
  });
  stops.push(() => void socket.destroy());
  const wait = async (done: () => boolean, what: string): Promise<void> => {
    const end = Date.now() + PATIENCE;
    while (!done()) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`no ${what} within ${PATIENCE} ms; waiting: ${waiting.slice(-300)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const take = (): string => {
    const taken = waiting;
    waiting = '';
    return taken;
  };
  return {
    socket,
    take,
    send: (text) => void socket.write(text),
    until: async (pattern) => {
      await wait(() => pattern.test(waiting), String(pattern));
      return take();
    },
    closed: () => wait(() => over, 'end of the connection'),
  };
}

/** A client that has logged in and hears the events of `mask`. */
async function loggedIn(pbx: Simulator, mask = 'on'): Promise<Client> {
  const ami = await client(pbx.port);
  await ami.until(/5\.0\.4\r\n/);
  ami.send(LOGIN.replace('\r\n\r\n', `\r\nEvents: ${mask}\r\n\r\n`));
  await ami.until(/accepted\r\n\r\n/);
  return ami;
}

/** Sends one action and gives the bytes of its answer up to `end`. */
async function ask(ami: Client, lines: string, end = /\r\n\r\n$/): Promise<string> {
  ami.send(`${lines.trim().split('\n').join('\r\n')}\r\n\r\n`);
  return ami.until(end);
}

describe('conversations', () => {
  /** `>` what the client sent, `<` what Asterisk answered; a bare line was sent by a client that ends lines with LF. */
  type Turn = { readonly who: 'client' | 'server'; readonly text: string };
  function turns(transcript: string): Turn[] {
    const found: { who: Turn['who']; lines: string[]; bare: boolean }[] = [];
    for (const line of transcript
      .replace(/== closed\n$/, '')
      .split('\n')
      .slice(0, -1)) {
      const who = line.startsWith('<') ? 'server' : 'client';
      const marked = /^[<>]/.test(line);
      const last = found.at(-1);
      const text = marked ? line.replace(/^[<>] ?/, '') : line;
      if (last?.who === who) {
        last.lines.push(text);
        last.bare ||= !marked;
      } else found.push({ who, lines: [text], bare: !marked });
    }
    return found.map(({ who, lines, bare }) => ({ who, text: lines.join(bare ? '\n' : '\r\n') }));
  }
  const timeless = (text: string): string =>
    text
      .replace(/(Timestamp: )\d+\.\d{6}\r/g, '$1*\r')
      .replace(/(Challenge: )\d+\r/g, '$1*\r')
      .replace(/(System uptime|Last reload): [\w, ]+\r/g, '$1: *\r')
      .replace(/(Core\w+Date: )\d{4}-\d\d-\d\d\r/g, '$1*\r')
      .replace(/(Core\w+Time: )\d\d:\d\d:\d\d\r/g, '$1*\r');

  for (const name of ['basics', 'challenge', 'login-refused']) {
    it(`${name}: answers as the recorded Asterisk, byte for byte`, async () => {
      const pbx = await simulator();
      clock.advance(586);
      const ami = await client(pbx.port);
      const heard: string[] = [];
      const expected = turns(real(`${name}.txt`));
      expect(expected.length).toBeGreaterThan(2);
      for (const { who, text } of expected) {
        if (who === 'client') ami.send(text);
        else {
          const packets = text.split('\r\n\r\n').length - 1;
          const whole = new RegExp(`^([\\s\\S]*?\\r\\n\\r\\n){${packets}}$`);
          heard.push(timeless(await ami.until(packets === 0 ? /\r\n$/ : whole)));
        }
      }
      expect(heard).toEqual(expected.filter(({ who }) => who === 'server').map(({ text }) => timeless(text)));
      if (name !== 'challenge') await ami.closed();
    });
  }

  it('lets in by MD5 challenge, and says FullyBooted to who hears system events', async () => {
    const pbx = await simulator();
    clock.advance(352);
    const ami = await client(pbx.port);
    await ami.until(/5\.0\.4/);
    const challenge = /Challenge: (\d+)/.exec(await ask(ami, 'Action: Challenge\nAuthType: md5'))?.[1] ?? '';
    const key = createHash('md5').update(`${challenge}password`).digest('hex');
    const answer = await ask(ami, `Action: Login\nAuthType: MD5\nUsername: admin\nKey: ${key}`, /Booted\r\n\r\n$/);
    const booted =
      'Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 352\r\nLastReload: 352\r\nStatus: Fully Booted\r\n\r\n';
    expect(answer).toBe(`Response: Success\r\nMessage: Authentication accepted\r\n\r\n${booted}`);
    expect(pbx.sessions).toBe(1);
  });

  it('refuses a key that is not the challenge’s, and one without a challenge', async () => {
    const pbx = await simulator();
    const key = createHash('md5').update('password').digest('hex');
    for (const before of ['Action: Challenge\nAuthType: MD5', 'Action: Challenge\nAuthType: none']) {
      const ami = await client(pbx.port);
      await ami.until(/5\.0\.4/);
      await ask(ami, before);
      const answer = await ask(ami, `Action: Login\nAuthType: MD5\nUsername: admin\nKey: ${key}`);
      expect(answer).toBe('Response: Error\r\nMessage: Authentication failed\r\n\r\n');
      await ami.closed();
    }
    expect(pbx.sessions).toBe(0);
  });

  it('keeps AstDB with the words of main/db.c', async () => {
    const pbx = await simulator();
    const ami = await loggedIn(pbx, 'off');
    const put = 'Action: DBPut\nFamily: cdrd\nKey: prompt/Inbound';
    expect(await ask(ami, 'Action: DBPut\nKey: x')).toBe('Response: Error\r\nMessage: No family specified.\r\n\r\n');
    expect(await ask(ami, 'Action: DBGet\nFamily: x')).toBe('Response: Error\r\nMessage: No key specified.\r\n\r\n');
    expect(await ask(ami, `${put}\nVal: Grüße`)).toBe(
      'Response: Success\r\nMessage: Updated database successfully\r\n\r\n',
    );
    expect(pbx.astdb.get('cdrd/prompt/Inbound')).toBe('Grüße');
    await ask(ami, put);
    expect(pbx.astdb.get('cdrd/prompt/Inbound')).toBe('');
    await ask(ami, `${put}\nVal: a b`);
    expect(
      await ask(ami, 'Action: DBGet\nActionID: 7\nFamily: cdrd\nKey: prompt/Inbound', /ListItems: 1\r\n\r\n$/),
    ).toBe(
      [
        'Response: Success\r\nActionID: 7\r\nEventList: start\r\nMessage: Result will follow\r\n\r\n',
        'Event: DBGetResponse\r\nFamily: cdrd\r\nKey: prompt/Inbound\r\nVal: a b\r\nActionID: 7\r\n\r\n',
        'Event: DBGetComplete\r\nActionID: 7\r\nEventList: Complete\r\nListItems: 1\r\n\r\n',
      ].join(''),
    );
    const del = 'Action: DBDel\nFamily: cdrd\nKey: prompt/Inbound';
    expect(await ask(ami, del)).toBe('Response: Success\r\nMessage: Key deleted successfully\r\n\r\n');
    expect(await ask(ami, del)).toBe('Response: Error\r\nMessage: Database entry could not be deleted\r\n\r\n');
    expect(await ask(ami, 'Action: DBGet\nFamily: cdrd\nKey: prompt/Inbound')).toBe(
      'Response: Error\r\nMessage: Database entry not found\r\n\r\n',
    );
  });

  it('lists peers as chan_sip does', async () => {
    const pbx = await simulator();
    const ami = await loggedIn(pbx, 'off');
    const answer = await ask(ami, 'Action: SIPpeers\nActionID: p', /ListItems: \d+\r\n\r\n$/);
    const recorded = [
      'Event: PeerEntry\nActionID: p\nChanneltype: SIP\nObjectName: 202\nChanObjectType: peer\nIPaddress: 127.0.0.1',
      'IPport: 6202\nDynamic: no\nAutoForcerport: yes\nForcerport: no\nAutoComedia: no\nComedia: no\nVideoSupport: no',
      'TextSupport: no\nACL: no\nStatus: Unmonitored\nRealtimeDevice: no\nDescription: \nAccountcode: \n\n',
    ].join('\n');
    expect(answer).toContain(recorded.replaceAll('\n', '\r\n'));
    expect(answer).toContain('ObjectName: 42\r\nChanObjectType: peer\r\nIPaddress: 127.0.0.1\r\nIPport: 6042\r\n');
    expect(answer.match(/ObjectName/g)).toHaveLength(11);
  });

  it('says in CoreSettings that it is a simulation', async () => {
    const ami = await loggedIn(await simulator(), 'off');
    const answer = await ask(ami, 'Action: CoreSettings');
    expect(answer).toContain('AMIversion: 5.0.4\r\nAsteriskVersion: 16.28.0~simulation\r\n');
  });

  it('lists live channels, in the bridge they share', async () => {
    const pbx = await simulator();
    const ami = await loggedIn(pbx, 'off');
    const placed = pbx.placeCall('internal', { source: '205', destination: '204', ring: 1, talk: 100 });
    clock.advance(66);
    const answer = await ask(ami, 'Action: CoreShowChannels\nActionID: 9', /ListItems: \d+\r\n\r\n$/);
    const [start, caller = '', callee = '', end] = answer.split('\r\n\r\n');
    expect(start).toBe('Response: Success\r\nActionID: 9\r\nEventList: start\r\nMessage: Channels will follow');
    expect(caller).toContain(
      'Event: CoreShowChannel\r\nActionID: 9\r\nChannel: SIP/205-00000000\r\nChannelState: 6\r\n',
    );
    expect(caller).toMatch(
      /Application: Dial\r\nApplicationData: SIP\/204,30,.*\r\nDuration: 00:01:06\r\nBridgeId: [0-9a-f-]{36}$/,
    );
    expect(callee).toContain('Application: AppDial\r\nApplicationData: (Outgoing Line)\r\n');
    expect(callee.split('BridgeId: ')[1]).toBe(caller.split('BridgeId: ')[1]);
    expect(end).toContain('ListItems: 2');
    expect((await ask(ami, 'Action: CoreStatus')).endsWith('CoreCurrentCalls: 1\r\n\r\n')).toBe(true);
    clock.advance(60);
    await placed;
    expect(await ask(ami, 'Action: CoreShowChannels', /ListItems/)).toContain('ListItems: 0');
  });

  it('sends only the classes of the mask', async () => {
    const pbx = await simulator();
    const cdr = await loggedIn(pbx, 'cdr');
    const dialplan = await loggedIn(pbx, 'dialplan,reporting');
    await call(pbx, 'internal');
    await call(pbx, 'internal');
    const heard = await cdr.until(/(Event: Cdr[\s\S]*){2}\r\n\r\n$/);
    expect(new Set(heard.match(/Privilege: .*/g))).toEqual(new Set(['Privilege: cdr,all']));
    expect(heard.match(/^Event: .*/gm)).toHaveLength(2);
    const other = await dialplan.until(/(ANSWEREDTIME_MS[\s\S]*){4}DIALSTATUS\r\nValue: ANSWER\r\n\r\n$/);
    expect(new Set(other.match(/^Event: .*/gm))).toEqual(new Set(['Event: Newexten', 'Event: VarSet']));
  });

  it('closes on a request line beyond its bound', async () => {
    const pbx = await simulator();
    const ami = await client(pbx.port);
    await ami.until(/5\.0\.4/);
    ami.send(`Action: ${'x'.repeat(20_000)}`);
    await ami.closed();
  });
});

describe('a call', () => {
  type Block = readonly string[];
  const blocks = (text: string): Block[] =>
    text
      .split(/(?:\r\n){2,}/)
      .map((block) => block.replace(/^\r\n/, '').split('\r\n'))
      .filter(([first]) => first?.startsWith('Event: '));
  const value = (block: Block, name: string): string =>
    block.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';

  /**
   * What is compared: all but Debian's test events, RTP statistics, log-ins, device states (another thread's, in no fixed
   * place), and the steps of the recording subroutine, which runs before Dial in the captures and at answer in ours.
   */
  function comparable(text: string): Block[] {
    const subroutine = (block: Block): boolean =>
      /^(sub-rec|cdrd-)/.test(value(block, 'Context')) ||
      value(block, 'Application') === 'Gosub' ||
      value(block, 'Variable').startsWith('LOCAL(');
    return blocks(text).filter(
      (block) =>
        !/^Event: (TestEvent|SuccessfulAuth|FullyBooted|DeviceStateChange)$/.test(block[0] ?? '') &&
        !value(block, 'Variable').startsWith('RTPAUDIOQOS') &&
        !subroutine(block),
    );
  }

  /** Names that chance gives are replaced by the order of their appearance; what the two dialplans do otherwise, left out. */
  function normalised(text: string): Block[] {
    const names = new Map<string, string>();
    const named = (kind: string) => (match: string) => {
      if (!names.has(match)) names.set(match, `${kind}${names.size}`);
      return names.get(match) ?? '';
    };
    let firstSequence: number | null = null;
    const line = (raw: string): string[] => {
      if (/^(Dest)?AccountCode: /.test(raw)) return [raw.replace(/: .*/, ': *')];
      if (/^(UserField|Recording File Name|CID Prefix|IVR|Dialled|Call Type|Talk Start): /.test(raw)) return [];
      const sequence = /^Sequence: (\d+)$/.exec(raw)?.[1];
      if (sequence !== undefined) {
        firstSequence ??= Number(sequence);
        return [`Sequence: +${Number(sequence) - firstSequence}`];
      }
      return [
        raw
          .replace('TtKkWwXxU(cdrd-answer)', 'TtKkWwXx')
          .replace(/SIP\/(\d+)-[0-9a-f]{8}/g, 'SIP/$1-*')
          .replace(/\b\d{10}\.\d+\b/g, named('unique'))
          .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, named('bridge'))
          .replace(/[0-9a-f]{32}@127\.0\.0\.1:\d+|1-\d+@127\.0\.0\.1/g, named('sipcall')),
      ];
    };
    return comparable(text).map((block) => {
      const milliseconds = /^(RINGTIME|ANSWEREDTIME|DIALEDTIME)_MS$/.test(value(block, 'Variable'));
      const lines = block.flatMap(line);
      return milliseconds ? lines.map((text) => text.replace(/^Value: \d+$/, 'Value: *')) : lines;
    });
  }

  /** Seconds are those of the recorded calls, so that even the times of their CDRs agree. */
  const CALLS = {
    internal: { at: 1_795_478_076_822, source: '205', destination: '204', ring: 0.031, talk: 2.006 },
    outbound: { at: OUTBOUND_AT, source: '205', destination: '9513', trunk: '96', ring: 0.031, talk: 2.02 },
    busy: { at: 1_795_478_126_010, source: '205', destination: '209' },
    noanswer: { at: 1_795_478_131_100, source: '205', destination: '210', ring: 30 },
    failed: { at: 1_795_478_168_350, source: '205', destination: '888' },
  } as const;

  for (const kind of ['internal', 'outbound', 'busy', 'noanswer', 'failed'] as const) {
    it(`${kind}: sends the recorded events, block for block`, async () => {
      const { at, ...overrides } = CALLS[kind];
      clock = virtualClock(at);
      const pbx = await simulator();
      await call(pbx, kind, overrides);
      let recorded = real(`${kind}.ami`);
      // The recorded dialplan had no subroutine before this Dial, so it stood at priority 1, and dialled another number.
      if (kind === 'failed') {
        recorded = recorded
          .replace(/^Priority: 2\r$/gm, 'Priority: 3\r')
          .replace(
            /^(Context: from-ext-205\r\nExten: 888\r\nPriority: )1(\r\n(?:.*\r\n){2}(?:Extension|Variable): (?!SIP))/gm,
            '$12$2',
          )
          .replaceAll('SIP/999,5', 'SIP/888,30,TtKkWwXx');
      }
      const expected = normalised(recorded);
      expect(expected.length).toBeGreaterThan(15);
      expect(normalised(pbx.events.join(''))).toEqual(expected);
    });
  }

  it('writes its Cdr event with the recorded bytes; after UserField, what cdr_manager.conf maps', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const { at: _, ...overrides } = CALLS.outbound;
    await call(pbx, 'outbound', overrides);
    const recorded = /Event: Cdr\r\n[\s\S]*?UserField: /.exec(real('outbound.ami'))?.[0] ?? '';
    const file = join(folder, 'monitor/20261123/20261123-235443-1795478083-Outbound-96-205-9513');
    const expected = [
      recorded
        .replace('AccountCode: ', 'AccountCode: simulation')
        .replace('TtKkWwXx', 'TtKkWwXxU(cdrd-answer)')
        .replace('SIP/205-0000000a', 'SIP/205-00000000')
        .replace('SIP/96-0000000b', 'SIP/96-00000001')
        .replace('1795478083.20', '1795478083.0'),
      `Recording File Name: ${file}`,
      'CID Prefix: ',
      'IVR: ',
      'Dialled: ',
      'Call Type: Outbound',
      'Talk Start: 1795478083',
      'LinkedID: 1795478083.0',
      'Sequence: 0',
    ].join('\r\n');
    expect(pbx.events.filter((event) => event.startsWith('Event: Cdr'))).toEqual([`${expected}\r\n\r\n`]);
  });

  it('writes the recorded line of Master.csv, with the new columns, and the one of cdr_custom.conf', async () => {
    const csvPath = join(folder, 'log/Master.csv');
    const customCsvPath = join(folder, 'log/cdrd.csv');
    const pbx = await simulator({ csvPath, customCsvPath });
    recordAll(pbx);
    const { at: _, ...overrides } = CALLS.outbound;
    await call(pbx, 'outbound', overrides);
    await call(pbx, 'busy', { source: '205', destination: '209' });
    const recorded =
      real('Master.csv')
        .split('\n')
        .find((line) => line.includes('"1795478083.20"')) ?? '';
    const expected = recorded
      .replace('""', '"simulation"')
      .replace('TtKkWwXx', 'TtKkWwXxU(cdrd-answer)')
      .replace('SIP/205-0000000a', 'SIP/205-00000000')
      .replace('SIP/96-0000000b', 'SIP/96-00000001')
      .replace('1795478083.20', '1795478083.0')
      .replace('"Outbound"', '"","","1795478083.0",0');
    const [answered, busy, busyHangup, rest] = readFileSync(csvPath, 'utf8').split('\n');
    expect(answered).toBe(expected);
    // An absent answer stands without quotes, and the Hangup of a busy call is a record of its own.
    expect(busy).toContain('"2026-11-23 23:55:43",,"2026-11-23 23:55:43",0,0,"BUSY"');
    expect(busyHangup).toMatch(/,"SIP\/205-00000002","","Hangup","",.*,"BUSY",.*,4$/);
    expect(rest).toBe('');

    const file = join(folder, 'monitor/20261123/20261123-235443-1795478083-Outbound-96-205-9513');
    const [custom, customBusy] = readFileSync(customCsvPath, 'utf8').split('\n');
    expect(custom?.slice(1, -1).split('","')).toEqual([
      ...['simulation', '205', '9513', 'from-ext-205', '""205"" <205>', 'SIP/205-00000000', 'SIP/96-00000001', 'Dial'],
      'SIP/513@96,30,TtKkWwXxU(cdrd-answer)',
      ...['1795478083.490000', '1795478083.521000', '1795478085.541000', '2', '2', 'ANSWERED', 'DOCUMENTATION'],
      ...['1795478083.0', '', file, '', '', '', 'Outbound', '1795478083', '1795478083.0', '0', ''],
    ]);
    expect(customBusy).toContain('"1795478143.490000","0.000000","1795478143.520000"');
  });

  it('tells its own end: the records, and the recording’s path', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const placed = await call(pbx, 'internal', { source: '205', destination: '204', ring: 1.5, talk: 3 });
    expect(placed.records).toHaveLength(1);
    expect(placed.records[0]).toMatchObject({
      uniqueId: placed.uniqueId,
      linkedId: placed.uniqueId,
      callType: 'Internal',
    });
    expect(placed.recording).toBe(join(folder, 'monitor/20261123/20261123-235444-1795478084-Internal-205-204.wav'));
    const missed = await call(pbx, 'noanswer');
    expect(missed.records.map(({ lastApplication }) => lastApplication)).toEqual(['Dial', 'Hangup']);
    expect(missed.recording).toBeNull();
  });

  it('writes local times in its zone; the epoch in the name is absolute', async () => {
    const pbx = await simulator({ zone: 'America/Los_Angeles' });
    recordAll(pbx);
    const placed = await call(pbx, 'outbound', { source: '202', destination: '9506', trunk: '96', ring: 1, talk: 2 });
    expect(placed.recording).toMatch(/\/20261123\/20261123-155444-1795478084-Outbound-96-202-9506\.wav$/);
    expect(pbx.events.join('')).toContain('StartTime: 2026-11-23 15:54:43\r\n');
  });

  it('rings and talks for as long as it is not told to go on', async () => {
    const pbx = await simulator();
    const placed = pbx.placeCall('inbound', { source: '5550100', ring: 600, talk: 600 });
    clock.advance(60);
    const answered = () => pbx.events.some((event) => event.startsWith('Event: BridgeEnter'));
    expect(answered()).toBe(false);
    pbx.goOn();
    clock.advance(60);
    expect([answered(), pbx.liveCalls]).toEqual([true, 1]);
    pbx.goOn();
    clock.advance(1);
    expect(pbx.liveCalls).toBe(0);
    const [record] = (await placed).records;
    const { start = 0, answer, end = 0 } = record ?? {};
    expect([(answer ?? 0) - start, end - start]).toEqual([60_000, 120_000]);
  });
});

describe('a recording', () => {
  const sizes = (path: string): { riff: number; data: number; file: number } => {
    const bytes = readFileSync(path);
    expect(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
    return { riff: bytes.readUInt32LE(4), data: bytes.readUInt32LE(40), file: bytes.length };
  };

  it('opens at answer, grows with zeros for sizes, and is put right at the end', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const placed = pbx.placeCall('internal', { source: '205', destination: '204', ring: 2, talk: 5.25 });
    const day = join(folder, 'monitor/20261123');
    clock.advance(1.9);
    expect(existsSync(day)).toBe(false);
    clock.advance(0.1);
    const path = join(day, '20261123-235445-1795478085-Internal-205-204.wav');
    expect(sizes(path)).toEqual({ riff: 0, data: 0, file: 44 });
    clock.advance(1.5);
    expect(sizes(path)).toEqual({ riff: 0, data: 0, file: 44 + 16_000 });
    clock.advance(2);
    expect(sizes(path)).toEqual({ riff: 0, data: 0, file: 44 + 48_000 });
    expect(statSync(path).mtimeMs).toBeCloseTo(OUTBOUND_AT + 5_000, -1);
    clock.advance(5);
    // The file is closed 20 ms after the hang-up, and the header counts what is there.
    const data = 2 * Math.floor(5.27 * 8_000);
    expect(sizes(path)).toEqual({ riff: 36 + data, data, file: 44 + data });
    expect((await placed).recording).toBe(path);
    const after = statSync(path);
    clock.advance(60);
    expect(statSync(path).mtimeMs).toBe(after.mtimeMs);
  });

  it('is 8 kHz 16-bit mono and can be heard in every second', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const { recording } = await call(pbx, 'outbound', { talk: 4 });
    const bytes = readFileSync(recording ?? '');
    const format = [20, 22, 32, 34].map((at) => bytes.readUInt16LE(at));
    expect([...format, bytes.readUInt32LE(24), bytes.readUInt32LE(28)]).toEqual([1, 1, 2, 16, 8_000, 16_000]);
    for (let second = 0; second < 4; second += 1) {
      const samples = bytes.subarray(44 + second * 16_000, 44 + (second + 1) * 16_000);
      let power = 0;
      for (let at = 0; at < samples.length; at += 2) power += samples.readInt16LE(at) ** 2;
      const rms = Math.sqrt(power / 8_000);
      expect(rms).toBeGreaterThan(1_000);
      expect(rms).toBeLessThan(16_000);
    }
  });

  it('is not made before the family cdrd is written, nor for a kind that is off', async () => {
    const pbx = await simulator();
    expect((await call(pbx, 'internal')).recording).toBeNull();
    recordAll(pbx);
    pbx.astdb.set('cdrd/Internal', '0');
    expect((await call(pbx, 'internal')).recording).toBeNull();
    expect((await call(pbx, 'outbound')).recording).not.toBeNull();
    pbx.astdb.delete('cdrd/enable');
    const placed = await call(pbx, 'outbound');
    expect(placed.recording).toBeNull();
    expect(placed.records[0]).toMatchObject({ recordingFile: '', callType: 'Outbound' });
    expect(readdirSync(join(folder, 'monitor/20261123'))).toHaveLength(1);
  });

  it('keeps what is there already: the same name moves on by a second', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const overrides = { source: '205', destination: '204', ring: 1, talk: 2 };
    const both = [pbx.placeCall('internal', overrides), pbx.placeCall('internal', overrides)];
    clock.advance(60);
    const names = (await Promise.all(both)).map(({ recording }) => recording?.split('/').at(-1));
    expect(names).toEqual([
      '20261123-235444-1795478084-Internal-205-204.wav',
      '20261123-235445-1795478085-Internal-205-204.wav',
    ]);
  });

  it('never leaves its folder, whatever the caller’s number holds', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    const { recording } = await call(pbx, 'outbound', {
      source: '../a,,touch$IFS/x',
      destination: '9506',
      trunk: 'gw-7',
    });
    expect(recording).toMatch(/monitor\/20261123\/[\d-]+-Outbound-gw-7-\.\.atouchIFSx-9506\.wav$/);
  });

  it('that can’t be opened is said, and the call goes on', async () => {
    const heard: string[] = [];
    const pbx = await simulator({ warn: (message) => heard.push(message) });
    writeFileSync(join(folder, 'file'), '');
    recordAll(pbx, join(folder, 'file'));
    const placed = await call(pbx, 'internal');
    expect(heard).toEqual([expect.stringContaining('no recording: ENOTDIR')]);
    expect(placed.records[0]?.disposition).toBe('ANSWERED');
    expect(placed.records[0]?.recordingFile).not.toBe('');
  });
});

describe('chance', () => {
  /** Ten minutes of calls by themselves; everything they leave behind. */
  async function tenMinutes(seed: number, dir: string): Promise<{ events: string; files: string; calls: number }> {
    clock = virtualClock(OUTBOUND_AT);
    const csvPath = join(folder, `${dir}.csv`);
    const pbx = await simulator({ seed, csvPath, callsPerMinute: 20 });
    recordAll(pbx, join(folder, 'same'));
    clock.advance(600);
    const events = pbx.events.join('');
    const csv = readFileSync(csvPath, 'utf8');
    const day = join(folder, 'same/20261123');
    const days = existsSync(day) ? [day, join(folder, 'same/20261124')] : [];
    const hash = createHash('sha256').update(csv);
    for (const at of days) {
      for (const name of readdirSync(at).sort()) hash.update(name).update(readFileSync(join(at, name)));
    }
    rmSync(join(folder, 'same'), { recursive: true, force: true });
    await pbx.close();
    return { events, files: hash.digest('hex'), calls: csv.split('\n').length - 1 };
  }

  it('with the same seed and clock gives the same bytes, with another others', async () => {
    const first = await tenMinutes(7, 'a');
    expect(await tenMinutes(7, 'b')).toEqual(first);
    const other = await tenMinutes(8, 'c');
    expect(other.files).not.toBe(first.files);
    expect(other.events).not.toBe(first.events);
    expect(first.calls).toBeGreaterThan(50);
  });

  it('draws every kind, and keeps a bounded history', async () => {
    const csvPath = join(folder, 'all.csv');
    const pbx = await simulator({ csvPath, callsPerMinute: 20 });
    clock.advance(3_600);
    const csv = readFileSync(csvPath, 'utf8');
    for (const word of ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED']) expect(csv).toContain(`"${word}"`);
    expect(csv).toMatch(/"SIP\/\d+@96,.*ANSWERED/);
    expect(csv).toMatch(/"SIP\/\d+@42,.*ANSWERED/);
    expect(csv.split('\n').every((line) => line === '' || line.startsWith('"simulation",'))).toBe(true);
    expect(pbx.events.length).toBe(MAX_HISTORY);
  });

  it('has room for so many calls and no more', async () => {
    const pbx = await simulator();
    const placed = Array.from({ length: MAX_LIVE_CALLS }, () => pbx.placeCall('internal'));
    await expect(pbx.placeCall('internal')).rejects.toThrow(/live calls/);
    clock.advance(60);
    await Promise.all(placed);
    expect(pbx.liveCalls).toBe(0);
  });
});

describe('every kind of call', () => {
  const RECORDED_KINDS = ['Internal', 'Outbound', 'Inbound', 'CallBack', 'Conference'];
  const SECTIONS = new Map(
    real('kinds.txt')
      .split(/^== /m)
      .slice(1)
      .map((section) => {
        const [kind = '', ...lines] = section.trimEnd().split('\n');
        return [kind as CallKind, lines.join('\n')] as const;
      }),
  );
  async function recorded(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
    const pbx = await simulator(options);
    recordAll(pbx);
    for (const key of RECORDED_KINDS) pbx.astdb.set(`cdrd/${key}`, '1');
    return pbx;
  }
  async function toTheEnd(pbx: Simulator, kind: CallKind, overrides: CallOverrides = {}) {
    const placed = pbx.placeCall(kind, overrides);
    clock.advance(300);
    return placed;
  }

  it('has captures to be compared with', () => {
    expect([...SECTIONS.keys()].filter((kind) => !CALL_KINDS.includes(kind))).toEqual([]);
    expect(SECTIONS.size).toBe(21);
  });

  /** Where the rig's dialplan or its phones differ from ours, and why. */
  const ADJUSTED: Partial<Record<CallKind, (summary: string) => string>> = {
    // The rig dials its Local channels by a code of their own, ours by the phone's number.
    local: (summary) => summary.replace(/^(record \+2 .*)to 2/m, '$1to 1'),
    localStays: (summary) => summary.replace(/^(record \+2 .*)to 2/m, '$1to 1'),
    // The rig's phone did not get to ring a second time, so its hang-up had no cause.
    queueUnanswered: (summary) => summary.replace('SIP C: Newchannel, Hangup 0', 'SIP C: Newchannel, Hangup 16'),
  };
  for (const [kind, summary] of SECTIONS) {
    it(`${kind}: leaves the records of the captured call, and each channel lives as there`, async () => {
      const pbx = await recorded();
      await toTheEnd(pbx, kind);
      expect(summarise(pbx.events.join(''))).toBe(ADJUSTED[kind]?.(summary) ?? summary);
    });
  }

  for (const kind of CALL_KINDS) {
    it(`${kind}: events, both CSV files and the call itself tell the same records, and nothing stays behind`, async () => {
      const csvPath = join(folder, 'Master.csv');
      const customCsvPath = join(folder, 'cdrd.csv');
      for (let seed = 1; seed <= 4; seed += 1) {
        rmSync(csvPath, { force: true });
        rmSync(customCsvPath, { force: true });
        const pbx = await recorded({ seed, csvPath, customCsvPath });
        const { records, recordings, uniqueId } = await toTheEnd(pbx, kind);
        expect(records.length).toBeGreaterThan(0);
        const lines = (path: string): string[][] =>
          readFileSync(path, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => line.slice(1).split(/"?,"?/));
        const told = pbx.events.filter((event) => event.startsWith('Event: Cdr'));
        const sequences = records.map(({ sequence }) => String(sequence));
        expect(told.map((event) => /Sequence: (\d+)/.exec(event)?.[1])).toEqual(sequences);
        expect(lines(csvPath).map((line) => line.at(-1))).toEqual(sequences);
        expect(readFileSync(customCsvPath, 'utf8').match(/(?<=")\d+(?=",""$)/gm)).toEqual(sequences);
        expect(new Set(sequences).size).toBe(records.length);
        expect(records.every(({ end, start, answer }) => start <= (answer ?? start) && (answer ?? start) <= end)).toBe(
          true,
        );
        expect(records.some(({ linkedId }) => linkedId === uniqueId)).toBe(true);
        // Each record's file was written and closed, and each file is named by a record.
        const named = new Set(records.map(({ recordingFile }) => recordingFile).filter((file) => file !== ''));
        expect([...named].map((file) => `${file}.wav`).sort()).toEqual([...recordings].sort());
        for (const path of recordings) expect(readFileSync(path).readUInt32LE(40)).toBe(statSync(path).size - 44);
        const opened = pbx.events.filter((event) => event.startsWith('Event: Newchannel')).length;
        expect(pbx.events.filter((event) => event.startsWith('Event: Hangup\r'))).toHaveLength(opened);
        const ami = await loggedIn(pbx, 'off');
        expect(await ask(ami, 'Action: CoreShowChannels', /ListItems/)).toContain('ListItems: 0');
        await pbx.close();
      }
    });
  }

  it.each([
    ['pjsip', { trunk: 'gw-7' }, /^PJSIP\/(gw-7|301)-[0-9a-f]{8}$/],
    ['iax', {}, /^IAX2\/87-\d+$/],
    ['pstn', {}, /^DAHDI\/2-1$/],
    ['gsm', {}, /^GSM\/3-1$/],
  ] as const)('%s: has the names that its channel driver gives, either way', async (kind, overrides, pattern) => {
    const pbx = await recorded();
    const sides = new Set<string>();
    for (let tries = 0; tries < 20; tries += 1) {
      const { records } = await toTheEnd(pbx, kind, overrides);
      expect(records).toHaveLength(1);
      const [record] = records;
      const [from, to] = [record?.channel ?? '', record?.destinationChannel ?? ''];
      if (pattern.test(from)) sides.add(`in ${record?.callType}`);
      if (pattern.test(to)) sides.add(`out ${record?.callType}`);
      expect(pattern.test(from) || pattern.test(to)).toBe(true);
    }
    expect(sides).toContain('in Inbound');
    expect(sides).toContain('out Outbound');
  });

  it('names the files of groups and lines as the guide does', async () => {
    const pbx = await recorded();
    const name = async (kind: CallKind, overrides: CallOverrides): Promise<string | undefined> =>
      (await toTheEnd(pbx, kind, overrides)).recording?.replace(/.*\d{10}-/, '');
    expect(await name('inboundIvr', { source: '506', destination: '202', trunk: '96' })).toBe(
      'Inbound-96-506-620(202).wav',
    );
    expect(await name('callback', { source: '506', destination: '202' })).toBe('CallBack-42-506-620(202).wav');
    expect(await name('ringGroup', { source: '205', destination: '204' })).toBe('Internal-205-920(204).wav');
    expect(await name('queue', { source: '506', destination: '204', trunk: '96' })).toBe('Inbound-96-506-820(204).wav');
    expect(await name('conference', { source: '205' })).toBe('Conference-205-740.wav');
  });

  it('ends each pair of a conference when the first of the two leaves, and begins it when the second comes', async () => {
    const pbx = await recorded();
    const { records } = await toTheEnd(pbx, 'conference');
    const channels = new Set(records.map(({ channel }) => channel));
    expect(channels.size).toBe(4);
    const pairs = records.filter(({ destinationChannel }) => destinationChannel !== '');
    expect(pairs).toHaveLength(6);
    for (const { start, end } of pairs) expect(end - start).toBeGreaterThan(2_000);
    // They leave as they came: whoever is party A of a pair is gone first, so all his pairs end at once.
    for (const channel of channels) {
      expect(new Set(pairs.filter((pair) => pair.channel === channel).map(({ end }) => end)).size).toBeLessThan(2);
    }
  });

  it('leaves out records without a DestinationChannel when cdr.conf says unanswered = no', async () => {
    const pbx = await recorded({ unanswered: false });
    expect((await toTheEnd(pbx, 'busy')).records.map(({ lastApplication }) => lastApplication)).toEqual(['Dial']);
    expect((await toTheEnd(pbx, 'failed')).records).toEqual([]);
    expect((await toTheEnd(pbx, 'queueUnanswered')).records).toHaveLength(3);
  });

  it('tells who is live in the middle of any call, with the LinkedID that the records will have', async () => {
    const pbx = await recorded();
    const ami = await loggedIn(pbx, 'off');
    let seen = 0;
    for (const kind of CALL_KINDS) {
      const placed = pbx.placeCall(kind, { ring: 1, talk: 10 });
      const live: string[][] = [];
      for (let step = 0; step < 60; step += 1) {
        clock.advance(1);
        const answer = await ask(ami, 'Action: CoreShowChannels', /ListItems: \d+\r\n\r\n$/);
        for (const [, name = '', uniqueId = '', linkedId = ''] of answer.matchAll(
          /Event: CoreShowChannel\r\nChannel: (.*)\r\n[\s\S]*?Uniqueid: (.*)\r\nLinkedid: (.*)\r\n/g,
        )) {
          live.push([name, uniqueId, linkedId]);
        }
      }
      clock.advance(240);
      const { records } = await placed;
      const calls = new Set(records.map(({ linkedId }) => linkedId));
      for (const [name = '', uniqueId = '', linkedId = ''] of live) {
        // A phone that fetches a parked call, or calls to consult, is a call of its own until the two meet.
        const known = calls.has(linkedId) || records.some((record) => record.channel === name && uniqueId === linkedId);
        expect([kind, name, known]).toEqual([kind, name, true]);
      }
      seen += live.length;
    }
    expect(seen).toBeGreaterThan(500);
  });

  it('keeps its rate at 6,000 calls a minute, in a bounded number of live calls, and refuses more', async () => {
    const csvPath = join(folder, 'load.csv');
    const pbx = await simulator({ csvPath, callsPerMinute: 6_000 });
    let most = 0;
    for (let second = 0; second < 20; second += 1) {
      clock.advance(1);
      most = Math.max(most, pbx.liveCalls);
    }
    const calls = new Set(readFileSync(csvPath, 'utf8').match(/(?<=",)"\d{10}\.\d+"(?=,"","","\d)/g)).size;
    expect(calls).toBeGreaterThan(1_700); // of 2,000; the last ones still talk
    expect(most).toBeLessThan(400);
    expect(most).toBeGreaterThan(50);
    await expect(simulator({ callsPerMinute: 6_001 })).rejects.toThrow(RangeError);
  });

  it('takes another rate, and the calls that are live go on', async () => {
    const csvPath = join(folder, 'rate.csv');
    const pbx = await simulator({ csvPath });
    const ended = () => (existsSync(csvPath) ? readFileSync(csvPath, 'utf8').trim().split('\n').length : 0);
    clock.advance(10);
    expect(pbx.liveCalls).toBe(0);
    pbx.setRate(600);
    for (let second = 0; second < 10; second += 1) clock.advance(1);
    const live = pbx.liveCalls;
    expect(live).toBeGreaterThan(2);
    const before = ended();
    pbx.setRate(0);
    clock.advance(120);
    expect(pbx.liveCalls).toBe(0);
    expect(ended() - before).toBeGreaterThanOrEqual(live);
    expect(() => pbx.setRate(6_001)).toThrow(RangeError);
  });
});

describe('rotation of the CDR files', () => {
  const read = (path: string): string => readFileSync(path, 'utf8');
  async function withTwoFiles(): Promise<{ pbx: Simulator; csv: string; custom: string }> {
    const [csv, custom] = [join(folder, 'Master.csv'), join(folder, 'cdrd.csv')];
    return { pbx: await simulator({ csvPath: csv, customCsvPath: custom }), csv, custom };
  }

  it('renames: the next line begins a new file', async () => {
    const { pbx, csv, custom } = await withTwoFiles();
    await call(pbx, 'internal');
    const [before, inode] = [read(csv), statSync(csv).ino];
    pbx.rotateCsv('rename');
    expect(existsSync(csv)).toBe(false);
    expect([read(`${csv}.1`), statSync(`${csv}.1`).ino]).toEqual([before, inode]);
    await call(pbx, 'internal');
    expect(read(csv)).not.toBe(before);
    expect(read(csv).trimEnd().split('\n')).toHaveLength(1);
    expect(read(`${custom}.1`).trimEnd().split('\n')).toHaveLength(1);
  });

  it('copies and truncates: the same file goes on, empty', async () => {
    const { pbx, csv } = await withTwoFiles();
    await call(pbx, 'internal');
    const [before, inode] = [read(csv), statSync(csv).ino];
    pbx.rotateCsv('copytruncate');
    expect([read(`${csv}.1`), statSync(csv).ino, statSync(csv).size]).toEqual([before, inode, 0]);
    await call(pbx, 'internal');
    expect(statSync(csv).ino).toBe(inode);
  });

  it('compresses, moves older ones up, keeps five, and does nothing where there is no file', async () => {
    const { pbx, csv } = await withTwoFiles();
    pbx.rotateCsv('gzip');
    expect(readdirSync(folder)).toEqual([]);
    const written: string[] = [];
    for (let round = 0; round < 7; round += 1) {
      await call(pbx, 'failed');
      written.unshift(read(csv));
      pbx.rotateCsv(round === 3 ? 'rename' : 'gzip');
    }
    const kept = readdirSync(folder)
      .filter((name) => name.startsWith('Master.csv'))
      .sort();
    expect(kept).toEqual(['Master.csv.1.gz', 'Master.csv.2.gz', 'Master.csv.3.gz', 'Master.csv.4', 'Master.csv.5.gz']);
    const texts = kept.map((name) => {
      const bytes = readFileSync(join(folder, name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    });
    expect(texts).toEqual(written.slice(0, 5));
  });
});

describe('faults', () => {
  it('drops all connections and takes new ones', async () => {
    const pbx = await simulator();
    const [one, other] = [await loggedIn(pbx), await loggedIn(pbx)];
    expect(pbx.sessions).toBe(2);
    pbx.dropConnections();
    await Promise.all([one.closed(), other.closed()]);
    await loggedIn(pbx);
  });

  it('restarts: calls are lost, numbers begin again, AstDB stays, FullyBooted comes again', async () => {
    const pbx = await simulator();
    recordAll(pbx);
    await call(pbx, 'internal');
    const ami = await loggedIn(pbx);
    const lost = pbx.placeCall('internal', { source: '205', destination: '204', ring: 1, talk: 30 });
    clock.advance(10);
    pbx.restart();
    await ami.closed();
    const { records, recording } = await lost;
    expect(records).toEqual([]);
    const wav = readFileSync(recording ?? '');
    expect([wav.readUInt32LE(4), wav.readUInt32LE(40)]).toEqual([0, 0]);
    expect(wav.length).toBeGreaterThan(44);
    expect(pbx.liveCalls).toBe(0);

    const again = await client(pbx.port);
    await again.until(/5\.0\.4/);
    again.send(LOGIN);
    expect(await again.until(/Fully Booted\r\n\r\n$/)).toContain('Uptime: 0\r\n');
    const placed = await call(pbx, 'internal');
    expect(placed.uniqueId).toMatch(/^\d+\.0$/);
    expect(placed.records[0]).toMatchObject({ sequence: 0, channel: expect.stringMatching(/-00000000$/) });
    expect(placed.recording).not.toBeNull();
  });

  it('refuses logins while told so', async () => {
    const pbx = await simulator({ faults: { refuseLogins: true } });
    const ami = await client(pbx.port);
    await ami.until(/5\.0\.4/);
    ami.send(LOGIN);
    expect(await ami.until(/\r\n\r\n$/)).toBe('Response: Error\r\nMessage: Authentication failed\r\n\r\n');
    await ami.closed();
    pbx.faults.refuseLogins = false;
    await loggedIn(pbx);
  });

  it('repeats Cdr events, not CSV lines', async () => {
    const csvPath = join(folder, 'Master.csv');
    const pbx = await simulator({ csvPath, faults: { repeatCdr: 2 } });
    await call(pbx, 'internal');
    const cdrs = pbx.events.filter((event) => event.startsWith('Event: Cdr'));
    expect(cdrs).toHaveLength(3);
    expect(new Set(cdrs).size).toBe(1);
    expect(readFileSync(csvPath, 'utf8').match(/\n/g)).toHaveLength(1);
  });

  it('writes the CSV late, in order, and nothing is lost at the end', async () => {
    const csvPath = join(folder, 'Master.csv');
    const pbx = await simulator({ csvPath, faults: { csvDelaySeconds: 30 } });
    const placed = [pbx.placeCall('failed'), pbx.placeCall('internal', { ring: 1, talk: 2 })];
    clock.advance(29);
    expect(existsSync(csvPath)).toBe(false);
    clock.advance(2);
    expect(readFileSync(csvPath, 'utf8').match(/FAILED|ANSWERED/g)).toEqual(['FAILED']);
    clock.advance(2);
    expect(readFileSync(csvPath, 'utf8').match(/FAILED|ANSWERED/g)).toEqual(['FAILED', 'ANSWERED']);
    await Promise.all(placed);
    await call(pbx, 'failed');
    pbx.faults.csvDelaySeconds = 0;
    const last = pbx.placeCall('busy');
    clock.advance(0.1);
    await last;
    await pbx.close();
    expect(readFileSync(csvPath, 'utf8').match(/FAILED|ANSWERED|BUSY/g)).toEqual([
      ...['FAILED', 'ANSWERED', 'FAILED', 'BUSY', 'BUSY'],
    ]);
  });

  it('sends a line beyond any bound, and goes on', async () => {
    const pbx = await simulator();
    const ami = await loggedIn(pbx);
    pbx.sendLongLine(300_000);
    const heard = await ami.until(/x\r\n\r\n$/);
    expect(heard).toMatch(/^Event: VarSet\r\nPrivilege: system,all\r\nVariable: LONG\r\nValue: x{300000}\r\n\r\n$/);
    expect(await ask(ami, 'Action: Ping')).toContain('Ping: Pong');
  });

  it('sends and writes bytes that are not UTF-8', async () => {
    const csvPath = join(folder, 'Master.csv');
    const pbx = await simulator({ csvPath, faults: { latin1Names: true } });
    const ami = await loggedIn(pbx, 'cdr');
    await call(pbx, 'internal', { source: '205' });
    expect(await ami.until(/\r\n\r\n$/)).toContain('CallerID: "Zo\u00eb 205" <205>\r\n');
    expect(readFileSync(csvPath).includes(Buffer.from([0x5a, 0x6f, 0xeb, 0x20]))).toBe(true);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(csvPath))).toThrow(TypeError);
  });
});

describe('the command', () => {
  const COMMAND = new URL('./simulator/main.ts', import.meta.url).pathname;
  interface Ended {
    readonly code: number | null;
    readonly stderr: string;
  }
  function run(args: readonly string[]): { child: ChildProcess; output: () => string; ended: Promise<Ended> } {
    const child = spawn(process.execPath, ['--import', 'tsx', COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stderr })));
    stops.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return { child, output: () => stdout, ended };
  }

  it('says that it is a simulation, takes a login, places calls, and ends on SIGTERM', async () => {
    const csv = join(folder, 'Master.csv');
    const args = ['--listen', '127.0.0.1:0', '--secret', 'password', '--username', 'admin', '--csv', csv];
    const { child, output, ended } = run([...args, '--calls-per-minute', '600', '--zone', 'UTC', '--seed', '3']);
    const end = Date.now() + 15_000;
    while (!/127\.0\.0\.1:\d+\n?/.test(output())) {
      if (Date.now() > end) throw new Error(`no banner: ${output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(output()).toMatch(/^SIMULATION: this is no telephone system/);
    const ami = await client(Number(/127\.0\.0\.1:(\d+)/.exec(output())?.[1]));
    await ami.until(/5\.0\.4/);
    ami.send(LOGIN);
    await ami.until(/Event: Newchannel[\s\S]*AccountCode: simulation\r\n/);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stderr: '' });
  });

  it('refuses a command line that makes no sense', async () => {
    const { ended } = run(['--secret', 'x', '--seed', 'many']);
    const { code, stderr } = await ended;
    expect(code).toBe(64);
    expect(stderr).toMatch(/^--seed: many is not a number/);
  });
});
