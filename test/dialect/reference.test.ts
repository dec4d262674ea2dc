/**
 * README's tables of the dialects are those that the code gives, and have every function that the products' documents name:
 * the names stand here by hand, read in the documents, so that a list that forgets one is found out.
 */
import { describe, expect, test } from 'vitest';
import { DIALECT_NAMES, type DialectName } from '../../cgi/dialect/table.ts';
import { sectionOf } from '../security/rights.ts';
import { dialectReference, functionsOf } from '../support/dialect-reference.ts';
import { inReadme, WRITE_COMMAND } from '../support/readme.ts';

/** Words that must all stand in one entry's name. */
const DOCUMENTED: Readonly<Record<DialectName, readonly string[]>> = {
  // Elastix API Document, Tarek Kalaji, 17 May 2020
  elastix: [
    ...['auth', 'sippeers', 'sipextensions', 'systemresources', 'cdrreport', 'getwavfile', 'getharddrivers'],
    ...['getiptablesstatus', 'activecall', 'addextension', 'updateextension', 'deleteextension'],
    ...['addfollowmeextension', 'updatefollowmeextension', 'deletefollowmeextension', 'getfollowmeextension'],
    'getallfollowmeextensions',
  ],
  // Kolmisoft's wiki, "MOR API local calls get", and "XML API"
  mor: [
    ...['/api/local_calls_get', 'GET /callc/login', 'POST /api/login', '/callc/main', '/api/user_details_get'],
    ...['/users/personal_details', '/users/update_personal_details', '/devices/user_devices', '/devices/callflow'],
    ...['GET /devices/callflow_edit', 'POST /devices/callflow_edit', '/tariffs/user_rates', 'currency'],
    ...['/directions/dg_list_user_destinations', '/tariffs/generate_personal_rates_pdf'],
    ...['/tariffs/generate_personal_rates_csv', '/payments/personal_payments', '/accounting/user_invoices'],
    ...['/services/user_subscriptions', 'GET /stats/call_list', 'POST /stats/call_list', '/stats/call_list_to_pdf'],
    ...['/stats/call_list_to_csv', '/stats/new_calls_list', 'GET /stats/missed_calls', 'POST /stats/missed_calls'],
    ...['processed', 'GET /stats/user_stats', 'POST /stats/user_stats', '/devices/user_device_clis'],
    ...['/devices/cli_add', '/phonebooks/list', '/phonebooks/add_new', '/phonebooks/destroy'],
    ...['GET /stats/faxes_list', 'POST /stats/faxes_list', '/functions/activate_callback'],
  ],
  // voipmonitor.org, "WEB API"
  voipmonitor: [
    ...[
      'scripts/custom_login.php',
      'module=bypass_login',
      'task=LISTING module=CDR',
      'suppress_results',
      'fdatefrom',
      'fdateto',
    ],
    ...['fcaller', 'fcalled', 'fcallerd_type', 'fcaller_domain', 'fcalled_domain', 'fcallerd_domain_type'],
    ...['fcallername', 'fsipcallerip', 'fsipcalledip', 'fsipcallerdip_type', 'fa_saddr', 'fb_saddr', 'fab_saddr_type'],
    ...['fcodec', 'fdurationgt', 'fdurationlt', 'fpddgt', 'fpddlt', 'fsipresponse', 'fbye', 'ftrunk', 'fa_ua', 'fb_ua'],
    ...['fab_ua_type', 'fcallid', 'fsensor_id', 'page', 'start', 'limit', 'sort', 'orderByLoss', 'orderByDelay'],
    ...['orderByFixed1', 'orderByFixed2', 'orderByAdapt', 'orderByCallDuration', 'orderBySrcSIP_IP'],
    ...['orderByDstSIP_IP', 'orderBySrcNumber', 'orderByDstNumber', 'orderByCallerName', 'orderByLastSIPrespNum'],
    ...['frtcp_', 'fmos', 'f_d50', 'floss1', 'ffilterTemplate', 'self_protected_link', 'self_login_link', 'share_link'],
    ...['pcap.php', 'admin.php cdr_filter', 'getVoipCalls', 'getVoiceRecording cdrId', 'getVoiceRecording callId'],
    ...['getVoiceRecording customHeader', 'listActiveCalls', 'handleActiveCall', 'reportSummary', 'getShareURL'],
    ...['getPCAP', 'listCdrIds', 'index.php activecalls', 'pcap2text.php brief_data', 'pcap2text.php brief'],
    ...['pcap2text.php getMSC', 'licenseCheck', 'licenseCallsLimitCheck', 'auditReason'],
  ],
};

describe.each(DIALECT_NAMES)('%s', (name) => {
  test('has an entry for every function of its documents', async () => {
    const names = (await functionsOf(name)).map((each) => each.name);
    const has = (words: string) =>
      names.some((each) => words.split(' ').every((word) => new RegExp(`(?<![\\w/])${word}`).test(each)));
    expect(DOCUMENTED[name].filter((words) => !has(words))).toEqual([]);
  });

  test('says of each once whether it works, and why not', async () => {
    const functions = await functionsOf(name);
    expect(new Set(functions.map((each) => each.name)).size).toBe(functions.length);
    const faulty = functions.filter(
      ({ works, note }) => (works === 'yes') !== (note === '') || note === 'not here yet',
    );
    expect(faulty).toEqual([]);
  });

  test('says by which numbers each goes, as those by hand say that a running box is asked by', async () => {
    const lines = sectionOf('./dialects.txt', name.toUpperCase(), 'function', 'number');
    const byHand = new Map(lines.map((line) => [line.function, line.number.replace('-', '')]));
    const functions = await functionsOf(name);
    expect(functions.map((each) => [each.name, each.numbers?.join(',') ?? ''])).toEqual(
      functions.map((each) => [each.name, each.works === 'no' ? '' : byHand.get(each.name)]),
    );
  });
});

test('the tables are the ones that the lists give', async () => {
  expect(inReadme('dialects'), `run ${WRITE_COMMAND}`).toBe(await dialectReference());
});
