/**
 * What the dialplan of etc/asterisk does at answer, on the channel that answered (`Dial(…,U(cdrd-answer))`): it notes the
 * CDR's fields and starts the recording, if recording-rule.ts says so. Of its steps those are told that leave a trace.
 */
import type { CdrVariable } from './cdr-engine.ts';
import type { Channel } from './channel.ts';
import { execute, setVariable } from './channel-events.ts';
import type { Pbx } from './pbx.ts';
import { type AnsweredCall, recordingFile } from './recording-rule.ts';
import type { Recording } from './wav.ts';

const CONTEXT = 'cdrd-answer';

export interface AnswerNotes {
  /** `CDR(talkstart)`: epoch seconds as text. */
  readonly talkStart: string;
  /** `CDR(recordingfile)`: absolute path without `.wav`, '' = not recorded. */
  readonly file: string;
  /** Null also when the file could not be opened: Asterisk too goes on then, and its CDR names the recording nevertheless. */
  readonly recording: Recording | null;
}

/** Runs the subroutine; the channel stands in the dialplan afterwards where it stood before. `warn` hears why a recording failed. */
export function answerSubroutine(
  pbx: Pbx,
  channel: Channel,
  call: AnsweredCall,
  warn: (message: string) => void,
): AnswerNotes {
  const before = { context: channel.context, exten: channel.exten, priority: channel.priority };
  let priority = 0;
  channel.inSubroutine = true;
  const step = (application: string, data: string): void => {
    priority += 1;
    Object.assign(channel, { context: CONTEXT, exten: 's', priority });
    execute(pbx, channel, application, data);
  };
  const open = (path: string): Recording | null => {
    try {
      return pbx.recorder.start(path, pbx.clock);
    } catch (error) {
      warn(`no recording: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };

  const talkStart = String(Math.floor(call.answer / 1000));
  const note = (name: CdrVariable, value: string): void => {
    pbx.cdr.setVariable(channel, name, value);
    step('Set', `CDR(${name})=${value}`);
  };
  note('talkstart', talkStart);
  note('calltype', call.callType);
  const file = recordingFile(call, pbx.astdb, pbx.zone, pbx.recorder.exists);
  let recording: Recording | null = null;
  if (file !== '') {
    step('MixMonitor', `${file}.wav,i(CDRD_MONITOR)`);
    setVariable(pbx, channel, 'MIXMONITOR_FILENAME', `${file}.wav`);
    setVariable(pbx, channel, 'CDRD_MONITOR', `0x${pbx.random.hex(12)}`);
    channel.monitored = true;
    pbx.emitChannel('MixMonitorStart', 'call', channel);
    recording = open(`${file}.wav`);
    note('recordingfile', file);
  }
  step('Return', '');
  Object.assign(channel, before);
  channel.inSubroutine = false;
  return { talkStart, file, recording };
}

/**
 * The recording's end, some milliseconds after its channel's: the file is closed, and Debian's build tells tests so, by
 * the only event that ends with one blank line more.
 */
export function endRecording(pbx: Pbx, { file, recording }: AnswerNotes): void {
  recording?.finish();
  const headers = [
    ['Type', 'StateChange'],
    ['State', 'MIXMONITOR_END'],
    ['AppFile', 'app_mixmonitor.c'],
    ['AppFunction', 'mixmonitor_thread'],
    ['AppLine', '838'],
    ['File', file],
  ] as const;
  pbx.emit('TestEvent', 'reporting', headers, 2);
}
