/**
 * MOR's callback: the phone `src` rings, and when it is picked up, `dst` is called from where that phone's calls begin. It
 * costs whoever pays for the line: so it is off until it is switched on, calls nothing but what the owner has written down,
 * and asks for a scope of its own. What goes to Asterisk is digits that have been looked at, and a context of Asterisk's own.
 */
import { matchesNumber, parseNumberPattern } from '../../../storage/model/number-pattern.ts';
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { byOf, needsScope } from '../enter.ts';
import { numberIn } from '../form-of.ts';
import { NoAnswer } from '../port.ts';
import { actionReply, type Page } from './page.ts';
import { detailOf, type Phone, phonesOf } from './phones.ts';

const NAME = 'callback';
/** Milliseconds that the first phone rings. */
const RING_MS = 30_000;
const CALLING = { scope: 'call.place', what: 'place calls' } as const;

export const activateCallback: Page = {
  like: { number: 30020, right: 'live.control' },
  action: NAME,
  async answer(asked): Promise<Reply> {
    const { services, caller, request, user, form } = asked;
    if (services.settings.value('mor.callback') !== true) throw new CgiError('denied', 'mor.callback is switched off');
    needsScope(caller, CALLING, request, services);
    const [src = '', acc = ''] = ['src', 'acc'].map((name) => (form.get(name) ?? '').trim());
    const dst = numberIn(form, 'dst');
    needCallable(dst, src, services);
    const phones = await phonesOf(user, services);
    const from = phoneOf(src, phones, 'src');
    // MOR's device: whose number the other side sees.
    const shown = acc === '' ? from : phoneOf(acc, phones, 'acc');
    const context = contextOf((await detailOf(from, services.askAsterisk)).context);
    const detail = { src, dst, acc: shown.extension };
    // Before: what costs money is not done where it can't be noted. A line may so tell of a call that Asterisk refused.
    await services.store.write({
      kind: 'audit',
      audit: { ...byOf(caller, request), action: 'call.placed', detail },
    });
    await originate({ from, shown, dst, context }, services);
    return actionReply(NAME, 'ok', 'Callback activated');
  },
};

/** @throws {CgiError} `invalid` */
function phoneOf(number: string, phones: readonly Phone[], name: string): Phone {
  const phone = phones.find(({ extension }) => extension === number);
  if (!phone) throw new CgiError('invalid', `${name} must be an extension of yours that has a phone`, name);
  return phone;
}

/** @throws {CgiError} `invalid`, `denied` */
function needCallable(dst: string, src: string, { settings }: Services): void {
  if (!/^\+?\d{1,40}$/.test(dst)) throw new CgiError('invalid', 'dst must be a number', 'dst');
  if (dst === src) throw new CgiError('invalid', 'dst must be another number than src', 'dst');
  const patterns = settings.value('mor.callback_numbers') as readonly string[];
  if (!patterns.some((pattern) => matchesNumber(parseNumberPattern(pattern), dst)))
    throw new CgiError('denied', 'dst is not among mor.callback_numbers', 'dst');
}

/** @throws {CgiError} `conflict` */
function contextOf(context: string): string {
  if (!/^[\w-]{1,79}$/.test(context)) throw new CgiError('conflict', 'Asterisk has no context for calls of this phone');
  return context;
}

interface Callback {
  readonly from: Phone;
  readonly shown: Phone;
  readonly dst: string;
  readonly context: string;
}

/** Answered at once: what becomes of it the phones tell. @throws {CgiError} `conflict`, `busy` */
async function originate({ from, shown, dst, context }: Callback, { askAsterisk }: Services): Promise<void> {
  try {
    await askAsterisk.action('Originate', {
      Channel: `${from.type}/${from.extension}`,
      Context: context,
      Exten: dst,
      Priority: '1',
      Timeout: String(RING_MS),
      CallerID: shown.extension,
      Async: 'true',
    });
  } catch (error) {
    // A program that asks again at once would have two calls placed.
    if (error instanceof NoAnswer)
      throw new CgiError(
        'conflict',
        'Asterisk has not answered yet: the call may be placed all the same, do not ask again',
      );
    if (!(error instanceof CgiError) || !/permission denied/i.test(error.message)) throw error;
    throw new CgiError('conflict', 'Asterisk places no calls for cdrd: add originate to write in manager.conf');
  }
}
