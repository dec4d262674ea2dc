/**
 * Pick-up: a phone dials `*8` and the number of another that rings, and gets its call. Asterisk puts the new phone in the
 * ringing channel's place (ast_do_pickup, a masquerade): from then on the new phone's channel is the dialled one, and the
 * one that rang is left with the dialplan's place of the new one, and ends (captured).
 */
import { type Channel, channelHeaders } from './channel.ts';
import { execute, hangUp, setState } from './channel-events.ts';
import { arrive, callIn, gosub, type Ringing, type Stage } from './stage.ts';

/** The phone of `target.pickedUpBy` takes the call that `callee` is ringing for. Returns its channel, which has answered. */
export function takeOver(stage: Stage, caller: Channel, { target, callee }: Ringing): Channel {
  const { pbx } = stage;
  const { pickedUpBy } = target;
  if (pickedUpBy === undefined) return callee;
  const picker = callIn(stage, pickedUpBy.party, pickedUpBy.dialled, {});
  arrive(stage, picker, pickedUpBy.party);
  gosub(stage, picker, { do: 'gosub', entry: 'cdrd-internal,s,1' });
  picker.priority += 1;
  execute(pbx, picker, 'Pickup', `${target.dialString}@${target.party.context}`);
  picker.connectedNumber = caller.callerNumber;
  picker.connectedName = caller.callerName;
  pbx.emitChannel('NewConnectedLine', 'call', picker);
  setState(pbx, picker, 'Up');
  const pickup = [...channelHeaders(picker)];
  const place = { context: picker.context, exten: picker.exten, priority: picker.priority };
  Object.assign(picker, { exten: callee.exten, priority: 1, dialled: true });
  execute(pbx, picker, 'AppDial', '(Outgoing Line)');
  const ringing = channelHeaders(callee).map(([name, value]) => [`Target${name}`, value] as const);
  pbx.emit('Pickup', 'call', [...pickup, ...ringing]);
  Object.assign(callee, { ...place, dialled: false });
  pbx.cdr.changed(callee);
  pbx.emitChannel('SoftHangupRequest', 'call', callee, [['Cause', '16']]);
  caller.connectedNumber = picker.callerNumber;
  caller.connectedName = picker.callerName;
  pbx.emitChannel('NewConnectedLine', 'call', caller);
  hangUp(pbx, callee, 26, 'Answered elsewhere');
  return picker;
}
