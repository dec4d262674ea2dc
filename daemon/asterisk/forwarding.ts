/**
 * Actions forwarded for the clients of our own AMI: who asked hears its answer and its list, with the ActionID that it gave,
 * and nobody else does. What Asterisk tells everybody of an action afterwards bears the asker's ActionID, too.
 */
import { formatPacket, type Header, type Packet, parsePacket, withActionId } from '../wire/packet.ts';
import { beginsList, goesOn, type Requests } from './requests.ts';

/** Who had an action forwarded: it hears packets in order, then one of the two ends, once. */
export interface Asker {
  /** The answer, then each event of its list, as Asterisk wrote them but for the ActionID. */
  heard(bytes: Buffer): void;
  done(): void;
  /** Asterisk is away, went away, or did not answer in time. */
  failed(error: Error): void;
}

export interface Forwarding {
  /** As `AsteriskConnection.forward`. */
  forward(headers: readonly Header[], actionId: string | null, asker: Asker): void;
  /** Hears every answer. */
  answered(answer: Packet): void;
  /**
   * @param event It bears an id of ours and belongs to no list that is under way.
   * @returns it for everybody, as Asterisk tells the outcome of an Originate or a UserEvent; null: it is nobody's, too late.
   */
  outcome(event: Packet): Packet | null;
}

/** Forwarded actions remembered after their answer: an Originate's outcome comes as an event, minutes later. */
const ASKERS_MAX = 256;

/** @param answerMs Milliseconds to wait for an answer. */
export function createForwarding({ ask }: Pick<Requests, 'ask'>, answerMs: number): Forwarding {
  /** The askers' own ActionIDs by ours, oldest first. */
  const askers = new Map<string, string | null>();

  function forward(headers: readonly Header[], actionId: string | null, asker: Asker): void {
    let id = '';
    const heard = (packet: Packet, over: boolean) => {
      asker.heard(withActionId(packet.raw, id, actionId));
      if (over) asker.done();
    };
    const { failed } = asker;
    if (waitsForCall(headers)) id = originate(headers, heard, failed);
    else
      id = ask(headers, {
        answered: (packet) => heard(packet, !beginsList(packet)),
        listed: (packet) => heard(packet, !goesOn(packet)),
        failed,
      });
    if (id === '') return;
    askers.set(id, actionId);
    const [oldest] = askers.keys();
    if (askers.size > ASKERS_MAX && oldest !== undefined) askers.delete(oldest);
  }

  /**
   * An Originate that is to be answered when the call is: Asterisk's session stands still meanwhile (main/manager.c,
   * `action_originate`), and this one session is everybody's. So it is asked with `Async`, and its outcome is made the
   * answer that the asker would have got.
   */
  function originate(
    headers: readonly Header[],
    heard: (packet: Packet, over: boolean) => void,
    failed: (error: Error) => void,
  ): string {
    const [, timeout = ''] = headers.find(([name]) => /^timeout$/i.test(name)) ?? [];
    const ms = Math.min(Number.parseInt(timeout, 10) || ORIGINATE_MS, ORIGINATE_MAX_MS) + answerMs;
    let id = '';
    id = ask([...headers.filter(([name]) => !/^async$/i.test(name)), ['Async', 'true']], {
      ms,
      isLast: (packet) =>
        packet.first[0] === 'Response' ? packet.first[1] !== 'Success' : packet.first[1] === 'OriginateResponse',
      answered: (packet) => packet.first[1] !== 'Success' && heard(packet, true),
      listed(event) {
        if (event.first[1] !== 'OriginateResponse') return;
        const success = event.get('Response') === 'Success';
        const answer = formatPacket([
          ['Response', success ? 'Success' : 'Error'],
          ['ActionID', id],
          ['Message', success ? 'Originate successfully queued' : 'Originate failed'],
        ]);
        heard(parsePacket(Buffer.from(answer)), true);
      },
      failed,
    });
    return id;
  }

  return {
    forward,
    answered(answer) {
      // The events of a list are for the asker alone, also when that one has given up.
      if (beginsList(answer)) askers.delete(answer.get('ActionID'));
    },
    outcome(event) {
      const id = event.get('ActionID');
      const theirs = askers.get(id);
      return theirs === undefined ? null : parsePacket(withActionId(event.raw, id, theirs));
    },
  };
}

/** How long an Originate rings by itself, and at most as we wait for it, milliseconds. */
const ORIGINATE_MS = 30_000;
const ORIGINATE_MAX_MS = 300_000;

/** Whether Asterisk would answer only when the call is answered, or has failed. */
function waitsForCall(headers: readonly Header[]): boolean {
  // Asterisk skips blanks before a value alone: `true ` is no yes.
  const value = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1].trimStart() ?? '';
  return value('action').toLowerCase() === 'originate' && !/^(yes|true|y|t|1|on)$/i.test(value('async'));
}
