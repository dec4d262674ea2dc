/** Every function of MOR's two documents, in their order: README's table is made of it. */
import type { DialectFunction } from '../function.ts';

const COSTS = 'what a call costs is not known here';
const PBX = 'the PBX is not changed from here';
const SOON = 'not here yet';

export const FUNCTIONS: readonly DialectFunction[] = [
  {
    name: 'POST, GET /api/local_calls_get',
    works: 'differs',
    note: 'GET only with `mor.get`; addresses of phones are in no record: `orignator_ip` and `terminator_ip` are empty; `terminator_user` is a user of `mor.users`; a wrong hash is told before a wrong name, and has to wait; without a secret (30057) `API Requests are disabled`',
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
    note: 'without `finances`; missed calls are those of 30 days that nobody has ticked off',
  },
  { name: 'POST, GET /api/user_details_get', works: 'no', note: SOON },
  { name: 'GET /users/personal_details', works: 'no', note: SOON },
  { name: 'POST /users/update_personal_details/ID', works: 'no', note: SOON },
  { name: 'GET /devices/user_devices', works: 'no', note: SOON },
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
  { name: 'GET /stats/call_list', works: 'no', note: SOON },
  { name: 'POST /stats/call_list', works: 'no', note: SOON },
  { name: 'GET /stats/call_list_to_pdf/ID', works: 'no', note: SOON },
  { name: 'GET /stats/call_list_to_csv/ID', works: 'no', note: SOON },
  { name: 'GET /stats/new_calls_list', works: 'no', note: SOON },
  { name: 'GET /stats/missed_calls', works: 'no', note: SOON },
  { name: 'POST /stats/missed_calls', works: 'no', note: SOON },
  { name: 'POST /stats/missed_calls, processed', works: 'no', note: SOON },
  { name: 'GET /stats/user_stats', works: 'no', note: SOON },
  { name: 'POST /stats/user_stats', works: 'no', note: SOON },
  { name: 'GET /devices/user_device_clis', works: 'no', note: SOON },
  { name: 'POST /devices/cli_add', works: 'no', note: SOON },
  { name: 'GET /phonebooks/list/ID', works: 'no', note: SOON },
  { name: 'POST /phonebooks/add_new/ID', works: 'no', note: SOON },
  { name: 'POST /phonebooks/destroy/ID', works: 'no', note: SOON },
  { name: 'GET /stats/faxes_list/ID', works: 'no', note: 'faxes are not received here' },
  { name: 'POST /stats/faxes_list/ID', works: 'no', note: 'faxes are not received here' },
  { name: 'POST /functions/activate_callback', works: 'no', note: SOON },
];
