/** Every function of MOR's two documents, in their order: README's table is made of it. */
import type { DialectFunction } from '../function.ts';

const COSTS = 'what a call costs is not known here';
const PBX = 'the PBX is not changed from here';

export const FUNCTIONS: readonly DialectFunction[] = [
  {
    name: 'POST, GET /api/local_calls_get',
    works: 'differs',
    note: 'GET only with `mor.get`; `from` and `till` have ten digits (beside a `till`, `from` may be 0), so that a hash that was seen fits no other request; addresses of phones are in no record: `orignator_ip` and `terminator_ip` are empty; `terminator_user` is a user of `mor.users`; a wrong hash is told before a wrong name, and has to wait; without a secret (30057) `API Requests are disabled`',
  },
  { name: 'GET /callc/login', works: 'differs', note: 'one language, `en`' },
  {
    name: 'POST /api/login',
    works: 'differs',
    note: 'with the accounts of the box, or with an API key as the password and its name as the user, the only way for an account with a second factor; wrong passwords have to wait',
  },
  {
    name: 'GET /callc/main',
    works: 'differs',
    numbers: [30002],
    note: 'without `finances`; missed calls are those of 30 days that nobody has ticked off',
  },
  {
    name: 'POST, GET /api/user_details_get',
    works: 'differs',
    note: '`user_id` and `hash` sent to `/users/personal_details`, or here; GET only with `mor.get`; `u` may be left out',
  },
  {
    name: 'GET /users/personal_details',
    works: 'differs',
    numbers: [30013],
    note: 'without `account`, `balance`, `credit` and `vat_percent`; the others are what was written down by the next function',
  },
  {
    name: 'POST /users/update_personal_details/ID',
    works: 'differs',
    numbers: [30014],
    note: "the 17 fields by the names of their elements (MOR's document names none); what isn't sent stays; an admin may change those of each user",
  },
  {
    name: 'GET /devices/user_devices',
    works: 'differs',
    numbers: [30019],
    note: 'SIP and PJSIP phones of the extensions; `acc` is the extension; without `password`, and without `last_time_registered`, which Asterisk does not remember; `cid` of 200 phones at most, of those that Asterisk tells it of',
  },
  { name: 'GET /devices/callflow/ID', works: 'no', note: PBX },
  { name: 'GET /devices/callflow_edit/ID', works: 'no', note: PBX },
  { name: 'POST /devices/callflow_edit/ID', works: 'no', note: PBX },
  { name: 'GET /tariffs/user_rates', works: 'no', note: COSTS },
  { name: 'GET /directions/dg_list_user_destinations/ID', works: 'no', note: COSTS },
  { name: 'GET /tariffs/generate_personal_rates_pdf/ID', works: 'no', note: COSTS },
  { name: 'GET /tariffs/generate_personal_rates_csv/ID', works: 'no', note: COSTS },
  { name: 'GET /tariffs/user_rates?currency=…', works: 'no', note: COSTS },
  { name: 'GET /payments/personal_payments', works: 'no', note: COSTS },
  { name: 'GET /accounting/user_invoices', works: 'no', note: COSTS },
  { name: 'GET /services/user_subscriptions', works: 'no', note: COSTS },
  {
    name: 'GET /stats/call_list',
    works: 'differs',
    numbers: [9006],
    note: 'today’s calls; without `price` and `currency`; `destination` is what the phone book calls the number that an outgoing call went to, `duration` how long was talked, or rang where nobody answered; the newest 2,000, and `error_msg` says where there are more',
  },
  {
    name: 'POST /stats/call_list',
    works: 'differs',
    numbers: [9006],
    note: 'likewise, of `period_start` to `period_end`; `calltype` may be an outcome too (`answered`, `no answer`, `busy`, `failed`), a device is an extension',
  },
  {
    name: 'GET /stats/call_list_to_pdf/ID',
    works: 'differs',
    numbers: [9005],
    note: 'without `price`; the newest 5,000; characters that Helvetica has not are shown as ?',
  },
  {
    name: 'GET /stats/call_list_to_csv/ID',
    works: 'differs',
    numbers: [9005],
    note: 'without `price`; a cell that a spreadsheet would run begins with an apostrophe',
  },
  {
    name: 'GET /stats/new_calls_list',
    works: 'differs',
    numbers: [9006],
    note: 'those that have ended since the same user looked last, at first and after a restart those of today; 500 at a time',
  },
  {
    name: 'GET /stats/missed_calls',
    works: 'differs',
    numbers: [30039],
    note: 'of 30 days; each call that came in and nobody answered; `missed_total` counts all of the period',
  },
  {
    name: 'POST /stats/missed_calls',
    works: 'differs',
    numbers: [30039],
    note: 'likewise',
  },
  {
    name: 'POST /stats/missed_calls, processed',
    works: 'differs',
    numbers: [30039, 30040],
    note: '`processed` is the `call_id`, or `call_id` the call and `processed` 1 or 0; the tick is that of the worklist on the Dashboard',
  },
  {
    name: 'GET /stats/user_stats',
    works: 'differs',
    numbers: [30002],
    note: 'of this month; without the normatives; a day’s `duration` is what was talked, and that and `avg_time` are minutes',
  },
  {
    name: 'POST /stats/user_stats',
    works: 'differs',
    numbers: [30002],
    note: 'likewise, of 366 days at most',
  },
  {
    name: 'GET /devices/user_device_clis',
    works: 'differs',
    numbers: [30013],
    note: 'without `device_icon`; a device is an extension, an admin’s are those that Asterisk knows',
  },
  {
    name: 'POST /devices/cli_add',
    works: 'differs',
    numbers: [30014],
    note: 'why not stands behind `CLI not created`; the PBX is not told of it',
  },
  {
    name: 'POST /devices/cli_destroy/ID',
    works: 'differs',
    numbers: [30015],
    note: 'MOR’s document has no address that deletes one: this is ours',
  },
  {
    name: 'GET /phonebooks/list/ID',
    works: 'differs',
    numbers: [30013],
    note: 'the box’s phone book, one for all; without `entry_added`; an entry’s id is its number',
  },
  {
    name: 'POST /phonebooks/add_new/ID',
    works: 'differs',
    numbers: [30014],
    note: 'a number that is there already under another name is refused',
  },
  {
    name: 'POST /phonebooks/destroy/ID',
    works: 'differs',
    numbers: [30015],
    note: 'the id is the entry’s number, percent-encoded',
  },
  { name: 'GET /stats/faxes_list/ID', works: 'no', note: 'faxes are not received here' },
  { name: 'POST /stats/faxes_list/ID', works: 'no', note: 'faxes are not received here' },
  {
    name: 'POST /functions/activate_callback',
    works: 'differs',
    numbers: [30020],
    note: 'off until `mor.callback` is on; numbers of `mor.callback_numbers` only; by an admin or a key with the scope `call.place`; `src` is an extension with a phone; needs `originate` in `write` of manager.conf',
  },
];
