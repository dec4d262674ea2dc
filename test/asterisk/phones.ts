/**
 * The phones and trunks of the rig, played by sipp with real RTP: ones that answer, are busy or only ring, and ones that
 * call. Scenarios are written per process into the run's folder, so that a caller number can be any text.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Tones in hertz, so that a recording tells which side is in it. */
export const TONE = { caller: 440, answerer: 1000 } as const;

/** How long a phone that answers rings first: long enough that start and answer differ in a record of whole seconds. */
const RING_MS = 1_200;
/** A call that lasts longer than this hangs. */
const CALL_LIMIT_MS = 40_000;

export interface Phone {
  stop(): Promise<void>;
}

export interface CallPlan {
  /** SIP user part of From, as it stands on the wire. */
  readonly from: string;
  /** Display name of From, '' = none. */
  readonly name?: string;
  /** User part of the request URI. */
  readonly to: string;
  readonly localPort: number;
  readonly pbxPort: number;
  /** Seconds from answer to hang-up. */
  readonly seconds: number;
  /** Final answer that the caller expects: 200 (default) or the SIP code of a refusal. */
  readonly expect?: 200 | 'refused';
}

export interface CallOutcome {
  /** Performance clock at the end of sipp, milliseconds. */
  readonly endedAt: number;
}

export interface Phones {
  /** A phone that rings {@link RING_MS}, answers, and talks until the other side hangs up. */
  answering(name: string, port: number): Promise<Phone>;
  /** A phone that refuses with 486. */
  busy(name: string, port: number): Promise<Phone>;
  /** A phone that rings until the caller gives up. */
  ringing(name: string, port: number): Promise<Phone>;
  /** Places one call and resolves when it is over; rejects with sipp's complaint when it went otherwise than planned. */
  call(plan: CallPlan): Promise<CallOutcome>;
}

/**
 * Phones that keep their scenarios and tones in `folder`.
 * @param before Words before the command, by which sipp runs elsewhere (another network). They must end by becoming it.
 */
export async function makePhones(folder: string, before: readonly string[] = []): Promise<Phones> {
  await mkdir(folder, { recursive: true });
  const tones: Record<keyof typeof TONE, string> = {
    caller: join(folder, 'caller.ulaw'),
    answerer: join(folder, 'answerer.ulaw'),
  };
  await writeFile(tones.caller, toneUlaw(TONE.caller, 10));
  await writeFile(tones.answerer, toneUlaw(TONE.answerer, 10));
  let count = 0;

  const start = async (name: string, scenario: string, args: readonly string[]): Promise<Running> => {
    const base = join(folder, `${++count}-${name}`);
    await writeFile(`${base}.xml`, scenario);
    return runSipp(base, before, args);
  };
  const serve = async (name: string, port: number, scenario: string): Promise<Phone> => {
    const running = await start(name, scenario, ['-p', String(port)]);
    return { stop: running.stop };
  };
  return {
    answering: (name, port) => serve(name, port, answeringScenario(tones.answerer)),
    busy: (name, port) => serve(name, port, refusingScenario('486 Busy Here')),
    ringing: (name, port) => serve(name, port, ringingScenario()),
    call: async (plan) => {
      const running = await start(`call-${plan.to.replace(/\W/g, '_')}`, callingScenario(plan, tones.caller), [
        '-p',
        String(plan.localPort),
        '-m',
        '1',
        '-timeout',
        `${CALL_LIMIT_MS / 1000}`,
        '-timeout_error',
        `127.0.0.1:${plan.pbxPort}`,
      ]);
      const code = await running.done;
      if (code !== 0) throw new Error(`sipp ended ${code} calling ${plan.to}: ${await running.errors()}`);
      return { endedAt: performance.now() };
    },
  };
}

interface Running {
  readonly done: Promise<number | string>;
  errors(): Promise<string>;
  stop(): Promise<void>;
}

function runSipp(base: string, before: readonly string[], args: readonly string[]): Running {
  const child: ChildProcess = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      ...before,
      'sipp',
      '-sf',
      `${base}.xml`,
      '-i',
      '127.0.0.1',
      '-mi',
      '127.0.0.1',
      '-ci',
      '127.0.0.1',
      '-nostdin',
    ]
      .concat(['-trace_err', '-error_file', `${base}.errors`, '-cid_str', `%u-${process.pid}-%p@%s`])
      .concat(process.env['CDRD_RIG_SIP_TRACE'] ? ['-trace_msg', '-message_file', `${base}.messages`] : [])
      .concat(args),
    { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' } },
  );
  const done = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return {
    done,
    errors: () => readFile(`${base}.errors`, 'utf8').catch(() => 'no error file'),
    stop: async () => {
      child.kill('SIGKILL');
      await done;
    },
  };
}

const SDP = `v=0
o=rig 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=sendrecv`;

const scenario = (body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="rig">\n${body}\n</scenario>\n`;

/** A reply that copies what a reply must copy. */
const reply = (status: string, attributes = '', sdp = false): string => `<send${attributes}><![CDATA[

SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]u[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
${sdp ? `Content-Type: application/sdp\nContent-Length: [len]\n\n${SDP}` : 'Content-Length: 0'}

]]></send>`;

const plainOk = `<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>`;

function answeringScenario(tone: string): string {
  return scenario(`<recv request="INVITE" crlf="true"/>
${reply('180 Ringing')}
<pause milliseconds="${RING_MS}"/>
${reply('200 OK', ' retrans="500"', true)}
<recv request="ACK" crlf="true"/>
<nop><action><exec rtp_stream="${tone},-1,0"/></action></nop>
<recv request="BYE"/>
${plainOk}`);
}

function refusingScenario(status: string): string {
  return scenario(`<recv request="INVITE" crlf="true"/>
${reply(status, ' retrans="500"')}
<recv request="ACK"/>`);
}

function ringingScenario(): string {
  return scenario(`<recv request="INVITE" crlf="true"/>
${reply('180 Ringing')}
<recv request="CANCEL"/>
${plainOk}
${reply('487 Request Terminated', ' retrans="500"')}
<recv request="ACK"/>`);
}

function callingScenario(plan: CallPlan, tone: string): string {
  const display = plan.name === undefined || plan.name === '' ? '' : `"${plan.name}" `;
  const from = `${display}<sip:${plan.from}@127.0.0.1:[local_port]>;tag=[pid]c[call_number]`;
  const uri = `sip:${plan.to}@[remote_ip]:[remote_port]`;
  const request = (method: string, cseq: number, to: string, body: string): string => `${method} ${uri} SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: ${from}
To: <${uri}>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method === 'ACK' ? 'ACK' : method}
Contact: <sip:rig@[local_ip]:[local_port]>
Max-Forwards: 70
${body}`;
  const invite = `<send retrans="500"><![CDATA[

${request('INVITE', 1, '', `Content-Type: application/sdp\nContent-Length: [len]\n\n${SDP}`)}

]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>`;
  const send = (method: string, cseq: number, attributes = ''): string => `<send${attributes}><![CDATA[

${request(method, cseq, '[peer_tag_param]', 'Content-Length: 0')}

]]></send>`;
  if (plan.expect === 'refused') {
    const refusals = [403, 404, 480, 486, 488, 503].map(
      (code) => `<recv response="${code}" optional="true" next="1"/>`,
    );
    return scenario(`${invite}
${refusals.join('\n')}
<recv response="603"/>
<label id="1"/>
${send('ACK', 1)}`);
  }
  return scenario(`${invite}
<recv response="200" rtd="true"/>
${send('ACK', 1)}
<nop><action><exec rtp_stream="${tone},-1,0"/></action></nop>
<pause milliseconds="${Math.round(plan.seconds * 1000)}"/>
${send('BYE', 2, ' retrans="500"')}
<recv response="200"/>`);
}

/** A sine of −9 dB as G.711 µ-law, 8 kHz. */
export function toneUlaw(hertz: number, seconds: number): Buffer {
  const bytes = Buffer.alloc(8000 * seconds);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = ulaw(Math.round(11_600 * Math.sin((2 * Math.PI * hertz * i) / 8000)));
  }
  return bytes;
}

/** One 16-bit sample as µ-law (ITU-T G.711). */
function ulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}
