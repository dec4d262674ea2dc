/**
 * A switchboard of scripted SIP phones on one UDP port: any number of extensions (or a trunk's far end) that ring, answer,
 * refuse, redirect, call, cancel, transfer by REFER and hang up when a test says so, and send a tone as RTP while they
 * talk. sipp plays one dialogue a process by a fixed script; a transfer needs a phone that acts on two at once.
 */
import { createSocket, type Socket } from 'node:dgram';

/** T1 of RFC 3261: requests, and answers to INVITE, are repeated this often until the other side reacts. */
const REPEAT_MS = 500;
/** Repetitions before a message counts as lost: on loopback nothing is lost, but Asterisk may be starved for a while. */
const REPEATS = 20;
/** One RTP packet holds this much sound: 160 samples of G.711. */
const FRAME_MS = 20;
/** After a long pause of this process at most so many packets go out at once, so that no jitter buffer overflows. */
const CATCH_UP = 10;
/** A test waits this long for a call to ring or a dialogue to end before it says what is missing. */
const WAIT_MS = 20_000;

/** One call as a phone sees it. */
export interface Dialogue {
  /** User part of the other side as the INVITE named it, and of ours. */
  readonly user: string;
  /** Performance clock at answer and at the end; null before. */
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  /** Resolves when the call is over, whoever ended it; rejects when it is not within the limit. */
  ended(): Promise<void>;
  /** BYE. */
  hangUp(): Promise<void>;
  /**
   * Blind transfer: asks Asterisk to connect the other side to `target`. Resolves when the transfer went through.
   * @param before Settles before this side hangs up. Asterisk tells of its success once it has begun: a call that it parks
   * ends with this one where the hang-up comes first ("Failed to move … into the parking bridge").
   */
  transfer(target: string, before?: () => Promise<void>): Promise<void>;
  /** Attended transfer: connects the other side of this call with the other side of `consultation`. */
  transferTo(consultation: Dialogue): Promise<void>;
}

/** A call that rings at a phone of the switchboard. */
export interface Ringing {
  /** 200 with sound; resolves when Asterisk acknowledged it. */
  answer(): Promise<Dialogue>;
  /** A final refusal, such as 486 or 503. */
  refuse(status: number, reason: string): void;
  /** 302 to another extension. */
  redirect(target: string): void;
  /** Resolves when the caller (or a pick-up elsewhere) stopped the ringing. */
  cancelled(): Promise<void>;
}

/** A call that a phone of the switchboard places. */
export interface Placed {
  /** Resolves with the answered call; rejects when it is refused. */
  answered(): Promise<Dialogue>;
  /** Resolves with the SIP code of the refusal; rejects when it is answered. */
  refused(): Promise<number>;
  /** CANCEL while it rings. */
  cancel(): Promise<void>;
  /** What was heard before it was answered or refused: packets of sound that is not silence. */
  heardEarly(): number;
}

export interface Switchboard {
  /** @param from Extension or number; @param to what is dialled; @param name display name, '' = none. */
  call(from: string, to: string, name?: string): Placed;
  /** The next call that rings at `user`; one that already rings counts. */
  ringing(user: string): Promise<Ringing>;
  close(): void;
}

interface Message {
  readonly start: string;
  readonly method: string | null;
  readonly status: number;
  readonly body: string;
  header(name: string): string;
  all(name: string): string[];
}

interface State {
  readonly callId: string;
  readonly user: string;
  readonly local: string;
  readonly localTag: string;
  remote: string;
  remoteTarget: string;
  cseq: number;
  readonly rtp: Socket;
  rtpTo: number;
  sound: boolean;
  /** Packets of sound, no silence, that came before the call was answered. */
  early: number;
  answeredAt: number | null;
  endedAt: number | null;
  readonly over: Later<void>;
  transferred: Later<void> | null;
}

/**
 * Phones on `address`:`port` whose exchange is at 127.0.0.1:`pbxPort`.
 * @param tone What they send while they talk: G.711 µ-law, a whole number of 160-byte frames, repeated.
 */
export async function openSwitchboard(
  address: string,
  port: number,
  pbxPort: number,
  tone: Buffer,
): Promise<Switchboard> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
  const dialogues = new Map<string, State>();
  const inviteHandlers = new Map<string, (message: Message) => void>();
  const waiting = new Map<string, ((message: Message) => void)[]>();
  const arrived = new Map<string, Message[]>();
  const responses = new Map<string, (message: Message) => void>();
  const served = new Map<string, string>();
  const ends = new Set<() => void>();
  let count = 0;
  const unique = (): string => `${(++count).toString(36)}x${Math.random().toString(36).slice(2, 10)}`;
  const send = (text: string, to = pbxPort): void => socket.send(text, to, '127.0.0.1');

  /** Sends until `done` is called or the repetitions are used up. */
  const repeat = (text: string): (() => void) => {
    let left = REPEATS;
    send(text);
    const timer = setInterval(() => {
      if (left-- > 0) send(text);
      else done();
    }, REPEAT_MS);
    const done = (): void => {
      clearInterval(timer);
      ends.delete(done);
    };
    ends.add(done);
    return done;
  };

  const frames = Math.floor(tone.length / 160);
  const started = performance.now();
  let sent = 0;
  const beat = setInterval(() => {
    const due = Math.floor((performance.now() - started) / FRAME_MS);
    if (due - sent > CATCH_UP) sent = due - CATCH_UP;
    for (; sent < due; sent++) {
      for (const state of dialogues.values()) {
        if (!state.sound || state.rtpTo === 0) continue;
        const packet = Buffer.alloc(172);
        packet[0] = 0x80;
        packet.writeUInt16BE(sent & 0xffff, 2);
        packet.writeUInt32BE((sent * 160) >>> 0, 4);
        packet.writeUInt32BE(state.rtp.address().port, 8);
        const frame = sent % frames;
        tone.copy(packet, 12, frame * 160, frame * 160 + 160);
        state.rtp.send(packet, state.rtpTo, '127.0.0.1');
      }
    }
  }, FRAME_MS);

  const makeState = async (
    callId: string,
    user: string,
    local: string,
    localTag: string,
    remote: string,
    target: string,
  ): Promise<State> => {
    const rtp = createSocket('udp4');
    rtp.on('error', () => {});
    await new Promise<void>((resolve) => rtp.bind(0, address, resolve));
    const state: State = {
      callId,
      user,
      local,
      localTag,
      remote,
      remoteTarget: target,
      cseq: 1,
      rtp,
      rtpTo: 0,
      sound: false,
      early: 0,
      answeredAt: null,
      endedAt: null,
      over: later(),
      transferred: null,
    };
    // A loud G.711 µ-law sample is far from 0xff and 0x7f, which are silence.
    rtp.on('message', (packet) => {
      if (state.answeredAt === null && packet.subarray(12).some((sample) => (~sample & 0x7f) > 0x40)) state.early++;
    });
    dialogues.set(callId, state);
    return state;
  };
  const finish = (state: State): void => {
    if (state.endedAt !== null) return;
    state.endedAt = performance.now();
    state.sound = false;
    try {
      state.rtp.close();
    } catch {
      // Closed with the switchboard.
    }
    state.over.resolve();
  };
  const sdp = (state: State): string =>
    `v=0\r\no=rig 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n` +
    `m=audio ${state.rtp.address().port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n`;
  const withBody = (head: string, type: string, body: string): string =>
    `${head}${body === '' ? '' : `Content-Type: ${type}\r\n`}Content-Length: ${body.length}\r\n\r\n${body}`;
  const contact = (user: string): string => `<sip:${user}@${address}:${port}>`;

  const respond = (request: Message, status: string, tag: string, extra = '', body = ''): string => {
    const to = request.header('To');
    const head =
      `SIP/2.0 ${status}\r\n` +
      request
        .all('Via')
        .map((via) => `Via: ${via}\r\n`)
        .join('') +
      `From: ${request.header('From')}\r\nTo: ${to}${/;tag=/.test(to) || tag === '' ? '' : `;tag=${tag}`}\r\n` +
      `Call-ID: ${request.header('Call-ID')}\r\nCSeq: ${request.header('CSeq')}\r\n${extra}`;
    const text = withBody(head, 'application/sdp', body);
    send(text);
    return text;
  };

  const request = (state: State, method: string, extra = '', cseq?: number): { text: string; key: string } => {
    const number = cseq ?? ++state.cseq;
    const branch = `z9hG4bK${unique()}`;
    const head =
      `${method} ${state.remoteTarget} SIP/2.0\r\nVia: SIP/2.0/UDP ${address}:${port};branch=${branch}\r\n` +
      `From: ${state.local}\r\nTo: ${state.remote}\r\nCall-ID: ${state.callId}\r\nCSeq: ${number} ${method}\r\n` +
      `Contact: ${contact(state.user)}\r\nMax-Forwards: 70\r\n${extra}`;
    return { text: withBody(head, '', ''), key: branch };
  };
  /** Sends a request inside a dialogue and waits for its final response. */
  const ask = async (state: State, method: string, extra = ''): Promise<number> => {
    const { text, key } = request(state, method, extra);
    const answer = later<number>();
    const done = repeat(text);
    responses.set(key, (message) => {
      done();
      if (message.status >= 200) answer.resolve(message.status);
    });
    try {
      return await within(answer.promise, `an answer to ${method} in ${state.user}'s call`);
    } finally {
      done();
      responses.delete(key);
    }
  };

  const dialogueOf = (state: State): Dialogue => {
    const refer = async (header: string, before = async (): Promise<void> => {}): Promise<void> => {
      state.transferred = later();
      const status = await ask(state, 'REFER', `Refer-To: ${header}\r\nReferred-By: ${contact(state.user)}\r\n`);
      if (status >= 300) throw new Error(`REFER by ${state.user} refused: ${status}`);
      // Success is told by NOTIFY, or by Asterisk ending the call.
      await within(Promise.race([state.transferred.promise, state.over.promise]), `the transfer by ${state.user}`);
      await before();
      if (state.endedAt === null) await dialogue.hangUp();
    };
    const dialogue: Dialogue = {
      user: state.user,
      get answeredAt() {
        return state.answeredAt;
      },
      get endedAt() {
        return state.endedAt;
      },
      ended: () => within(state.over.promise, `the end of ${state.user}'s call`),
      hangUp: async () => {
        if (state.endedAt !== null) return;
        finish(state);
        await ask(state, 'BYE');
      },
      transfer: (target, before) => refer(`<sip:${target}@127.0.0.1:${pbxPort}>`, before),
      transferTo: async (consultation) => {
        const other = internals.get(consultation);
        if (other === undefined) throw new Error('a consultation of another switchboard');
        const remoteTag = tagOf(other.remote);
        const replaces = encodeURIComponent(`${other.callId};to-tag=${remoteTag};from-tag=${other.localTag}`);
        await refer(`<sip:${userOf(other.remote)}@127.0.0.1:${pbxPort}?Replaces=${replaces}>`);
      },
    };
    internals.set(dialogue, state);
    return dialogue;
  };
  const internals = new WeakMap<Dialogue, State>();

  const ring = (invite: Message): Promise<Ringing> => accept(invite);
  const accept = async (invite: Message): Promise<Ringing> => {
    const callId = invite.header('Call-ID');
    const user = userOf(invite.start);
    const tag = unique();
    const local = `${invite.header('To')};tag=${tag}`;
    const state = await makeState(callId, user, local, tag, invite.header('From'), uriOf(invite.header('Contact')));
    state.rtpTo = audioPort(invite.body);
    served.set(callId, respond(invite, '180 Ringing', tag, `Contact: ${contact(user)}\r\n`));
    const cancelled = later<void>();
    let final = false;
    const decline = (status: string, extra = ''): void => {
      if (final) return;
      final = true;
      served.set(callId, respond(invite, status, tag, extra));
      finish(state);
    };
    inviteHandlers.set(callId, (message) => {
      if (message.method !== 'CANCEL') return;
      respond(message, '200 OK', tag);
      decline('487 Request Terminated');
      cancelled.resolve();
    });
    return {
      answer: async () => {
        if (final) throw new Error(`${user}: the call is over, it can't be answered`);
        final = true;
        const text = respond(invite, '200 OK', tag, `Contact: ${contact(user)}\r\n`, sdp(state));
        served.set(callId, text);
        const acknowledged = later<void>();
        const done = repeat(text);
        inviteHandlers.set(callId, (message) => {
          if (message.method === 'ACK') acknowledged.resolve();
        });
        state.sound = true;
        state.answeredAt = performance.now();
        await within(acknowledged.promise, `ACK to ${user}`).finally(done);
        return dialogueOf(state);
      },
      refuse: (status, reason) => decline(`${status} ${reason}`),
      redirect: (target) => decline('302 Moved Temporarily', `Contact: <sip:${target}@127.0.0.1:${pbxPort}>\r\n`),
      cancelled: () => within(cancelled.promise, `CANCEL at ${user}`),
    };
  };

  const onRequest = (message: Message): void => {
    const callId = message.header('Call-ID');
    const state = dialogues.get(callId);
    const newCall = message.method === 'INVITE' && !/;tag=/.test(message.header('To'));
    if (newCall) {
      const before = served.get(callId);
      if (before !== undefined) {
        if (before !== '') send(before);
        return;
      }
      served.set(callId, '');
      const user = userOf(message.start);
      const waiter = waiting.get(user)?.shift();
      if (waiter !== undefined) waiter(message);
      else arrived.set(user, [...(arrived.get(user) ?? []), message]);
      return;
    }
    switch (message.method) {
      case 'ACK':
      case 'CANCEL':
        inviteHandlers.get(callId)?.(message);
        return;
      case 'INVITE':
        if (state !== undefined) {
          state.rtpTo = audioPort(message.body) || state.rtpTo;
          respond(message, '200 OK', state.localTag, `Contact: ${contact(state.user)}\r\n`, sdp(state));
        }
        return;
      case 'BYE':
        respond(message, '200 OK', '');
        if (state !== undefined) finish(state);
        return;
      case 'NOTIFY':
        respond(message, '200 OK', '');
        if (/^SIP\/2\.0 2/.test(message.body)) state?.transferred?.resolve();
        else if (/^SIP\/2\.0 [3-6]/.test(message.body)) {
          state?.transferred?.reject(new Error(`transfer by ${state.user}: ${message.body.split('\r\n')[0]}`));
        }
        return;
      default:
        respond(message, '200 OK', '');
    }
  };
  socket.on('message', (bytes) => {
    const message = parse(bytes.toString('latin1'));
    if (message === null) return;
    if (message.method !== null) onRequest(message);
    else responses.get(/branch=([^;]+)/.exec(message.header('Via'))?.[1] ?? '')?.(message);
  });

  const call = (from: string, to: string, name = ''): Placed => {
    const outcome = later<Dialogue | number>();
    const callId = `${unique()}-${from}`;
    const tag = unique();
    const target = `sip:${to}@127.0.0.1:${pbxPort}`;
    const local = `${name === '' ? '' : `"${name}" `}<sip:${from}@${address}:${port}>;tag=${tag}`;
    const branch = `z9hG4bK${unique()}`;
    const head = (method: string, remote: string): string =>
      `${method} ${target} SIP/2.0\r\nVia: SIP/2.0/UDP ${address}:${port};branch=${branch}\r\nFrom: ${local}\r\n` +
      `To: ${remote}\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\nContact: ${contact(from)}\r\nMax-Forwards: 70\r\n`;
    let mine: State | undefined;
    const begin = async (): Promise<void> => {
      const state = await makeState(callId, from, local, tag, `<${target}>`, target);
      mine = state;
      const done = repeat(withBody(head('INVITE', `<${target}>`), 'application/sdp', sdp(state)));
      responses.set(branch, (message) => {
        done();
        if (message.header('CSeq').endsWith('CANCEL') || message.status < 200) return;
        if (message.status >= 300) {
          send(withBody(head('ACK', message.header('To')), '', ''));
          finish(state);
          outcome.resolve(message.status);
          return;
        }
        state.remote = message.header('To');
        state.remoteTarget = uriOf(message.header('Contact'));
        state.rtpTo = audioPort(message.body);
        send(request(state, 'ACK', '', 1).text);
        // A repeated 200 wants its ACK again, and nothing else.
        if (state.answeredAt !== null) return;
        state.answeredAt = performance.now();
        state.sound = true;
        outcome.resolve(dialogueOf(state));
      });
    };
    void begin().catch(outcome.reject);
    const settled = (): Promise<Dialogue | number> => within(outcome.promise, `an outcome of ${from} calling ${to}`);
    return {
      answered: async () => {
        const result = await settled();
        if (typeof result === 'number') throw new Error(`${from} calling ${to} was refused: ${result}`);
        return result;
      },
      refused: async () => {
        const result = await settled();
        if (typeof result !== 'number') throw new Error(`${from} calling ${to} was answered`);
        return result;
      },
      cancel: async () => {
        send(withBody(head('CANCEL', `<${target}>`), '', ''));
        await settled();
      },
      heardEarly: () => mine?.early ?? 0,
    };
  };

  return {
    call,
    ringing: (user) => {
      const invite = arrived.get(user)?.shift();
      if (invite !== undefined) return ring(invite);
      const found = later<Message>();
      waiting.set(user, [...(waiting.get(user) ?? []), found.resolve]);
      return within(found.promise, `a call to ${user}`).then(ring);
    },
    close: () => {
      clearInterval(beat);
      for (const end of [...ends]) end();
      for (const state of dialogues.values()) finish(state);
      socket.close();
    },
  };
}

interface Later<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function later<T>(): Later<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits hears of it; nobody waiting is no fault.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${WAIT_MS} ms`)), WAIT_MS);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

function parse(text: string): Message | null {
  const split = text.indexOf('\r\n\r\n');
  if (split < 0) return null;
  const [start = '', ...lines] = text.slice(0, split).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const all = (name: string): string[] => headers.filter(([key]) => key === name.toLowerCase()).map(([, v]) => v);
  const status = /^SIP\/2\.0 (\d{3})/.exec(start)?.[1];
  return {
    start,
    method: status === undefined ? (start.split(' ')[0] ?? '') : null,
    status: Number(status ?? 0),
    body: text.slice(split + 4),
    all,
    header: (name) => all(name)[0] ?? '',
  };
}

const userOf = (text: string): string => /sips?:([^@>;]*)@/.exec(text)?.[1] ?? '';
const uriOf = (contact: string): string => /<([^>]*)>/.exec(contact)?.[1] ?? contact;
const tagOf = (address: string): string => /;tag=([^;>\s]+)/.exec(address)?.[1] ?? '';
const audioPort = (sdp: string): number => Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0);
