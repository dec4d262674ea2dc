/** Every function of VoIPmonitor's WEB API, in the order of its page. README's table is made of it. */
import type { DialectFunction } from '../function.ts';

const capture = (name: string): DialectFunction => ({
  name,
  works: 'no',
  note: 'needs SIP or RTP capture; an error that names it',
});

export const FUNCTIONS: readonly DialectFunction[] = [
  {
    name: 'custom login (LDAP, scripts/custom_login.php)',
    works: 'no',
    note: 'the box runs no PHP; accounts and API keys are its own',
  },
  {
    name: 'sql.php module=bypass_login',
    works: 'differs',
    note: 'the session is one of the pages; an account with a second factor and an API key have none',
  },
  {
    name: 'Disable authorization for API usage',
    works: 'no',
    note: 'who asks is always known',
  },
  {
    name: 'sql.php task=LISTING module=CDR',
    works: 'differs',
    numbers: [9006],
    note: 'rows hold what Asterisk records: id, times, lengths, numbers, name, response, fbasename (the UniqueID)',
  },
  {
    name: 'LISTING suppress_results',
    works: 'yes',
    note: '',
  },
  {
    name: 'LISTING fdatefrom, fdateto',
    works: 'yes',
    note: '',
  },
  {
    name: 'LISTING fcaller, fcalled, fcallerd_type',
    works: 'differs',
    note: 'also ranges (201-205) and * and ?; without fcallerd_type two numbers mean both; ! is an error',
  },
  capture('LISTING fcaller_domain, fcalled_domain, fcallerd_domain_type'),
  {
    name: 'LISTING fcallername',
    works: 'yes',
    note: '',
  },
  capture('LISTING fsipcallerip, fsipcalledip, fsipcallerdip_type'),
  capture('LISTING fa_saddr, fb_saddr, fab_saddr_type'),
  capture('LISTING fcodec'),
  {
    name: 'LISTING fdurationgt, fdurationlt',
    works: 'yes',
    note: '',
  },
  capture('LISTING fpddgt, fpddlt'),
  {
    name: 'LISTING fsipresponse',
    works: 'differs',
    note: 'Asterisk records outcomes: 200 answered, 486 busy, 487 no answer, 503 failed; any other is an error',
  },
  capture('LISTING fbye'),
  {
    name: 'LISTING ftrunk',
    works: 'differs',
    note: 'true: calls that came or went by a trunk; false: calls inside',
  },
  capture('LISTING fa_ua, fb_ua, fab_ua_type'),
  {
    name: 'LISTING fcallid',
    works: 'differs',
    note: 'a UniqueID or LinkedID of Asterisk',
  },
  { name: 'LISTING fsensor_id', works: 'differs', note: 'the box is the one sensor there is, 1' },
  {
    name: 'LISTING page, start, limit',
    works: 'differs',
    note: '1,000 calls without limit, 100,000 at most; total always counts all',
  },
  {
    name: 'LISTING sort',
    works: 'differs',
    note: 'one property: calldate, calldate2, duration, connect_duration, caller, callername, called, lastSIPresponse, lastSIPresponseNum; but for calldate 100,000 calls at most',
  },
  {
    name: 'LISTING orderByCallDuration, orderBySrcNumber, orderByDstNumber, orderByCallerName, orderByLastSIPrespNum, each with _asc or _desc',
    works: 'yes',
    note: '',
  },
  capture(
    'LISTING orderByLoss, orderByDelay, orderByFixed1, orderByFixed2, orderByAdapt, orderBySrcSIP_IP, orderByDstSIP_IP',
  ),
  capture('LISTING frtcp_…, fmos…, f_d50 to f_d300, floss1 to floss10, ffilterTemplate'),
  {
    name: 'LISTING, calls summed up by response',
    works: 'differs',
    note: 'asked for with group=lastSIPresponse; without the figures of quality',
  },
  {
    name: 'utilities.php task=shareCdr self_protected_link',
    works: 'differs',
    numbers: [9006],
    note: 'the link shows the call as Asterisk recorded it, with type2 rtp its recording; it ends after days (7) and can be revoked; a key needs the scope `cdr.share`',
  },
  {
    name: 'utilities.php task=shareCdr self_login_link',
    works: 'differs',
    numbers: [9006],
    note: 'the same for whoever logs in; emailFields must be null',
  },
  {
    name: 'utilities.php task=shareCdr share_link',
    works: 'no',
    note: 'would hand the call to a server of VoIPmonitor’s makers',
  },
  capture('pcap.php'),
  {
    name: 'admin.php?cdr_filter=',
    works: 'differs',
    note: 'leads to the calls page, whose bounds of duration hold for the talk, too; fcallername is an error',
  },
  {
    name: 'api.php task=getVoipCalls',
    works: 'differs',
    numbers: [9006],
    note: 'fields as those of LISTING, id is cdrId and fbasename callId; header names and customHeaders are errors',
  },
  {
    name: 'api.php task=getVoiceRecording cdrId',
    works: 'differs',
    numbers: [20036],
    note: 'the very WAV file, which begins with the answer whatever saveaudio_afterconnect says; ogg is an error',
  },
  {
    name: 'api.php task=getVoiceRecording callId',
    works: 'differs',
    numbers: [20036],
    note: 'callId is a UniqueID or LinkedID of Asterisk; several recordings come with zip only',
  },
  capture('api.php task=getVoiceRecording customHeader'),
  {
    name: 'api.php task=listActiveCalls',
    works: 'differs',
    numbers: [30019],
    note: 'without addresses and codecs, which need capture; with state, direction, trunks and recording; sensorId is 1',
  },
  {
    name: 'api.php task=handleActiveCall',
    works: 'differs',
    numbers: [30020],
    note: 'pausecall and unpausecall pause the recording; nothing else of the call changes',
  },
  {
    name: 'api.php task=reportSummary',
    works: 'differs',
    numbers: [30002],
    note: 'report_name is a shared view of the calls page; the figures of its calls by response',
  },
  {
    name: 'api.php task=getShareURL',
    works: 'differs',
    numbers: [9006],
    note: 'as shareCdr self_protected_link, by a UniqueID or LinkedID; sip_history needs capture and is an error',
  },
  capture('api.php task=getPCAP'),
  {
    name: 'api.php task=listCdrIds',
    works: 'yes',
    numbers: [9006],
    note: '',
  },
  {
    name: 'index.php?activecalls=1&hidegrid=1&hidemenu=1',
    works: 'differs',
    note: 'leads to the live page, menu and all',
  },
  capture('pcap2text.php action=brief_data'),
  capture('pcap2text.php action=brief'),
  capture('pcap2text.php action=getMSC'),
  {
    name: 'apilicensecheck.php task=licenseCheck',
    works: 'yes',
    note: '',
  },
  {
    name: 'apilicensecheck.php task=licenseCallsLimitCheck',
    works: 'differs',
    note: 'there is no limit',
  },
  {
    name: 'auditReason',
    works: 'yes',
    note: '',
  },
];
