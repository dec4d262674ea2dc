/** What an alarm says: as sentences for people, as a mail, and as the JSON that a webhook is sent. Pure. */
import type { AlarmKind } from '../../cgi/alarm/port.ts';
import { printable } from '../printable.ts';
import type { Change } from './damping.ts';

export interface Message {
  /** Tells a message that is sent again from a new one. */
  readonly id: string;
  readonly event: 'alarm' | 'over' | 'test';
  /** null of a test. */
  readonly kind: AlarmKind | null;
  readonly disk: 'recordings' | 'state' | null;
  /** One sentence. */
  readonly says: string;
  /** Since when it is so, milliseconds since 1970; null: the clock wasn't set. */
  readonly since: number | null;
}

/** Whose message it is. */
export interface Sender {
  readonly host: string;
  readonly version: string;
}

type Subject = AlarmKind | 'disk_full.recordings' | 'disk_full.state';

const WORDS: Readonly<Record<Exclude<Subject, 'disk_full'>, { readonly bad: string; readonly well: string }>> = {
  medium_gone: {
    bad: 'the medium of the recordings is gone or takes no recordings: calls are not recorded',
    well: 'the medium of the recordings is in place again',
  },
  'disk_full.recordings': {
    bad: 'the medium of the recordings is nearly full',
    well: 'the medium of the recordings has room again',
  },
  'disk_full.state': {
    bad: 'the disk of the call records is nearly full',
    well: 'the disk of the call records has room again',
  },
  asterisk_gone: {
    bad: 'Asterisk is gone or does not let cdrd in: live calls, pauses and AMI events are missing',
    well: 'Asterisk is back',
  },
};

/** The sentence of a change. */
export function saying({ condition, bad, unsteady }: Pick<Change, 'condition' | 'bad' | 'unsteady'>): string {
  const words = WORDS[condition.id as keyof typeof WORDS];
  if (!bad) return words.well;
  const why = condition.why === '' ? '' : ` (${printable(condition.why)})`;
  return `${words.bad}${why}${unsteady ? '; it comes and goes, and you are told again when it has kept still' : ''}`;
}

export const TEST_SAYS = 'this is a test: alarms of this box reach you';

/** What a webhook is sent, POST, as JSON. */
export function asJson({ id, event, kind, disk, says, since }: Message, { host, version }: Sender): string {
  const time = since === null ? null : new Date(since).toISOString();
  return JSON.stringify({ id, event, kind, disk, says, since: time, host, program: `cdrd ${version}` });
}

export interface Letter {
  readonly to: readonly string[];
  /** '' = whom the mail system says. */
  readonly from: string;
  /** Milliseconds since 1970; null: the clock isn't set, and the mail system dates it. */
  readonly now: number | null;
}

/**
 * A whole message for sendmail, which finds the recipients in it. Its addresses are checked (cgi/settings/kinds.ts), and the
 * rest is one line each and ASCII, so that nothing in it can be a header of its own.
 */
export function asMail(message: Message, { to, from, now }: Letter, { host, version }: Sender): string {
  const { id, event, says, since } = message;
  const name = host.replace(/[^\w.-]/g, '_').slice(0, 64);
  const word = event === 'alarm' ? 'ALARM' : event === 'over' ? 'all is well again' : 'test';
  const headers = [
    ...(from === '' ? [] : [`From: ${from}`]),
    `To: ${to.join(', ')}`,
    `Subject: [${name}] cdrd: ${word}`,
    ...(now === null ? [] : [`Date: ${new Date(now).toUTCString().replace('GMT', '+0000')}`]),
    `Message-ID: <${id}@${name}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  const capital = `${says.slice(0, 1).toUpperCase()}${says.slice(1)}.`;
  const body = [
    ...wrapped(capital),
    '',
    `Box:   ${name}`,
    `Since: ${since === null ? 'not known, the clock was not set' : new Date(since).toUTCString()}`,
    ...(event === 'alarm' ? ['', 'What is wrong and how to mend it: the page Doctor, or on the box: cdrd doctor'] : []),
    '',
    '-- ',
    `cdrd ${version}`,
  ];
  return `${headers.join('\n')}\n\n${body.join('\n')}\n`;
}

/** Lines of 72 characters at most, where a word isn't longer: a mail's line ends at 998 bytes. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((each) => each.match(/.{1,200}/gsu) ?? [])) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= 72) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
