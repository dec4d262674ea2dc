/**
 * Plays one planned call: the caller's channel, Dial, the callee's channel, the bridge, the end, and every event on the
 * way in the order in which a real Asterisk 16.28 sends them (test/simulator/real/*.ami; left out are the events that only
 * Debian's test build or RTP statistics raise). Each `yield` is a wait in milliseconds, so a call reads from top to bottom.
 */
import type { Disposition } from '../../storage/model/leg.ts';
import { type AnswerNotes, answerSubroutine, endRecording } from './answer-subroutine.ts';
import type { CdrRecord } from './cdr.ts';
import type { Channel } from './channel.ts';
import { bridgeEvent, dialEvent, execute, hangUp, setState, setVariable } from './channel-events.ts';
import type { Pbx } from './pbx.ts';
import type { CallPlan, Outcome } from './scenario.ts';
import type { Recording } from './wav.ts';

/** A call that is over (or was lost in a restart, then without records), as it was placed. */
export interface PlacedCall {
  readonly plan: CallPlan;
  /** UniqueID of the caller's channel, which is the LinkedID too. */
  readonly uniqueId: string;
  /** Asterisk's records of it, in the order written. */
  readonly records: readonly CdrRecord[];
  /** Absolute path of the recording with `.wav`; null = not recorded. */
  readonly recording: string | null;
}

export interface LiveCall {
  readonly plan: CallPlan;
  readonly uniqueId: string;
  /** Records and recording so far. */
  placed(): PlacedCall;
  /** Milliseconds to wait, step by step, until the call is over. */
  readonly steps: Generator<number, void, void>;
  /** The recording, null before it is opened. */
  recording(): Recording | null;
}

/** Options of Dial: those of the guide's `LastData: SIP/204,30,TtKkWwXx`, and our subroutine at answer. */
const DIAL_OPTIONS = 'TtKkWwXxU(cdrd-answer)';
/** Dial's timeout, seconds; a call that nobody answers rings as long as its plan says. */
const DIAL_TIMEOUT = 30;

/** From INVITE to the first ring, and from the callee's hang-up to the closed WAV: milliseconds as seen on real calls. */
const SETUP_MS = 30;
const WAV_CLOSE_MS = 20;

const HOW_IT_ENDS = {
  answered: { dialStatus: 'ANSWER', disposition: 'ANSWERED', cause: 16, text: 'Normal Clearing' },
  busy: { dialStatus: 'BUSY', disposition: 'BUSY', cause: 17, text: 'User busy' },
  noanswer: { dialStatus: 'NOANSWER', disposition: 'NO ANSWER', cause: 16, text: 'Normal Clearing' },
  failed: { dialStatus: 'CHANUNAVAIL', disposition: 'FAILED', cause: 20, text: 'Subscriber absent' },
} as const satisfies Record<Outcome, { dialStatus: string; disposition: Disposition; cause: number; text: string }>;

/** What Dial clears on the caller before it starts (apps/app_dial.c), in its order. */
const DIAL_VARIABLES = [
  'DIALSTATUS',
  'DIALEDPEERNUMBER',
  'DIALEDPEERNAME',
  'ANSWEREDTIME',
  'ANSWEREDTIME_MS',
  'DIALEDTIME',
  'DIALEDTIME_MS',
  'RINGTIME',
  'RINGTIME_MS',
  'PROGRESSTIME',
  'PROGRESSTIME_MS',
] as const;

/** What the parts of a call share. */
interface Stage {
  readonly pbx: Pbx;
  readonly plan: CallPlan;
  readonly caller: Channel;
  /** Dial's arguments. */
  readonly dialData: string;
}

/** Prepares a call: the caller's channel exists, and nothing is said before the first step. `warn` hears why a recording failed. */
export function dialCall(pbx: Pbx, plan: CallPlan, warn: (message: string) => void): LiveCall {
  const timeout = plan.outcome === 'noanswer' ? Math.round(plan.ring) : DIAL_TIMEOUT;
  const caller = pbx.openChannel(plan.caller, plan.dialled);
  const stage: Stage = { pbx, plan, caller, dialData: `SIP/${plan.dialString},${timeout},${DIAL_OPTIONS}` };
  const end = HOW_IT_ENDS[plan.outcome];
  const records: CdrRecord[] = [];
  let notes: AnswerNotes = { talkStart: '', file: '', recording: null };

  const write = (part: RecordPart): void => {
    const record = cdrRecord(stage, part);
    records.push(record);
    pbx.writeCdr(record);
  };

  function* steps(): Generator<number, void, void> {
    arrive(stage);
    const dialStart = pbx.clock.now();
    if (plan.outcome === 'failed') {
      giveUp(stage);
      write({ end: pbx.clock.now() });
      hangUp(pbx, caller, end.cause, end.text);
      return;
    }
    const callee = callOut(stage);
    yield SETUP_MS;
    if (plan.outcome !== 'busy') {
      startRinging(stage, callee);
      yield Math.max(0, Math.round(plan.ring * 1000) - SETUP_MS);
    }
    if (plan.outcome === 'answered') {
      const answer = pbx.clock.now();
      setState(pbx, callee, 'Up');
      setVariable(pbx, caller, 'DIALSTATUS', end.dialStatus);
      setVariable(pbx, caller, 'DIALEDPEERNAME', callee.name);
      setVariable(pbx, caller, 'DIALEDPEERNUMBER', plan.dialString);
      const { callType, trunk, dialled: destination } = plan;
      const source = caller.callerNumber;
      notes = answerSubroutine(pbx, callee, { callType, trunk, source, destination, answer }, warn);
      const bridge = connect(stage, callee);
      yield Math.round(plan.talk * 1000);
      disconnect(stage, callee, { bridge, dialStart, answer }, () => {
        const { file: recordingFile, talkStart } = notes;
        const over = pbx.clock.now();
        write({ destinationChannel: callee.name, answer, end: over, recordingFile, callType, talkStart });
      });
      if (notes.file !== '') {
        yield WAV_CLOSE_MS;
        endRecording(pbx, notes);
      }
      return;
    }
    dialEvent(pbx, 'DialEnd', caller, callee, end.dialStatus);
    hangUp(pbx, callee, end.cause, end.text);
    // The engine closes Dial's record here and opens one for what the dialplan still does: a second record, for Hangup.
    const dialEnd = pbx.clock.now();
    const sequence = pbx.nextSequence();
    giveUp(stage);
    hangUp(pbx, caller, end.cause, end.text);
    write({ destinationChannel: callee.name, end: dialEnd });
    write({ start: dialEnd, end: pbx.clock.now(), lastApplication: 'Hangup', lastData: '', sequence });
  }

  return {
    plan,
    uniqueId: caller.uniqueId,
    placed: () => {
      const recording = notes.file === '' ? null : `${notes.file}.wav`;
      return { plan, uniqueId: caller.uniqueId, records: [...records], recording };
    },
    steps: steps(),
    recording: () => notes.recording,
  };
}

type RecordPart = Partial<CdrRecord> & Pick<CdrRecord, 'end'>;

/** A record of the caller's channel in Dial, unless `part` says otherwise. */
function cdrRecord({ plan, caller, dialData }: Stage, part: RecordPart): CdrRecord {
  return {
    accountCode: caller.accountCode,
    source: caller.callerNumber,
    destination: plan.dialled,
    destinationContext: plan.caller.context,
    callerId: `"${caller.callerName}" <${caller.callerNumber}>`,
    channel: caller.name,
    destinationChannel: '',
    lastApplication: 'Dial',
    lastData: dialData,
    start: caller.created,
    answer: null,
    disposition: HOW_IT_ENDS[plan.outcome].disposition,
    uniqueId: caller.uniqueId,
    userField: '',
    recordingFile: '',
    cidName: '',
    ivr: '',
    dialled: '',
    callType: '',
    talkStart: '',
    linkedId: caller.linkedId,
    sequence: caller.sequence,
    ...part,
  };
}

/** The INVITE arrives and the dialplan reaches Dial. */
function arrive({ pbx, plan, caller, dialData }: Stage): void {
  const { peer } = plan.caller;
  pbx.emitChannel('Newchannel', 'call', caller);
  setVariable(pbx, caller, 'SIPURI', `sip:${peer}@127.0.0.1:6${peer}`);
  setVariable(pbx, caller, 'SIPDOMAIN', '127.0.0.1');
  setVariable(pbx, caller, 'SIPCALLID', caller.sipCallId);
  setState(pbx, caller, 'Ring');
  execute(pbx, caller, 'Gosub', plan.entry);
  caller.priority += 1;
  execute(pbx, caller, 'Dial', dialData);
  for (const name of DIAL_VARIABLES) setVariable(pbx, caller, name, '');
}

/** Dial opens the callee's channel and sends its INVITE. */
function callOut({ pbx, plan, caller }: Stage): Channel {
  const callee = pbx.openChannel(plan.callee, 's', caller);
  pbx.emitChannel('Newchannel', 'call', callee);
  setVariable(pbx, callee, 'SIPCALLID', callee.sipCallId);
  callee.exten = '';
  setVariable(pbx, callee, 'DIALEDPEERNUMBER', plan.dialString);
  // A peer without a caller ID of its own is given the number that was dialled.
  const nameless = callee.callerNumber === '';
  if (nameless) callee.callerNumber = plan.dialled;
  callee.connectedNumber = caller.callerNumber;
  callee.connectedName = caller.callerName;
  callee.exten = plan.dialled;
  execute(pbx, callee, 'AppDial', '(Outgoing Line)');
  if (nameless) {
    const presentation = [['CID-CallingPres', '0 (Presentation Allowed, Not Screened)']] as const;
    pbx.emitChannel('NewCallerid', 'call', callee, presentation);
  }
  pbx.emitChannel('NewConnectedLine', 'call', callee);
  dialEvent(pbx, 'DialBegin', caller, callee, plan.dialString);
  return callee;
}

function startRinging({ pbx, plan, caller }: Stage, callee: Channel): void {
  setState(pbx, callee, 'Ringing');
  pbx.emit('DeviceStateChange', 'call', [
    ['Device', `SIP/${plan.callee.peer}`],
    ['State', 'NOT_INUSE'],
  ]);
  if (plan.callee.number !== '') {
    caller.connectedNumber = callee.callerNumber;
    caller.connectedName = callee.callerName;
    pbx.emitChannel('NewConnectedLine', 'call', caller);
  }
  setVariable(pbx, caller, 'RINGTIME', '0');
  setVariable(pbx, caller, 'RINGTIME_MS', String(SETUP_MS));
  dialEvent(pbx, 'DialState', caller, callee, 'RINGING');
}

/** After the subroutine: the caller is up too, and both are in one bridge, whose id is returned. */
function connect({ pbx, plan, caller }: Stage, callee: Channel): string {
  callee.exten = '';
  dialEvent(pbx, 'DialEnd', caller, callee, HOW_IT_ENDS[plan.outcome].dialStatus);
  setState(pbx, caller, 'Up');
  const bridge = [8, 4, 4, 4, 12].map((length) => pbx.random.hex(length)).join('-');
  bridgeEvent(pbx, 'BridgeCreate', bridge, 0);
  execute(pbx, callee, 'AppDial', '(Outgoing Line)');
  bridgeEvent(pbx, 'BridgeEnter', bridge, 1, callee);
  bridgeEvent(pbx, 'BridgeEnter', bridge, 2, caller);
  for (const [one, other] of [
    [callee, caller],
    [caller, callee],
  ] as const) {
    one.bridgeId = bridge;
    setVariable(pbx, one, 'BRIDGEPEER', other.name);
    setVariable(pbx, one, 'BRIDGEPVTCALLID', other.sipCallId);
  }
  return bridge;
}

/**
 * The caller hangs up. Two threads of Asterisk end the call; their events interleave as `plan.calleeLeavesFirst` says.
 * `writeRecord` is called where the Cdr stands among them.
 */
function disconnect(
  { pbx, plan, caller }: Stage,
  callee: Channel,
  talk: { bridge: string; dialStart: number; answer: number },
  writeRecord: () => void,
): void {
  const { dialStatus, cause, text } = HOW_IT_ENDS[plan.outcome];
  const calleeLeaves = (): void => bridgeEvent(pbx, 'BridgeLeave', talk.bridge, 0, callee);
  const calleeEnds = (): void => {
    bridgeEvent(pbx, 'BridgeDestroy', talk.bridge, 0);
    hangUp(pbx, callee, cause, text);
  };
  pbx.emitChannel('HangupRequest', 'call', caller, [['Cause', String(cause)]]);
  for (const channel of [caller, callee]) {
    channel.bridgeId = '';
    setVariable(pbx, channel, 'BRIDGEPEER', '');
    setVariable(pbx, channel, 'BRIDGEPVTCALLID', '');
  }
  bridgeEvent(pbx, 'BridgeLeave', talk.bridge, 1, caller);
  if (plan.calleeLeavesFirst) calleeLeaves();
  for (const [name, since] of [
    ['ANSWEREDTIME', talk.answer],
    ['DIALEDTIME', talk.dialStart],
  ] as const) {
    const ms = pbx.clock.now() - since;
    setVariable(pbx, caller, name, String(Math.floor(ms / 1000)));
    setVariable(pbx, caller, `${name}_MS`, String(ms));
  }
  setVariable(pbx, caller, 'DIALSTATUS', dialStatus);
  pbx.emitChannel('SoftHangupRequest', 'call', caller, [['Cause', String(cause)]]);
  if (plan.calleeLeavesFirst) calleeEnds();
  hangUp(pbx, caller, cause, text);
  writeRecord();
  if (!plan.calleeLeavesFirst) {
    calleeLeaves();
    calleeEnds();
  }
}

/** Dial gave up: the dialplan goes on to Hangup. */
function giveUp({ pbx, plan, caller }: Stage): void {
  setVariable(pbx, caller, 'DIALSTATUS', HOW_IT_ENDS[plan.outcome].dialStatus);
  caller.priority += 1;
  execute(pbx, caller, 'Hangup', '');
  // The cause is the dialplan's own, not the callee's.
  pbx.emitChannel('SoftHangupRequest', 'call', caller, [['Cause', '16']]);
}
