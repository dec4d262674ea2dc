/**
 * Links into VoIPmonitor's pages, led on to ours: `admin.php?cdr_filter={…}` to the calls with the same filter in the
 * address, `index.php?activecalls=1` to those in progress. Whoever follows one logs in there, if he hasn't.
 */
import { CgiError, type Reply } from '../../reply.ts';
import type { DialectRequest } from '../dialect.ts';
import { readForm } from '../form.ts';
import { type CallsAsked, callsAsked, isFilter, wildcard } from './filter.ts';
import { wallOf } from './moment.ts';
import { readRelaxed } from './relaxed-json.ts';

const CALLS = '/calls';
const LIVE = '/live-calls';
/** What stands there for "all": a filter without a date means every day. */
const BEGINNING = '2000-01-01 00:00';

/** @throws {CgiError} `invalid` for a filter that our page hasn't. */
export function admin(request: Pick<DialectRequest, 'query'>): Reply {
  const filter = readForm(request.query).get('cdr_filter') ?? '';
  if (filter === '') return { kind: 'redirect', location: '/' };
  const given = readRelaxed('cdr_filter', filter);
  for (const name of given.keys())
    if (!isFilter(name))
      throw new CgiError('invalid', `${name.slice(0, 64)} is not part of a filter`, name.slice(0, 64));
  const query = new URLSearchParams(pageQuery(callsAsked((name) => given.get(name) ?? '')));
  return { kind: 'redirect', location: `${CALLS}?${query}` };
}

export function index(request: Pick<DialectRequest, 'query'>): Reply {
  const wanted = readForm(request.query).get('activecalls') ?? '';
  return { kind: 'redirect', location: wanted === '' || wanted === '0' ? '/' : LIVE };
}

const WORDS: Readonly<Record<string, string>> = { 200: 'ANSWERED', 486: 'BUSY', 487: 'NO ANSWER', 503: 'FAILED' };

/** As the page has it in its address; a name that isn't asked for is left out. */
function pageQuery(asked: CallsAsked): Record<string, string> {
  const { from, to, src, dst, number, callerName, least, most, response, callTypes, callId } = asked;
  if (callerName !== '') throw new CgiError('invalid', 'fcallername is not a filter of the page', 'fcallername');
  const query: Readonly<Record<string, string>> = {
    startdate: clock('fdatefrom', from) || (to === '' ? BEGINNING : ''),
    enddate: clock('fdateto', to),
    number: wildcard(number),
    src: wildcard(src),
    dst: wildcard(dst),
    disposition: response ? (WORDS[response.number] ?? '') : '',
    userfield: (callTypes ?? []).join(','),
    minduration: least === undefined ? '' : String(least),
    maxduration: most === undefined ? '' : String(Math.max(0, most)),
    uniqueid: callId,
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

/** Checked, and with a day alone as its beginning. */
function clock(name: string, text: string): string {
  const wall = wallOf([name, text]);
  return wall === undefined ? '' : new Date(wall * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
