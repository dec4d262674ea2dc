/**
 * `task=shareCdr` of utilities.php: a link to calls by their ids, for whoever holds it (`self_protected_link`) or for who
 * logs in (`self_login_link`). With `type2` = `rtp` their recordings can be heard. The third kind, `share_link`, would hand
 * the calls to a server of VoIPmonitor's makers: nothing leaves the box.
 */
import { CgiError } from '../../reply.ts';
import { CALLS_MAX, type NewLink } from '../../share/shares.ts';
import type { Services } from '../../verb.ts';
import { daysIn } from './days.ts';
import { oneOf } from './names.ts';
import { type Params, textIn } from './request.ts';
import { linkTo, SHARING } from './share-link.ts';
import { notHere, type Task } from './task.ts';

const KINDS: ReadonlyMap<string, NewLink['kind']> = new Map([
  ['self_protected_link', 'public'],
  ['self_login_link', 'login'],
]);

export const shareCdr: Task = {
  like: SHARING,
  async handle(asked) {
    const params = oneOf(asked.sent, ['type', 'type2', 'subType', 'id', 'emailFields', 'days']);
    if (textIn(params, 'type') !== 'share_cdr_show')
      throw new CgiError('invalid', 'type must be share_cdr_show', 'type');
    const kind = kindIn(params);
    const what = textIn(params, 'type2');
    if (what !== '' && what !== 'rtp') throw new CgiError('invalid', 'type2 must be rtp or null', 'type2');
    if ((params.get('emailFields') ?? null) !== null)
      throw notHere('sending the link by mail', 'it is answered here, emailFields must be null');
    const days = daysIn(params);
    const calls = await callsIn(params, asked.services);
    return linkTo({ kind, calls, recordings: what === 'rtp', days }, asked);
  },
};

/** @throws {CgiError} */
function kindIn(params: Params): NewLink['kind'] {
  const subType = textIn(params, 'subType');
  if (subType === 'share_link')
    throw notHere(
      'share_link',
      'it would hand the call to a server of VoIPmonitor’s makers; self_protected_link is the box’s own',
    );
  const kind = KINDS.get(subType);
  if (!kind) throw new CgiError('invalid', `subType must be ${[...KINDS.keys()].join(' or ')}`, 'subType');
  return kind;
}

/** Each once, in their order. @throws {CgiError} `invalid`; `not_found` for the first that there isn't */
async function callsIn(params: Params, { store, medium }: Pick<Services, 'store' | 'medium'>): Promise<number[]> {
  const given = params.get('id') ?? [];
  const ids = [...new Set((Array.isArray(given) ? given : [given]).map(String))];
  if (ids.length === 0 || ids.length > CALLS_MAX || ids.some((id) => !/^[1-9]\d{0,14}$/.test(id)))
    throw new CgiError('invalid', `id must be a list of 1 to ${CALLS_MAX} ids of calls`, 'id');
  for (const id of ids.map(Number))
    if (!(await store.ask('callDetail', { id, present: medium.state().medium ?? null })))
      throw new CgiError('not_found', `there is no call ${id}, or it was deleted`, 'id');
  return ids.map(Number);
}
