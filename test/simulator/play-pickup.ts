/**
 * Pick-up: a phone dials `*8` and the number of another that rings, and gets its call. Asterisk puts the new phone in the
 * ringing channel's place (ast_do_pickup, a masquerade): the dialled channel keeps its UniqueID and takes the new phone's
 * name, and the new phone's own channel ends under the old one's name. No capture; after main/pickup.c and main/channel.c.
 */
import { channelHeaders } from './channel.ts';
import { execute, hangUp, setState } from './channel-events.ts';
import { arrive, callIn, type Ringing, type Stage } from './stage.ts';

/** The phone of `who.target.pickedUpBy` takes the call that `who` is ringing for. */
export function takeOver(stage: Stage, { target, callee }: Ringing): void {
  const { pbx } = stage;
  const { pickedUpBy } = target;
  if (pickedUpBy === undefined) return;
  const picker = callIn(stage, pickedUpBy.party, pickedUpBy.dialled, {});
  arrive(stage, picker, pickedUpBy.party);
  execute(pbx, picker, 'Pickup', `${target.dialString}@${target.party.context}`);
  pbx.emitChannel('Pickup', 'call', picker, [
    ...channelHeaders(callee).map(([name, value]) => [`Target${name}`, value] as const),
  ]);
  setState(pbx, picker, 'Up');
  const [old, taken] = [callee.name, picker.name];
  const rename = (channel: typeof callee, name: string): void => {
    pbx.emit('Rename', 'call', [
      ['Channel', channel.name],
      ['Newname', name],
      ['Uniqueid', channel.uniqueId],
    ]);
    pbx.channels.delete(channel.name);
    channel.name = name;
    pbx.channels.set(name, channel);
  };
  rename(picker, `${taken}<MASQ>`);
  rename(callee, taken);
  rename(picker, `${old}<ZOMBIE>`);
  setState(pbx, callee, 'Up');
  hangUp(pbx, picker, 26, 'Answered elsewhere');
}
