/**
 * The filter of VoIPmonitor's list of calls: `f…` parameters as those of 9006. What calls can't answer is refused by its
 * name, never passed over. Pure.
 */
import type { CallFilter } from '../../../storage/filter.ts';
import type { CallType } from '../../../storage/model/leg.ts';
import type { Zone } from '../../../storage/model/local-time.ts';
import { type NumberPattern, PatternError, parseNumberPattern } from '../../../storage/model/number-pattern.ts';
import { CgiError } from '../../reply.ts';
import { callIdOf } from './call-id.ts';
import { between } from './moment.ts';
import { RESPONSES, type Response } from './response.ts';

/** What was asked for, each where it was: for the store and for the address of our page alike. */
export interface CallsAsked {
  readonly from: string;
  readonly to: string;
  /** Of the caller, of who was called, or of either. */
  readonly src: string;
  readonly dst: string;
  readonly number: string;
  readonly callerName: string;
  /** Whole seconds, both included. */
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly response: Response | undefined;
  readonly callTypes: readonly CallType[] | undefined;
  readonly callId: string;
}

/** By its beginning: what needs SIP or RTP packets. */
const CAPTURED: readonly (readonly [names: RegExp, what: string])[] = [
  [/^f(caller|called)_domain$/, 'SIP domains'],
  [/^fsipcall(er|ed)ip$/, 'SIP addresses'],
  [/^f[ab]_saddr$/, 'RTP addresses'],
  [/^fcodec$/, 'codecs'],
  [/^fpdd[gl]t$/, 'the post-dial delay'],
  [/^fbye$/, 'who sent BYE'],
  [/^f[ab]_ua$/, 'user agents'],
  [/^(frtcp_\w+|fmos\w+|f_d\d+|floss\d+)$/, 'the quality of sound'],
];
/** They say how another filter is meant, and nothing where that isn't given. */
const MEANINGS: ReadonlySet<string> = new Set([
  'fcallerd_domain_type',
  'fsipcallerdip_type',
  'fab_saddr_type',
  'fab_ua_type',
]);

const NAMES: ReadonlySet<string> = new Set([
  ...['fdatefrom', 'fdateto', 'fcaller', 'fcalled', 'fcallerd_type', 'fcallername', 'fdurationgt', 'fdurationlt'],
  ...['fsipresponse', 'ftrunk', 'fcallid', 'fsensor_id'],
]);

/** Whether a parameter is one of the filter, and one that calls can answer. @throws {CgiError} `invalid`: they can't */
export function isFilter(name: string): boolean {
  if (NAMES.has(name) || MEANINGS.has(name)) return true;
  const what = CAPTURED.find(([names]) => names.test(name))?.[1];
  if (what !== undefined)
    throw new CgiError('invalid', `${name} is not here: it asks for ${what}, which would take captured packets`, name);
  if (name === 'ffilterTemplate') throw new CgiError('invalid', `${name} is not here: save a view instead`, name);
  return false;
}

/** As in sensor.ts. */
const OWN_SENSOR = '1';

/** Characters of a caller's name: Asterisk keeps 80. */
const NAME_MAX = 100;

const EITHER = new Set(['0', 'false']);
const BOTH = new Set(['1', 'true']);

/** @param text A parameter; '' where it wasn't given. @throws {CgiError} `invalid` */
export function callsAsked(text: (name: string) => string): CallsAsked {
  const sensor = text('fsensor_id');
  if (sensor !== '' && sensor !== OWN_SENSOR)
    throw new CgiError('invalid', `fsensor_id: the box is the one sensor there is, ${OWN_SENSOR}`, 'fsensor_id');
  const trunk = yesOrNo('ftrunk', text('ftrunk'));
  const least = plus(wholeOf('fdurationgt', text('fdurationgt')), 1);
  const most = plus(wholeOf('fdurationlt', text('fdurationlt')), -1);
  if (least !== undefined && most !== undefined && least > most)
    throw new CgiError('invalid', 'no call is longer than fdurationgt and shorter than fdurationlt', 'fdurationgt');
  return {
    ...{ from: text('fdatefrom'), to: text('fdateto'), ...numbersAsked(text), callerName: nameAsked(text) },
    ...{
      least,
      most,
      response: responseAsked(text('fsipresponse')),
      callId: text('fcallid') && callIdOf('fcallid', text('fcallid')),
    },
    callTypes:
      trunk === undefined ? undefined : trunk ? ['Inbound', 'Outbound', 'CallBack'] : ['Internal', 'Conference'],
  };
}

/** Each call's name is held against it, so that it is bounded as a name is. */
function nameAsked(text: (name: string) => string): string {
  const name = text('fcallername');
  if (name.length > NAME_MAX)
    throw new CgiError('invalid', `fcallername must have ${NAME_MAX} characters at most`, 'fcallername');
  return name;
}

/** As there, `0` takes one number for either side, and it is `fcaller`. Without a word on it two numbers mean both. */
function numbersAsked(text: (name: string) => string): Pick<CallsAsked, 'src' | 'dst' | 'number'> {
  const [caller, called, type] = [text('fcaller'), text('fcalled'), text('fcallerd_type').toLowerCase()];
  if (type !== '' && !EITHER.has(type) && !BOTH.has(type))
    throw new CgiError('invalid', 'fcallerd_type must be 0 or 1', 'fcallerd_type');
  const either = type === '' ? called === '' : EITHER.has(type);
  if (!either) return { src: caller, dst: called, number: '' };
  if (caller === '' && called !== '')
    throw new CgiError('invalid', 'with fcallerd_type 0 the number stands in fcaller', 'fcalled');
  return { src: '', dst: '', number: caller };
}

function responseAsked(text: string): Response | undefined {
  if (text === '') return undefined;
  const found = RESPONSES.find(({ number }) => number === text);
  if (found) return found;
  const known = RESPONSES.map(({ number }) => number).join(', ');
  throw new CgiError('invalid', `fsipresponse must be one of ${known}: Asterisk records outcomes`, 'fsipresponse');
}

function yesOrNo(name: string, text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === '') return undefined;
  if (BOTH.has(word)) return true;
  if (EITHER.has(word)) return false;
  throw new CgiError('invalid', `${name} must be true or false`, name);
}

function wholeOf(name: string, text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new CgiError('invalid', `${name} must be whole seconds`, name);
  return Number(text);
}

const plus = (number: number | undefined, more: number) => (number === undefined ? undefined : number + more);

/** @throws {CgiError} `invalid` */
export function filterOf(asked: CallsAsked, zone: Zone): CallFilter {
  const { from, to, src, dst, number, callerName, least, most, response, callTypes } = asked;
  return {
    start: between(['fdatefrom', from], ['fdateto', to], zone),
    ...numbers('src', 'fcaller', src),
    ...numbers('dst', 'fcalled', dst),
    ...numbers('number', 'fcaller', number),
    ...(callerName !== '' && { callerName: callerName.replaceAll(/[%*]+/g, '*') }),
    ...((least !== undefined || most !== undefined) && {
      lasted: { ...(least !== undefined && { from: least }), ...(most !== undefined && { to: most }) },
    }),
    ...(response && { dispositions: response.dispositions }),
    ...(callTypes && { callTypes }),
  };
}

/** A filter's numbers under its own name. @param name As the client calls it. @throws {CgiError} `invalid` */
export function numbers<Side extends 'src' | 'dst' | 'number'>(
  side: Side,
  name: string,
  text: string,
): { readonly [each in Side]?: readonly NumberPattern[] } {
  if (text === '') return {};
  const patterns = patternsOf(name, text);
  return { [side]: patterns } as { readonly [each in Side]?: readonly NumberPattern[] };
}

function patternsOf(name: string, text: string): readonly NumberPattern[] {
  if (text.includes('!')) throw new CgiError('invalid', `${name}: numbers to leave out (!) are not here`, name);
  try {
    return parseNumberPattern(wildcard(text));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new CgiError('invalid', `${name}: ${error.message}`, name);
  }
}

/** MySQL's sign for any run of characters, as ours; two of ours at the front of a number, for `*30` is a feature code. */
export function wildcard(text: string): string {
  return text.replaceAll(/(^|,)%/g, '$1**').replaceAll('%', '*');
}
