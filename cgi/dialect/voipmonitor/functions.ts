/** Every function of VoIPmonitor's WEB API, in the order of its page. README's table is made of it. */
import type { DialectFunction } from '../function.ts';

const capture = (name: string): DialectFunction => ({
  name,
  works: 'no',
  note: 'needs SIP or RTP capture; an error that names it',
});
const soon = (name: string): DialectFunction => ({ name, works: 'no', note: 'not here yet' });

export const FUNCTIONS: readonly DialectFunction[] = [
  {
    name: 'custom login (LDAP, scripts/custom_login.php)',
    works: 'no',
    note: 'the box runs no PHP; accounts and API keys are its own',
  },
  soon('sql.php module=bypass_login'),
  soon('sql.php task=LISTING module=CDR'),
  soon('LISTING suppress_results'),
  soon('LISTING fdatefrom, fdateto'),
  soon('LISTING fcaller, fcalled, fcallerd_type'),
  capture('LISTING fcaller_domain, fcalled_domain, fcallerd_domain_type'),
  soon('LISTING fcallername'),
  capture('LISTING fsipcallerip, fsipcalledip, fsipcallerdip_type'),
  capture('LISTING fa_saddr, fb_saddr, fab_saddr_type'),
  capture('LISTING fcodec'),
  soon('LISTING fdurationgt, fdurationlt'),
  capture('LISTING fpddgt, fpddlt'),
  soon('LISTING fsipresponse'),
  capture('LISTING fbye'),
  soon('LISTING ftrunk'),
  capture('LISTING fa_ua, fb_ua, fab_ua_type'),
  soon('LISTING fcallid'),
  { name: 'LISTING fsensor_id', works: 'no', note: 'the box is one and has no sensors; an error that names it' },
  soon('LISTING page, start, limit'),
  soon('LISTING sort'),
  soon('LISTING orderByCallDuration, orderBySrcNumber, orderByDstNumber, orderByCallerName, orderByLastSIPrespNum'),
  capture(
    'LISTING orderByLoss, orderByDelay, orderByFixed1, orderByFixed2, orderByAdapt, orderBySrcSIP_IP, orderByDstSIP_IP',
  ),
  capture('LISTING frtcp_…, fmos…, f_d50 to f_d300, floss1 to floss10, ffilterTemplate'),
  soon('LISTING, calls summed up by response'),
  {
    name: 'utilities.php task=shareCdr self_protected_link',
    works: 'differs',
    note: 'the link shows the call as Asterisk recorded it, with type2 rtp its recording; it ends after days (7) and can be revoked',
  },
  {
    name: 'utilities.php task=shareCdr self_login_link',
    works: 'differs',
    note: 'the same for whoever logs in; emailFields must be null',
  },
  {
    name: 'utilities.php task=shareCdr share_link',
    works: 'no',
    note: 'would hand the call to a server of VoIPmonitor’s makers',
  },
  capture('pcap.php'),
  soon('admin.php?cdr_filter='),
  soon('api.php task=getVoipCalls'),
  {
    name: 'api.php task=getVoiceRecording cdrId',
    works: 'differs',
    note: 'the very WAV file, which begins with the answer whatever saveaudio_afterconnect says; ogg is an error',
  },
  {
    name: 'api.php task=getVoiceRecording callId',
    works: 'differs',
    note: 'callId is a UniqueID or LinkedID of Asterisk; several recordings come with zip only',
  },
  capture('api.php task=getVoiceRecording customHeader'),
  {
    name: 'api.php task=listActiveCalls',
    works: 'differs',
    note: 'without addresses and codecs, which need capture; with state, direction, trunks and recording; sensorId is 1',
  },
  {
    name: 'api.php task=handleActiveCall',
    works: 'differs',
    note: 'pausecall and unpausecall pause the recording; nothing else of the call changes',
  },
  soon('api.php task=reportSummary'),
  {
    name: 'api.php task=getShareURL',
    works: 'differs',
    note: 'as shareCdr self_protected_link, by a UniqueID or LinkedID; sip_history needs capture and is an error',
  },
  capture('api.php task=getPCAP'),
  soon('api.php task=listCdrIds'),
  soon('index.php?activecalls=1&hidegrid=1&hidemenu=1'),
  capture('pcap2text.php action=brief_data'),
  capture('pcap2text.php action=brief'),
  capture('pcap2text.php action=getMSC'),
  soon('apilicensecheck.php task=licenseCheck'),
  soon('apilicensecheck.php task=licenseCallsLimitCheck'),
  soon('auditReason'),
];
