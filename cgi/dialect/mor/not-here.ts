/** Pages of MOR's for what this box hasn't got: each says so in the form of a page, and is never an empty list. */
import { ERROR_STATUS } from '../../reply.ts';
import { LANGUAGE, type Page, pageReply } from './page.ts';

/** @param why For people, in whole. */
const notHere = (pagename: string, why: string): Page => ({
  like: { number: 30037, right: 'session.own' },
  answer: ({ user }) =>
    pageReply(pagename, [LANGUAGE, ['error_msg', why], ['userid', user.id]], ERROR_STATUS.not_found),
});

const COSTS = 'This box does not know what a call costs';
const NO_CHANGE = 'The PBX is not configured from here';

const callFlow = notHere('Call Flow', NO_CHANGE);
const callState = notHere('Call State', NO_CHANGE);
const rates = notHere('Rates', `${COSTS}: there are no rates and no currencies`);
const faxes = notHere('Faxes', 'This box does not receive faxes');

/** By method and address, as mor.ts has them. */
export const NOT_HERE: Readonly<Record<string, Page>> = {
  'GET /devices/callflow/': callFlow,
  'GET /devices/callflow_edit/': callState,
  'POST /devices/callflow_edit/': callState,
  'GET /tariffs/user_rates': rates,
  'GET /tariffs/generate_personal_rates_pdf/': rates,
  'GET /tariffs/generate_personal_rates_csv/': rates,
  'GET /directions/dg_list_user_destinations/': notHere('Destinations', `${COSTS}: there is no list of destinations`),
  'GET /payments/personal_payments': notHere('Payments', `${COSTS}: there are no payments`),
  'GET /accounting/user_invoices': notHere('Invoices', `${COSTS}: there are no invoices`),
  'GET /services/user_subscriptions': notHere('User subscriptions', `${COSTS}: there are no subscriptions`),
  'GET /stats/faxes_list/': faxes,
  'POST /stats/faxes_list/': faxes,
};
