/** `cmd=parkedcalls` and `cmd=channelstatus`: the events of an AMI list as Asterisk writes them, printed as a page of text. */
import { type Command, TEXT_TYPE } from './command.ts';
import { eventText } from './headers.ts';

/** Of channels that wait in a parking lot. */
export const parkedCalls = eventsOf('ParkedCalls');
/** Of every channel. */
export const channelStatus = eventsOf('Status');

function eventsOf(action: string): Command {
  return {
    like: { number: 30019, right: 'live.read' },
    type: TEXT_TYPE,
    async answer(_request, { askAsterisk }) {
      const { items, end } = await askAsterisk.list(action);
      return { kind: 'text', status: 200, type: TEXT_TYPE, text: [...items, end].map(eventText).join('') };
    },
  };
}
