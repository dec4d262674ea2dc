/** The relay by itself: order, what waits for a commit and how long, and who gets what. Its clock is the test's. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { classesOf } from '../../daemon/ami/classes.ts';
import {
  type AmiEvent,
  classesOfEvent,
  createRelay,
  type Listener,
  type Relay,
  textOf,
} from '../../daemon/ami/relay.ts';
import { amiLimits } from '../../daemon/limits.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';

let relay: Relay;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  relay = createRelay({ ...amiLimits, heldMs: 1_000, heldEvents: 5, heldBytes: 2_000 });
});
afterEach(() => {
  relay.close();
  vi.useRealTimers();
});

const packet = (name: string, privilege = 'call,all') =>
  parsePacket(Buffer.from(`Event: ${name}\r\nPrivilege: ${privilege}\r\n\r\n`));
const hear = (name: string, privilege?: string) => relay.event(packet(name, privilege));

function ours(name: string, sequence: number, classes = 'cdr'): AmiEvent {
  const text = `Event: ${name}\r\nPrivilege: ${classes},all\r\n`;
  return {
    bytes: Buffer.from(`${text}\r\n`),
    extras: Buffer.from(`${text}EventSequence: ${sequence}\r\n\r\n`),
    classes: classesOf(classes),
    sequence,
  };
}

function listen(change: Partial<Listener> = {}): { readonly heard: string[]; readonly chunks: Buffer[] } & Listener {
  const chunks: Buffer[] = [];
  const listener = {
    classes: classesOf('all'),
    extras: false,
    passes: null,
    chunks,
    send: (bytes: Buffer) => void chunks.push(bytes),
    get heard() {
      return [
        ...Buffer.concat(chunks)
          .toString()
          .matchAll(/^Event: (.*)\r$/gm),
      ].map(([, name]) => name ?? '');
    },
    ...change,
  };
  relay.join(listener);
  return listener;
}

describe('order', () => {
  test('is Asterisk’s, and a Cdr keeps its place until it is stored', () => {
    const client = listen();
    hear('A');
    const settle = relay.record();
    hear('B');
    relay.flush();
    expect(client.heard).toEqual(['A']);
    expect(relay.figures.held).toBe(2);
    settle(ours('Cdr', 1));
    relay.flush();
    expect(client.heard).toEqual(['A', 'Cdr', 'B']);
    expect(relay.figures).toEqual({ events: 3, held: 0, late: 0 });
  });

  test('of several records: each at its own place, whatever lies between', () => {
    const client = listen();
    const first = relay.record();
    hear('A');
    const second = relay.record();
    hear('B');
    first(ours('Cdr 1', 1));
    relay.flush();
    expect(client.heard).toEqual(['Cdr 1', 'A']);
    second(ours('Cdr 2', 2));
    relay.flush();
    expect(client.heard).toEqual(['Cdr 1', 'A', 'Cdr 2', 'B']);
  });

  test('a record that was told before, or that the store refuses, leaves no hole', () => {
    const client = listen();
    const settle = relay.record();
    hear('A');
    settle(null);
    settle(ours('Cdr', 1)); // only the first counts
    relay.flush();
    expect(client.heard).toEqual(['A']);
  });

  test('what bears an EventSequence waits for no record with a higher one', () => {
    const client = listen();
    const settle = relay.record();
    hear('A');
    relay.own(ours('AutoMixMonitorEnd', 9, 'agent'));
    settle(ours('Cdr', 10));
    relay.own(ours('AutoMixMonitorEnd', 11, 'agent'));
    relay.flush();
    expect(client.heard).toEqual(['AutoMixMonitorEnd', 'Cdr', 'A', 'AutoMixMonitorEnd']);
  });

  test('a record stored lets go of one before it that is refused and not told yet', () => {
    const client = listen();
    const refused = relay.record();
    hear('A');
    const settle = relay.record();
    settle(ours('Cdr', 2));
    relay.own(ours('Cdr by CSV', 3));
    refused(null);
    relay.flush();
    expect(client.heard).toEqual(['A', 'Cdr', 'Cdr by CSV']);
  });

  test('any course of events: sequences rise, Asterisk’s order is kept, nothing is lost and no Cdr precedes its commit', () => {
    const step = fc.constantFrom('event', 'record', 'commit', 'refuse', 'own', 'flush', 'wait');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        relay.close();
        relay = createRelay({ ...amiLimits, heldMs: 1_000, heldEvents: 12 });
        const client = listen({ extras: true });
        const waiting: ((event: AmiEvent | null) => void)[] = [];
        let events = 0;
        let sequence = 0;
        for (const each of steps) {
          if (each === 'event') hear(`E${++events}`);
          else if (each === 'record') waiting.push(relay.record());
          else if (each === 'commit') waiting.shift()?.(ours('Cdr', ++sequence));
          else if (each === 'refuse') waiting.shift()?.(null);
          else if (each === 'own') relay.own(ours('Own', ++sequence, 'agent'));
          else if (each === 'wait') vi.advanceTimersByTime(400);
          else relay.flush();
        }
        sequence += waiting.length;
        for (const [index, settle] of waiting.entries()) settle(ours('Cdr', sequence - waiting.length + index + 1));
        relay.flush();
        const text = Buffer.concat(client.chunks).toString();
        const numbers = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, number]) => Number(number));
        const oneTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
        expect(numbers(/^EventSequence: (\d+)/gm)).toEqual(oneTo(numbers(/^EventSequence: (\d+)/gm).length));
        expect(numbers(/^Event: E(\d+)/gm)).toEqual(oneTo(events));
        expect(relay.figures.held).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the wait is bounded', () => {
  test('by time: then the others go on, and the Cdr comes when it is stored', () => {
    const client = listen();
    const settle = relay.record();
    hear('A');
    vi.advanceTimersByTime(999);
    relay.flush();
    expect(client.heard).toEqual([]);
    vi.advanceTimersByTime(3);
    hear('B');
    relay.flush();
    expect(client.heard).toEqual(['A', 'B']);
    expect(relay.figures.late).toBe(1);
    settle(ours('Cdr', 1));
    relay.flush();
    expect(client.heard).toEqual(['A', 'B', 'Cdr']);
  });

  test('each record waits its own time', () => {
    const client = listen();
    relay.record();
    hear('A');
    vi.advanceTimersByTime(600);
    const second = relay.record();
    hear('B');
    vi.advanceTimersByTime(500); // the first is over, the second is not
    relay.flush();
    expect(client.heard).toEqual(['A']);
    second(ours('Cdr', 1));
    relay.flush();
    expect(client.heard).toEqual(['A', 'Cdr', 'B']);
  });

  test.each([
    ['by number', (index: number) => `E${index}`, 5],
    ['by bytes', (index: number) => `E${index}${'x'.repeat(700)}`, 3],
  ])('%s: then everything goes on', (_, name, count) => {
    const client = listen();
    const settle = relay.record();
    for (let index = 0; index < count - 1; index++) hear(name(index));
    relay.flush();
    expect(client.heard).toEqual([]);
    hear(name(count - 1));
    relay.flush();
    expect(client.heard).toHaveLength(count);
    expect(relay.figures).toMatchObject({ held: 0, late: 1 });
    settle(ours('Cdr', 1));
    relay.flush();
    expect(client.heard.at(-1)).toBe('Cdr');
  });
});

describe('who gets what', () => {
  test.each([
    ['call,all', 'call', true],
    ['call,all', 'cdr', false],
    ['call,reporting,all', 'call', false], // a listener needs all classes of an event
    ['call,reporting,all', 'call,reporting', true],
    ['<none>', 'cdr', true],
    ['newclass,all', 'cdr,call', false], // one that we don't know is for those who read all
    ['newclass,all', 'all', true],
    ['system,all', '', false],
  ])('Privilege %s for read %s: %s', (privilege, read, gets) => {
    const client = listen({ classes: classesOf(read) });
    hear('A', privilege);
    relay.flush();
    expect(client.heard).toEqual(gets ? ['A'] : []);
  });

  test('an event without a Privilege reaches nobody', () => {
    const client = listen();
    relay.event(parsePacket(Buffer.from('Event: A\r\nX: Privilege: call,all\r\n\r\n')));
    relay.event(parsePacket(Buffer.from('Event: A\r\n\r\n')));
    relay.flush();
    expect(client.heard).toEqual([]);
    expect(classesOfEvent(Buffer.from('Event: A'))).toBe(null);
    expect(classesOfEvent(Buffer.alloc(0))).toBe(null);
  });

  test('listeners that want the same get the very same bytes, and events of one turn together', () => {
    const [one, other, third] = [listen(), listen(), listen({ classes: classesOf('call') })];
    const extra = listen({ extras: true });
    hear('A');
    hear('B', 'dtmf,all');
    relay.own(ours('Cdr', 1));
    relay.flush();
    expect(one.chunks).toHaveLength(1);
    expect(one.chunks[0]).toBe(other.chunks[0]);
    expect(third.heard).toEqual(['A']);
    expect(extra.chunks[0]?.toString()).toContain('EventSequence: 1\r\n');
    expect(one.chunks[0]?.toString()).not.toContain('EventSequence');
  });

  test('what comes in one turn is sent by itself at its end', async () => {
    const client = listen();
    hear('A');
    hear('B');
    expect(client.chunks).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.heard).toEqual(['A', 'B']);
  });

  test('who leaves while others are told is told nothing more', () => {
    const second = listen();
    const first = listen({ send: () => relay.leave(second) });
    relay.leave(second);
    relay.join(second);
    hear('A');
    relay.flush();
    hear('B');
    relay.flush();
    expect(second.heard.length).toBeLessThanOrEqual(1);
    relay.leave(first);
  });

  test('a filter decides on each event for its listener alone', () => {
    const filtered = listen({ passes: (event) => textOf(event).includes('Event: B') });
    const other = listen();
    hear('A');
    hear('B');
    relay.flush();
    expect(filtered.heard).toEqual(['B']);
    expect(other.heard).toEqual(['A', 'B']);
  });

  test('what is wanted is what somebody listens to', () => {
    expect(relay.wanted).toBe(0);
    const one = listen({ classes: classesOf('cdr') });
    listen({ classes: classesOf('dtmf,call') });
    expect(relay.wanted).toBe(classesOf('cdr,dtmf,call'));
    relay.leave(one);
    expect(relay.wanted).toBe(classesOf('dtmf,call'));
  });
});

test('of what waits little is copied, however many records are stored one after the other', () => {
  const many = 4_000;
  relay.close();
  relay = createRelay({ ...amiLimits, heldEvents: many + 1 });
  const listener = listen();
  const settle = Array.from({ length: many }, () => relay.record());
  let copied = 0;
  const slice = vi.spyOn(Array.prototype, 'slice').mockImplementation(function (this: unknown[], from = 0, to) {
    const part: unknown[] = [];
    for (let at = from; at < (to ?? this.length); at++) part.push(this[at]);
    copied += part.length;
    return part;
  });
  try {
    for (const [index, give] of settle.entries()) give(ours(`Cdr${index}`, index));
  } finally {
    slice.mockRestore();
  }
  relay.flush();
  expect(listener.heard).toEqual(Array.from({ length: many }, (_, index) => `Cdr${index}`));
  expect(copied).toBeLessThanOrEqual(2 * many);
  expect(relay.figures.held).toBe(0);
});

test('however many records are stored one after the other, a few timers watch over them', () => {
  const set = vi.spyOn(globalThis, 'setTimeout');
  try {
    const settle = Array.from({ length: 5 }, () => relay.record());
    for (const [index, give] of settle.entries()) give(ours(`Cdr${index}`, index));
    for (let index = 5; index < 1_000; index++) relay.record()(ours(`Cdr${index}`, index));
    expect(set.mock.calls.length).toBeLessThan(5);
  } finally {
    set.mockRestore();
  }
  expect(relay.figures.held).toBe(0);
});
