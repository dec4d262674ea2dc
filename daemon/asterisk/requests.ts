/**
 * Actions and their answers: each is asked under an ActionID of ours, which its answer and the events of its list bear. An
 * answer that doesn't come in time, or can't any more, is told as a fault; one that comes too late is nobody's.
 */
import { randomBytes } from 'node:crypto';
import { formatPacket, type Header, type Packet, type PacketLimits } from '../wire/packet.ts';

export interface RequestLimits {
  readonly asked: Pick<PacketLimits, 'line' | 'lines'>;
  readonly answerMs: number;
  readonly actions: number;
}

/** Whoever waits for the answer to an action: one of the two is called, once. */
export interface Waiting {
  answered(packet: Packet): void;
  failed(error: Error): void;
  /** Takes the events that bear the action's id, too. */
  listed?(packet: Packet): void;
  /** Whether nothing comes behind this packet; without it, as lists say it themselves. */
  isLast?(packet: Packet): boolean;
  /** Milliseconds to wait for each packet; without it `limits.answerMs`. */
  readonly ms?: number;
}

export interface Requests {
  /** @returns the id that it was asked under; '' where it wasn't. */
  ask(headers: readonly Header[], then: Waiting): string;
  /** Asks, and gives the answer. @throws as `AsteriskConnection.action` does. */
  action(headers: readonly Header[]): Promise<Packet>;
  /** Asks for a list. @throws as `AsteriskConnection.list` does. */
  list(headers: readonly Header[], heard: (item: Packet) => void): Promise<void>;
  /** Takes an answer. */
  answered(answer: Packet): void;
  /** Whether an event bears one of our ids: then it concerns an action. */
  bearsId(event: Packet): boolean;
  /** Takes an event of a list that is under way. @returns whether it was one. */
  listed(event: Packet): boolean;
  /** No answer comes any more. */
  end(why: string): void;
}

/** Asterisk has been asked and has not answered: whether it has done what it was asked for is not known. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** @param send Writes to Asterisk. */
export function createRequests(limits: RequestLimits, send: (packet: string) => void): Requests {
  const waiting = new Map<string, Waiting>();
  // A caller can bring lines of his own into this stream by line breaks in his number: he must not know what to answer to.
  const nonce = randomBytes(8).toString('hex');
  const ourIds = Buffer.from(`\nActionID: cdrd-${nonce}-`);
  let lastAction = 0;
  let ended = false;

  function ask(headers: readonly Header[], then: Waiting): string {
    const id = `cdrd-${nonce}-${++lastAction}`;
    const packet = formatPacket([...headers, ['ActionID', id]]);
    const hindrance = ended
      ? 'the connection to Asterisk is gone'
      : waiting.size >= limits.actions
        ? 'too many actions are waiting for Asterisk'
        : tooMuch(packet, limits.asked);
    if (hindrance) {
      then.failed(new Error(hindrance));
      return '';
    }
    const settle = () => {
      clearTimeout(late);
      waiting.delete(id);
    };
    const failed = (error: Error) => {
      settle();
      then.failed(error);
    };
    const { listed, isLast, ms = limits.answerMs } = then;
    const late = setTimeout(() => failed(new Unanswered(`no answer to ${headers[0]?.[1]} within ${ms / 1000} s`)), ms);
    const isOver = (packet: Packet) =>
      isLast?.(packet) ?? (!listed || !(packet.first[0] === 'Response' ? beginsList : goesOn)(packet));
    waiting.set(id, {
      answered(packet) {
        if (isOver(packet)) settle();
        else late.refresh();
        then.answered(packet);
      },
      failed,
      ...(listed && {
        listed(packet: Packet) {
          if (isOver(packet)) settle();
          else late.refresh();
          listed(packet);
        },
      }),
    });
    send(packet);
    return id;
  }

  return {
    ask,
    action: (headers) => new Promise((answered, failed) => ask(headers, { answered, failed })),
    list: (headers, heard) =>
      new Promise((done, failed) =>
        ask(headers, {
          answered(packet) {
            if (!beginsList(packet)) failed(new Error(packet.get('Message') || 'no list came'));
          },
          listed(item) {
            heard(item);
            if (!goesOn(item)) done();
          },
          failed,
        }),
      ),
    answered: (answer) => waiting.get(answer.get('ActionID'))?.answered(answer),
    bearsId: (event) => event.raw.includes(ourIds),
    listed(event) {
      const listed = waiting.get(event.get('ActionID'))?.listed;
      listed?.(event);
      return listed !== undefined;
    },
    end(why) {
      ended = true;
      for (const { failed } of [...waiting.values()]) failed(new Unanswered(`Asterisk: ${why}`));
    },
  };
}

/** Why Asterisk would not take a packet as one, in its own words; '' = it takes it. */
function tooMuch(packet: string, { line, lines }: RequestLimits['asked']): string {
  const written = packet.slice(0, -4).split('\r\n');
  if (written.length > lines) return 'Too many lines in message or allocation failure';
  return written.some((each) => Buffer.byteLength(each) > line) ? 'Failed to parse message: line too long' : '';
}

/** Whether events follow an answer (main/manager.c, `astman_send_listack`); older modules say so in words only. */
export function beginsList(answer: Packet): boolean {
  if (answer.get('Response') !== 'Success') return false;
  return /^start$/i.test(answer.get('EventList')) || /will follow/i.test(answer.get('Message'));
}

/** Whether a list goes on behind one of its events. */
export function goesOn(event: Packet): boolean {
  return !/^(complete|cancelled)$/i.test(event.get('EventList')) && !/complete$/i.test(event.get('Event'));
}
