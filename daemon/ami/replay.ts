/**
 * `Action: CdrdReplay`: events of ours told again from the store, page by page, and live ones in their turn behind them.
 */
import { formatPacket, type Packet } from '../wire/packet.ts';
import { includes, maskOf } from './classes.ts';
import { type Conversation, header, type Replay, type Replayed } from './conversation.ts';
import { passesFilters } from './filter.ts';
import { formOf, textOf } from './relay.ts';

/**
 * `Since: N`: the events of ours after that EventSequence, oldest first, as a list; live ones of ours are held back
 * meanwhile and come in their turn, so that nothing is missing and nothing comes twice. `EventMask` may come with it and
 * holds from here on: who logs in with `Events: off` and gives it here sees each event once, those of that moment too.
 */
export async function replay(request: Packet, conversation: Conversation): Promise<void> {
  const refuse = (why: string) => conversation.answer(request, 'Error', ['Message', why]);
  const since = header(request, 'Since');
  if (!/^\d{1,15}$/.test(since)) return refuse('Since must be an EventSequence');
  const { services, answer, event } = conversation;
  services.relay.flush(); // what was before goes by the old mask
  const before = conversation.mask;
  const held: Replayed = { events: [] };
  conversation.replayed = held;
  conversation.mask = maskOf(header(request, 'EventMask')) ?? before;
  try {
    let page = await services.replay.after(Number(since));
    services.relay.flush();
    const refusal = unknownSince(Number(since), page);
    if (refusal !== '') {
      refuse(refusal);
      if (conversation.mask === before) for (const { bytes } of held.events) event(bytes);
      conversation.mask = before;
      return;
    }
    services.onListening();
    const id = header(request, 'ActionID');
    answer(request, 'Success', ['EventList', 'start'], ['Message', 'Events will follow']);
    let last = Number(since);
    let count = 0;
    while (!conversation.closed) {
      const user = conversation.user(); // its rights may have changed
      const told = page.events.filter(
        (made) =>
          includes(user.readClasses, made.classes) &&
          (conversation.filters.length === 0 || passesFilters(conversation.filters, textOf(made))),
      );
      const forms = told.flatMap((made) => formOf(made, user.extras) ?? []);
      if (forms.length > 0) event(Buffer.concat(forms));
      count += forms.length;
      last = Math.max(last, page.last);
      services.relay.flush();
      // What was told live before the page was asked for is in the store; so what is in no page was told since.
      if (last >= page.newest) break;
      await conversation.drained();
      held.events = [];
      page = await services.replay.after(last);
      if (unknownSince(last, page) === '') continue;
      // It read more slowly than the store forgets: when it asks again from what it has seen, the answer tells it.
      services.log.warn('a replay was given up: what came next is kept no longer', {
        user: conversation.user().name,
        last,
      });
      return conversation.end();
    }
    for (const { sequence, bytes } of held.events) {
      if (sequence <= last) continue;
      event(bytes);
      last = sequence;
      count++;
    }
    event(
      formatPacket([
        ['Event', 'CdrdReplayComplete'],
        ...(id === '' ? [] : [['ActionID', id] as const]),
        ['EventList', 'Complete'],
        ['ListItems', count],
        ['EventSequence', last],
      ]),
    );
  } finally {
    conversation.replayed = null;
  }
}

/** Why nothing can be told from there on; '' = it can. */
function unknownSince(since: number, { oldest, newest }: Awaited<ReturnType<Replay['after']>>): string {
  if (oldest !== null && since + 1 < oldest)
    return `What came before EventSequence ${oldest} is kept no longer: ask Since: ${oldest - 1}`;
  // A store that was set up anew or restored: to go on from there would miss all up to it.
  return since > newest ? `There is no EventSequence ${since} yet: the newest is ${newest}` : '';
}
