/**
 * A call boiled down to what a real and a simulated PBX must have in common: its records by Sequence, and of each channel
 * what happens to it, in order. Names, numbers and times are replaced by the order in which they appear. Between channels
 * no order is kept, because on a real box each is a thread of its own.
 */

/** Events that are compared, and the header that belongs to each; '' = none. */
const EVENTS: Readonly<Record<string, string>> = {
  Newchannel: '',
  Newstate: 'ChannelStateDesc',
  DialBegin: '',
  DialEnd: 'DialStatus',
  BridgeEnter: 'BridgeNumChannels',
  BridgeLeave: 'BridgeNumChannels',
  Hangup: 'Cause',
  Pickup: '',
  QueueCallerJoin: '',
  QueueCallerLeave: '',
  QueueCallerAbandon: '',
  AgentCalled: '',
  AgentRingNoAnswer: '',
  AgentConnect: '',
};
/** Ringing is told by two threads in no fixed order, and twice where a phone says it twice. */
const LEFT_OUT = new Set(['Newstate Ringing']);

type Block = ReadonlyMap<string, string>;

function blocks(text: string): Block[] {
  return text
    .split(/(?:\r?\n){2,}/)
    .map((block) => {
      const lines = block.split(/\r?\n/).map((line) => /^([^:]+): ?(.*)$/.exec(line));
      return new Map(lines.flatMap((found) => (found === null ? [] : [[found[1] ?? '', found[2] ?? ''] as const])));
    })
    .filter((block) => block.has('Event'));
}

/** Gives out A, B, C … (or 1, 2, 3 …) by first appearance. */
function namer(name: (index: number) => string): (value: string) => string {
  const seen = new Map<string, string>();
  return (value) => {
    if (value === '') return '-';
    const known = seen.get(value) ?? name(seen.size);
    seen.set(value, known);
    return known;
  };
}
const letter = (index: number): string => String.fromCharCode(65 + index);
const digit = (index: number): string => String(index + 1);

/** The summary of one call's AMI events, as lines. */
export function summarise(text: string): string {
  const all = blocks(text);
  const get = (block: Block, name: string): string => block.get(name) ?? '';
  const channel = namer(letter);
  // The channels in the order of their UniqueIDs, whatever thread spoke first.
  for (const block of all) if (get(block, 'Event') === 'Newchannel') channel(get(block, 'Channel'));
  const number = namer(digit);
  const linked = namer(digit);

  const records = all.filter((block) => get(block, 'Event') === 'Cdr');
  records.sort((one, other) => Number(get(one, 'Sequence')) - Number(get(other, 'Sequence')));
  const first = Number(get(records[0] ?? new Map(), 'Sequence'));
  const told = records.map((block) => {
    const yes = (name: string, word: string): string => (get(block, name) === '' ? '' : ` ${word}`);
    return [
      `record +${Number(get(block, 'Sequence')) - first}`,
      `${channel(get(block, 'Channel'))}>${channel(get(block, 'DestinationChannel'))}`,
      `to ${number(get(block, 'Destination'))}`,
      get(block, 'LastApplication'),
      get(block, 'Disposition') + yes('AnswerTime', 'answered') + yes('Recording File Name', 'recorded'),
      `call ${linked(get(block, 'LinkedID'))}`,
    ].join(' | ');
  });

  const happened = new Map<string, string[]>();
  for (const block of all) {
    const event = get(block, 'Event');
    const header = EVENTS[event];
    if (header === undefined) continue;
    const what = header === '' ? event : `${event} ${get(block, header)}`;
    const name = get(block, 'Channel');
    if (LEFT_OUT.has(what) || name.startsWith('CBAnn/')) continue;
    const list = happened.get(name) ?? [];
    list.push(get(block, 'DestChannel') === '' ? what : `${what} ${channel(get(block, 'DestChannel'))}`);
    happened.set(name, list);
  }
  const lives = [...happened].map(
    ([name, events]) => `${name.replace(/\/.*/, '')} ${channel(name)}: ${events.join(', ')}`,
  );
  return [...told, ...lives.sort((a, b) => a.slice(a.indexOf(' ')).localeCompare(b.slice(b.indexOf(' '))))].join('\n');
}
