/** Which of Asterisk's two SIP drivers are loaded: each has phones of its own, and configuration in a file of its own. */
import { CgiError } from '../../reply.ts';
import type { AskAsterisk, AsteriskHeaders } from '../port.ts';

export type SipDriver = 'SIP' | 'PJSIP';

const MODULES = [
  ['SIP', 'chan_sip.so'],
  ['PJSIP', 'chan_pjsip.so'],
] as const;

/** @throws {CgiError} `conflict`: neither, and as {@link AskAsterisk} does. */
export async function sipDrivers(ask: AskAsterisk): Promise<readonly SipDriver[]> {
  const found: SipDriver[] = [];
  for (const [driver, module] of MODULES)
    if (await orElse('Module not loaded', ask.action('ModuleCheck', { Module: module }), null)) found.push(driver);
  if (found.length === 0) throw new CgiError('conflict', 'Asterisk: neither chan_sip nor chan_pjsip is loaded');
  return found;
}

/** Items of a list, none where Asterisk says that there are none: it has an error for that. */
export async function itemsOf(
  list: ReturnType<AskAsterisk['list']>,
  none: string,
): Promise<readonly AsteriskHeaders[]> {
  return (await orElse(none, list, { items: [], end: [] })).items;
}

/** What Asterisk answers, or `other` where it answers with this error, in any case; some have a line break behind them. */
export async function orElse<T, O>(error: string, answer: Promise<T>, other: O): Promise<T | O> {
  try {
    return await answer;
  } catch (fault) {
    const isIt = fault instanceof CgiError && fault.message.trim().toLowerCase() === `asterisk: ${error}`.toLowerCase();
    if (isIt) return other;
    throw fault;
  }
}
