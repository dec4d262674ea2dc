/**
 * Queue: the caller, who has been answered, waits while members ring in rounds (real/inbound_queue.ami); he speaks with the
 * one who answers, or the queue's time runs out (captured), or he gives up (no capture; after apps/app_queue.c).
 */
import type { Header } from './cdr.ts';
import { type Channel, channelHeaders } from './channel.ts';
import { dialEvent, execute, hangUp, setVariable } from './channel-events.ts';
import type { QueueStep, Target } from './plan.ts';
import { openCallee, settle } from './play-dial.ts';
import { converse } from './play-talk.ts';
import { NORMAL, noteAnswer, type Play, type Ringing, SETUP_MS, type Stage, wait } from './stage.ts';

/** Plays the queue to the end of the caller's channel. */
export function* waitInQueue(stage: Stage, caller: Channel, step: QueueStep): Play {
  const { pbx } = stage;
  const queue: Header = ['Queue', step.queue];
  const say = (event: string, more: readonly Header[]): void => {
    pbx.emit(event, 'agent', [...channelHeaders(caller), queue, ...more]);
  };
  const agent = (event: string, { callee, target }: Ringing, more: readonly Header[] = []): void => {
    const name = `${target.party.technology ?? 'SIP'}/${target.party.peer}`;
    const member: readonly Header[] = [queue, ['Interface', name], ['MemberName', name]];
    pbx.emit(event, 'agent', [...channelHeaders(caller), ...channelHeaders(callee, 'Dest'), ...member, ...more]);
  };
  const seconds = (since: number): string => String(Math.floor((pbx.clock.now() - since) / 1000));

  execute(pbx, caller, 'Queue', `${step.queue},,,,20,,,cdrd-answer`);
  const joined = pbx.clock.now();
  say('QueueCallerJoin', [
    ['Position', '1'],
    ['Count', '1'],
  ]);
  for (const round of step.rounds) {
    const begun = pbx.clock.now();
    const ringing = round
      .filter(({ outcome }) => outcome !== 'failed')
      .map((target) => ring(stage, caller, target, agent));
    if (ringing.every(({ target }) => target.through === undefined)) yield SETUP_MS;
    const rang = yield* settle(stage, caller, ringing, undefined, false, (member) => {
      agent('AgentRingNoAnswer', member, [['RingTime', String(pbx.clock.now() - begun)]]);
    });
    const who = ringing.find(({ callee }) => callee === rang.answered);
    if (rang.answered === null || who === undefined) {
      yield* wait(stage, step.retry);
      continue;
    }
    say('QueueCallerLeave', [
      ['Position', '1'],
      ['Count', '0'],
    ]);
    setVariable(pbx, caller, 'QUEUEPOSITION', '1');
    noteAnswer(stage, caller, who.callee);
    const hold: Header = ['HoldTime', seconds(joined)];
    agent('AgentConnect', who, [hold, ['RingTime', seconds(begun)]]);
    const talkStart = pbx.clock.now();
    const complete = (): void => {
      agent('AgentComplete', who, [hold, ['TalkTime', seconds(talkStart)], ['Reason', 'caller']]);
    };
    yield* converse(stage, caller, who.callee, step.talk, joined, complete);
    return;
  }
  if (step.abandonedAfter !== undefined) {
    yield* wait(stage, step.abandonedAfter);
    pbx.emitChannel('HangupRequest', 'call', caller);
  }
  say('QueueCallerAbandon', [
    ['Position', '1'],
    ['OriginalPosition', '1'],
    ['HoldTime', seconds(joined)],
  ]);
  say('QueueCallerLeave', [
    ['Position', '1'],
    ['Count', '0'],
  ]);
  if (step.abandonedAfter === undefined) {
    // The queue's time is over, and the dialplan goes on.
    setVariable(pbx, caller, 'QUEUESTATUS', 'TIMEOUT');
    caller.priority += 1;
    execute(pbx, caller, 'Hangup', '');
  }
  pbx.emitChannel('SoftHangupRequest', 'call', caller, [['Cause', String(NORMAL.cause)]]);
  hangUp(pbx, caller, NORMAL.cause, NORMAL.text);
}

/** One member's channel is opened and called. */
function ring(stage: Stage, caller: Channel, target: Target, agent: (event: string, who: Ringing) => void): Ringing {
  const who = { target, callee: openCallee(stage, caller, target, 'AppQueue') };
  agent('AgentCalled', who);
  if (target.through === undefined) dialEvent(stage.pbx, 'DialBegin', caller, who.callee, target.dialString);
  return who;
}
