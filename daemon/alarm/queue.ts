/**
 * Messages on one way to somebody, in order, until they have arrived: tried again with growing waits, bounded in number and
 * in tries. A message that is newer pushes out the oldest: what is wrong now counts.
 */
import type { WayState } from '../../cgi/alarm/port.ts';
import { retryDelay } from '../asterisk/connection.ts';
import type { Log } from '../log.ts';
import type { Message } from './message.ts';

export interface QueueLimits {
  /** Messages that wait at most. */
  readonly waiting: number;
  /** Tries of one message at most. */
  readonly tries: number;
  /** Milliseconds before the next try. */
  readonly retryMs: { readonly first: number; readonly last: number };
}

export interface QueueOptions {
  readonly way: WayState['way'];
  /** What was waiting at the last stop or kill. */
  readonly from: readonly Message[];
  isOn(): boolean;
  /** Delivers it. @throws {Error} in words for people, when it has not arrived. */
  deliver(message: Message): Promise<void>;
  /** What waits has become another. */
  onChange(): void;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly limits: QueueLimits;
}

export interface Queue {
  put(message: Message): void;
  /** Something was tried beside the queue. @param failure Why it did not arrive; '' = it did. */
  tried(failure: string): void;
  /** The settings have changed: what waits is tried at once, or dropped where the way is off. */
  tryNow(): void;
  waiting(): readonly Message[];
  state(): WayState;
  /** Tries nothing more. What is under way may still arrive, and is sent again after the next start if nobody learns so. */
  close(): void;
}

export function createQueue(options: QueueOptions): Queue {
  const { way, isOn, now, log, limits } = options;
  const messages: Message[] = options.from.slice(-limits.waiting);
  let tries = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending = false;
  let closed = false;
  let lost = 0;
  let arrivedAt: number | null = null;
  let failedAt: number | null = null;
  let why = '';

  function next(): void {
    clearTimeout(timer);
    if (closed || sending) return;
    if (!isOn()) {
      if (messages.splice(0).length > 0) options.onChange();
      return;
    }
    const [message] = messages;
    if (message) void send(message);
  }

  function tried(failure: string): void {
    why = failure;
    if (failure === '') arrivedAt = now();
    else failedAt = now();
  }

  async function send(message: Message): Promise<void> {
    sending = true;
    try {
      await options.deliver(message);
      if (closed) return;
      log.info('a message has arrived', { way, event: message.event, alarm: message.kind });
      tried('');
      done(message);
    } catch (error) {
      if (closed) return;
      failed(message, error);
    } finally {
      sending = false;
    }
    if (tries === 0) next();
    else wait();
  }

  /** It may have been pushed out meanwhile. */
  function done(message: Message): void {
    tries = 0;
    const place = messages.indexOf(message);
    if (place >= 0) messages.splice(place, 1);
    options.onChange();
  }

  function failed(message: Message, error: unknown): void {
    tried(error instanceof Error ? error.message : String(error));
    log.warn('a message did not arrive', { way, event: message.event, alarm: message.kind, why });
    if (++tries < limits.tries) return;
    lost++;
    log.warn('a message is given up', { way, event: message.event, alarm: message.kind });
    done(message);
  }

  function wait(): void {
    timer = setTimeout(next, retryDelay(limits.retryMs, tries - 1));
    timer.unref();
  }

  next();
  return {
    put(message) {
      if (!isOn()) return;
      messages.push(message);
      if (messages.length > limits.waiting) {
        messages.shift();
        tries = 0;
        lost++;
      }
      options.onChange();
      if (tries === 0) next();
    },
    tried,
    tryNow() {
      tries = 0;
      next();
    },
    waiting: () => messages,
    state: () => ({ way, on: isOn(), waiting: messages.length, lost, arrivedAt, failedAt, why }),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
