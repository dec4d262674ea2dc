/**
 * What the pages and the numbers have agreed on: types of replies and the few constants that both need. The only file that
 * `cgi/gui` may import from outside; verbs answer `json<Type>(…)`, so that neither side can change alone. A section a group.
 */

// ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** First part of a page's address; each of them is answered with the same document, `/` too. */
export const PAGES = [
  'dashboard',
  'live-calls',
  'calls',
  'recordings',
  'recording-settings',
  'phone-book',
  'ami-settings',
  'preferences',
  'users',
  'doctor',
  'retention',
  'truth',
  'audit',
  'account',
] as const;
export type PageName = (typeof PAGES)[number];

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The one shape of an error. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly parameter?: string; readonly message: string };
}

// ── Access ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Role = 'admin' | 'monitor';
/** What an API key may besides. */
export type Scope = 'extension.secrets' | 'firewall' | 'call.place' | 'cdr.share';

/** 8401. */
export interface LoggedIn {
  readonly result: 'success';
  readonly user: string;
  readonly role: Role;
  readonly token: string;
  /** On the box's clock. */
  readonly expires: string;
}

/** 30037: who asks, and what pages need at their start. */
export interface Me {
  readonly user: string;
  readonly role: Role;
  readonly by: 'session' | 'key';
  /** From where this is asked. */
  readonly address: string;
  /** The password is still the one that somebody else gave the account. */
  readonly initial: boolean;
  /** A second factor is set. */
  readonly totp: boolean;
  /** Name of the box. */
  readonly host: string;
  readonly version: string;
  /** IANA name of the box's zone. */
  readonly zone: string;
  /** The box's clock: epoch milliseconds, and as it reads. */
  readonly now: number;
  readonly clock: string;
  /** Whether it is believed: it has been set, and has made no leap. */
  readonly clock_trusted: boolean;
}

/** Of 30007. */
export interface AccountRow {
  readonly user: string;
  readonly role: Role;
  /** Whether log-ins need a code. */
  readonly totp: boolean;
  /** As of {@link Me}. */
  readonly initial: boolean;
  /** The last log-in on the box's clock, `YYYY-MM-DD HH:MM:SS`; '' = there was none. */
  readonly used: string;
}

/** 30007. */
export interface AccountList {
  readonly json_array_accounts: readonly AccountRow[];
}

/** Of 30010. Times are on the box's clock, `YYYY-MM-DD HH:MM:SS`. */
export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** That it may call, a comma list; '' = all that its role may. */
  readonly numbers: string;
  /** What it may besides, a comma list of {@link Scope}; '' = nothing. */
  readonly scopes: string;
  readonly made_by: string;
  readonly made: string;
  /** '' = it has no end. */
  readonly expires: string;
  /** The day of its last use; '' = there was none. */
  readonly used: string;
}

/** 30010. */
export interface KeyList {
  readonly json_array_keys: readonly KeyRow[];
}

/** 30011. */
export interface KeyMade {
  readonly result: 'success';
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly numbers: string;
  readonly scopes: string;
  readonly expires: string;
  /** The key, which stands nowhere else. */
  readonly key: string;
}

/** A link that shows calls to whoever holds it. Times are on the box's clock, `YYYY-MM-DD HH:MM:SS`. */
export interface ShareRow {
  readonly id: string;
  /** `login`: whoever opens it must have an account. */
  readonly kind: 'public' | 'login';
  /** Ids of its calls, a comma list. */
  readonly calls: string;
  /** Whether their recordings can be heard. */
  readonly recordings: boolean;
  readonly made_by: string;
  readonly made: string;
  readonly expires: string;
  /** The day when it was opened last; '' = it never was. */
  readonly used: string;
}

/** 30058. */
export interface ShareList {
  readonly json_array_shares: readonly ShareRow[];
}

/** Of 30031. Times are on the box's clock, `YYYY-MM-DD HH:MM:SS`. */
export interface SessionRow {
  readonly id: string;
  readonly user: string;
  readonly role: Role;
  readonly address: string;
  /** What the client says of itself: a stranger's text. */
  readonly agent: string;
  readonly begun: string;
  readonly used: string;
  readonly ends_unused: string;
  readonly expires: string;
  /** It is the one that asks. */
  readonly this: boolean;
}

/** 30031. */
export interface SessionList {
  readonly json_array_sessions: readonly SessionRow[];
}

/** 30033. */
export interface TotpBegun {
  readonly result: 'success';
  readonly user: string;
  /** Base32, for typing. */
  readonly secret: string;
  /** `otpauth://…`, for a picture. */
  readonly uri: string;
}

// ── Audit ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What was done, what was used, and what was refused: each a chain of its own. */
export const AUDIT_CHAINS = ['act', 'use', 'refused'] as const;
export type AuditChain = (typeof AUDIT_CHAINS)[number];

/** Of 30018. */
export interface AuditLine {
  readonly id: number;
  readonly chain: AuditChain;
  /** Its number in its chain. */
  readonly line: number;
  /** Epoch seconds, and on the box's clock. */
  readonly at: number;
  readonly time: string;
  /** '' = nobody that is known. */
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly reason: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  readonly previous: string;
  readonly hash: string;
}

/** 30018. */
export interface AuditLog {
  readonly json_array_audit: readonly AuditLine[];
  readonly json_array_chains: readonly { readonly chain: AuditChain; readonly line: number; readonly hash: string }[];
  /** Where to go on; absent at the end. */
  readonly before?: number;
}

/** 30036. */
export interface AuditCheck {
  readonly result: 'success' | 'failed';
  readonly json_array_chains: readonly {
    readonly chain: AuditChain;
    readonly line: number;
    readonly hash: string;
    /** The last line that was cut off for age; 0: none. */
    readonly cut: number;
    /** Lines that hold. */
    readonly checked: number;
    /** The first that doesn't. */
    readonly fault?: { readonly line: number; readonly why: string };
  }[];
  /** Of a head that was sent. */
  readonly head?: { readonly state: 'holds' | 'differs' | 'cut' | 'missing' };
}

// ── Live calls, missed calls, the box at a glance ────────────────────────────────────────────────────────────────────────

/** A call in progress, of 30019 and the WebSocket `/live`. */
export interface LiveRow {
  readonly id: string;
  readonly calldate: string;
  readonly src: string;
  readonly srcname: string;
  /** As the phone book has it, of src, or of dst where that is outside; '' = it has not. */
  readonly contact: string;
  readonly groupname: string;
  readonly dst: string;
  /** Trunks of its two sides; '' = inside. */
  readonly channel: string;
  readonly dstchannel: string;
  readonly userfield: string;
  readonly state: 'dialling' | 'ringing' | 'up' | 'held';
  /** Epoch seconds. */
  readonly since: number;
  /** Since when two have been connected; null: not yet. */
  readonly talking: number | null;
  readonly recording: 'on' | 'paused' | 'off';
  readonly port: number;
}

/** What `/live` says: everything at its beginning and when Asterisk is back, then what changes. */
export interface LiveMessage {
  readonly asterisk?: 'up' | 'down';
  readonly json_array_live?: readonly LiveRow[];
  readonly call?: LiveRow;
  readonly ended?: string;
  /** The box's clock, epoch milliseconds: with everything, and alone every ten seconds. */
  readonly now?: number;
}

/** 30039: a caller whom nobody has answered or called back. */
export interface MissedRow {
  /** Of the last try; `first`: of the first that counts. */
  readonly calldate: string;
  readonly src: string;
  readonly contact: string;
  readonly groupname: string;
  readonly dst: string;
  readonly channel: string;
  readonly in_route: string;
  readonly port: number;
  readonly tries: number;
  readonly first: string;
  /** Of the last try, for 30040. */
  readonly id: string;
  readonly UniqueID: string;
  /** When it was ticked off, and by whom. */
  readonly processed?: string;
  readonly by?: string;
}

export interface MissedRows {
  readonly json_array_missed: readonly MissedRow[];
  readonly json_obj_filter: { readonly startdate: string; readonly enddate: string; readonly totalcount: number };
}

/** 30044. */
export interface Complaints {
  readonly json_array_log: readonly {
    readonly time: string;
    readonly first: string;
    readonly times: number;
    readonly level: 'warn' | 'error';
    readonly part: string;
    readonly text: string;
  }[];
}

/** 30057. */
export interface DialectSecret {
  readonly result: 'success';
  readonly dialect: string;
  /** Whether there is one: which, nothing tells. */
  readonly secret: 'set' | 'none';
}

/** 30055. Times are on the box's clock; null: never since the start, or the clock wasn't set. */
export interface AlarmsShown {
  readonly json_array_alarms: readonly {
    readonly kind: 'medium_gone' | 'disk_full' | 'asterisk_gone';
    readonly disk: 'recordings' | 'state' | null;
    readonly says: string;
    readonly since: string | null;
  }[];
  readonly json_array_ways: readonly AlarmWay[];
  /** Of the test that was asked for. */
  readonly test?: {
    readonly way: AlarmWay['way'];
    readonly state: 'arrived' | 'failed' | 'waiting';
    readonly why: string;
  };
}

export interface AlarmWay {
  readonly way: 'mail' | 'webhook';
  readonly on: boolean;
  /** Messages that wait, and that were given up or pushed out since the start. */
  readonly waiting: number;
  readonly lost: number;
  readonly arrived: string | null;
  readonly failed: string | null;
  /** Why the last try failed; '' after one that didn't. */
  readonly why: string;
}

/** Further than ten years nobody can tell: what lasts longer is said to last so. Days. */
export const DAYS_LEFT_MAX = 3_650;

/** 30051. */
export interface Overview {
  readonly time: string;
  /** Seconds since the daemon began. */
  readonly uptime: number;
  readonly version: string;
  readonly store: { readonly state: string; readonly bytes: number | null; readonly free: number | null };
  readonly medium: {
    readonly state: 'absent' | 'mounted' | 'slow' | 'dead';
    readonly why: string;
    readonly writable: boolean;
    readonly free: number | null;
    readonly total: number | null;
    /** What was recorded in the last days, and in how many; null: nothing was. */
    readonly recorded: { readonly count: number; readonly bytes: number; readonly days: number } | null;
    /** For how long the room lasts at this rate, {@link DAYS_LEFT_MAX} for longer; null: not known. */
    readonly days_left: number | null;
  };
}

// ── Calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A row of 9006, as texts. */
export interface CallRow {
  readonly calldate: string;
  readonly src: string;
  readonly contact: string;
  readonly groupname: string;
  readonly dst: string;
  readonly channel: string;
  readonly dstchannel: string;
  readonly duration: string;
  readonly billsec: string;
  readonly disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED';
  readonly userfield: 'Internal' | 'Outbound' | 'Inbound' | 'CallBack' | 'Conference';
  readonly accountcode: string;
  readonly cidname: string;
  readonly in_route: string;
  readonly IVR: string;
  readonly 'Recording filename': string;
  readonly UniqueID: string;
  readonly port: number;
  readonly id: string;
  readonly changed: string;
}

/** What 9006 gives where `since` is: a call that has gone. */
export interface CallGone {
  readonly id: string;
  readonly changed: string;
  readonly removed: true;
}

/** 9006. */
export interface CallList<Row = CallRow> {
  readonly json_array_astcdrs: readonly Row[];
  readonly json_obj_filter: {
    readonly startdate: string;
    readonly enddate: string;
    readonly totalcount?: number;
    readonly cursor?: string;
  };
}

/** A line of 30052: so many rows stand before the cursor's place. */
export interface CallMark {
  readonly row: number;
  readonly cursor: string;
}

/** Of 30002. Times in seconds; asr in percent, null without a call; acd null without an answered one. */
export interface CallFigures {
  readonly count: number;
  readonly answered: number;
  readonly noanswer: number;
  readonly busy: number;
  readonly failed: number;
  readonly duration: number;
  readonly billsec: number;
  readonly minutes: number;
  readonly asr: number | null;
  readonly acd: number | null;
}

/** Of 30053 and 30001: a record; times as epoch seconds. */
export interface CallLeg {
  readonly id: number;
  readonly uniqueId: string;
  readonly sequence: number | null;
  readonly source: string;
  readonly destination: string;
  readonly channel: string;
  readonly destinationChannel: string;
  readonly application: string;
  readonly disposition: string;
  readonly start: number;
  readonly answer: number | null;
  readonly end: number;
  readonly amiAt: number | null;
  readonly csv: { readonly path: string; readonly line: number; readonly offset: number } | null;
}

/** A row that the records of a call make, and by which rule. */
export interface CallMade {
  readonly id: number | null;
  readonly rule: 'talk' | 'conference' | 'unanswered';
  readonly legs: readonly number[];
  readonly src: string;
  readonly dst: string;
  readonly disposition: string;
  readonly deleted: boolean;
  readonly tie: 'named' | 'near' | 'no file' | '';
}

/** 30001: a group of records each, more than one where ids were given twice. */
export interface CallTraces {
  readonly json_array_calls: readonly {
    readonly group: string;
    readonly legs: readonly CallLeg[];
    readonly calls: readonly CallMade[];
  }[];
}

/** 30053. */
export interface CallShown {
  readonly json_obj_call: CallRow;
  /** Seconds east of UTC of the clock that the call's times are shown by. */
  readonly offset: number;
  /** LinkedID of its records. */
  readonly group: string;
  readonly json_array_legs: readonly CallLeg[];
  readonly json_array_calls: readonly CallMade[];
  readonly json_array_pauses: readonly { readonly from: number; readonly to: number | null }[];
  readonly json_obj_recording: {
    readonly path: string;
    /** Bytes. */
    readonly size: number;
    readonly seconds: number;
    readonly keep: boolean;
    /** Whether the medium that it lies on is in place. */
    readonly present: boolean;
  } | null;
}

// ── Saved views ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Pages whose filters can be saved. */
export const VIEW_PAGES = ['calls', 'recordings'] as const;
export type ViewPage = (typeof VIEW_PAGES)[number];

/**
 * Times that move along, for a view's `period` in place of dates, on the box's clock: this day, the one before, this week
 * from Monday on, this month, and this day with the six or 29 before it.
 */
export const PERIODS = ['today', 'yesterday', 'week', 'month', '7days', '30days'] as const;
export type Period = (typeof PERIODS)[number];

export interface SavedView {
  /** Never given again. */
  readonly id: number;
  readonly page: ViewPage;
  readonly name: string;
  /** `name=value&…`: parameters of 9006 or 20053, and `period`. */
  readonly query: string;
  /** Who made it. */
  readonly owner: string;
  /** Everybody who sees the page sees it. */
  readonly shared: boolean;
  /** Whether who asks may change and remove it. */
  readonly changeable: boolean;
}

/** 30041. */
export interface SavedViews {
  readonly json_array_views: readonly SavedView[];
}

/** 30042. */
export interface SavedViewSet {
  readonly result: 'success';
  readonly id: number;
  /** The filter as it is kept. */
  readonly query: string;
}

// ── Recordings ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** 20053 with `more`: texts all, in the guide's order; behind them what is ours. */
export interface RecordingRow {
  /** On the box's clock, of the answer. */
  readonly calldate: string;
  readonly src: string;
  readonly dst: string;
  readonly trunk: string;
  /** Seconds. */
  readonly duration: string;
  readonly calltype: string;
  readonly path: string;
  /** Bytes. */
  readonly size: string;
  /** `1`: retention never removes it. */
  readonly keep: '0' | '1';
  /** Id of its call in 9006; '' where none is known. */
  readonly call: string;
  /** Its medium is not in place. */
  readonly online?: false;
}

/** What a listing is of. */
export interface ListingEnd {
  readonly startdate: string;
  readonly enddate: string;
  /** Absent where it was asked for without. */
  readonly totalcount?: number;
  /** Where to go on; absent: that was the end. */
  readonly cursor?: string;
}

export interface RecordingList {
  readonly json_array_recordings: readonly RecordingRow[];
  readonly json_obj_filter: ListingEnd;
}

/** 20054. */
export interface RecordingsDeleted {
  readonly result: 'success';
  readonly deleted: number;
  /** Paths that were not there. */
  readonly missing: readonly string[];
  /** Files that the medium would not let go of: the system's code. */
  readonly refused?: readonly { readonly path: string; readonly code: string }[];
  /** Bytes. */
  readonly freed: number;
  /** Token for 30003; '' where nothing can be undone. */
  readonly undo: string;
  /** It goes on without the asker; 30004 with the token shows how far it is. */
  readonly running?: true;
  readonly watch?: string;
}

/** 30003. */
export interface Undone {
  readonly result: 'success';
  readonly restored: number;
  readonly running?: true;
  readonly watch?: string;
}

/** Of 30004. */
export interface DeletionRow {
  /** Its token. */
  readonly undo: string;
  readonly kind: 'calls' | 'recordings';
  readonly state: string;
  readonly running: boolean;
  readonly who: string;
  /** On the box's clock. */
  readonly when: string;
  readonly expires: string;
  readonly count: number;
  /** Of recordings. */
  readonly bytes?: number;
  /** The number's own parameters. */
  readonly what: Readonly<Record<string, unknown>>;
}

export interface DeletionRows {
  readonly json_array_deletions: readonly DeletionRow[];
}

/** Of 30029 with `kind`: texts all. Calls have the names of 9006, files those of 20053; what the other has is absent. */
export interface TruthRow {
  readonly calldate: string;
  readonly src: string;
  readonly dst: string;
  readonly code: string;
  readonly sure: string;
  /** The predicate of a sentence, in English. */
  readonly reason: string;
  readonly userfield?: string;
  readonly billsec?: string;
  readonly 'Recording filename'?: string;
  readonly id?: string;
  readonly duration?: string;
  readonly size?: string;
  readonly path?: string;
}

/** 30048. */
export interface Waveform {
  /** Of the sound, to the millisecond; 0 where the header doesn't tell. */
  readonly seconds: number;
  /** How the sound is written, for people. */
  readonly coding: string;
  /** Whether every sample was looked at. */
  readonly exact: boolean;
  /** 0 silence to 100 as loud as the coding can say. */
  readonly peaks: readonly number[];
  /** Why there are none; absent where there are. */
  readonly why?: string;
}

// ── Settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of 30016. */
export interface SettingRow {
  /** `recording.enable`, `numbering.ivr`, … */
  readonly name: string;
  /** As text, as 30017 takes it: `yes` and `no`; lists by commas, or a line each. */
  readonly value: string;
  readonly default: string;
  /** What it means. */
  readonly about: string;
  /** Where it is fixed (`/etc/cdrd/cdrd.toml:12`); null: it can be changed. */
  readonly fixed: string | null;
  /** A change is acted on only after a restart. */
  readonly restart: boolean;
  /** Nothing acts on the value yet. */
  readonly pending: boolean;
  /** The only values that it takes; null: any of its kind. */
  readonly choices: readonly string[] | null;
}

/** 30016. */
export interface SettingList {
  readonly json_array_settings: readonly SettingRow[];
}

/** 30017. */
export interface SettingsChanged {
  readonly result: 'success';
  readonly settings: Readonly<Record<string, string>>;
  /** Of them, those that nothing acts on yet. */
  readonly pending: readonly string[];
  /** They fall back unless they are confirmed; absent: they stay. */
  readonly trial?: OnTrial;
}

/** What a rule of retention would remove, of 30026. */
export interface RuleRow {
  readonly rule: string;
  /** 0: it is off. */
  readonly value: number;
  readonly count: number;
  readonly bytes?: number;
  /** On the box's clock; '' where there is none. */
  readonly oldest: string;
  readonly newest: string;
  readonly paths?: readonly string[];
}

/** 30026. */
export interface RetentionShown {
  readonly json_array_rules: readonly RuleRow[];
  /** Bytes; null: there is none that something may be removed from. */
  readonly medium: {
    readonly total: number;
    readonly free: number;
    readonly recordings: number;
    readonly kept: number;
    /** Why nothing goes for room though too little is free. */
    readonly spared: string;
  } | null;
  readonly trash: number;
  readonly running: boolean;
  readonly done: string | null;
  readonly next: string | null;
  readonly rests_until: string | null;
  readonly why: string;
  readonly last: {
    readonly at: string;
    readonly recordings: number;
    readonly bytes: number;
    readonly calls: number;
  } | null;
  readonly clock: { readonly time: string | null; readonly doubt: string };
}

/** Of 30027. */
export interface BackupRow {
  readonly time: string;
  readonly name: string;
  readonly bytes: number;
  readonly schema: number | null;
  readonly place: 'medium' | 'box';
  readonly checksum: 'same' | 'unknown' | 'different' | 'none';
  readonly proven: boolean;
}

/** 30027. */
export interface BackupList {
  readonly json_array_backups: readonly BackupRow[];
  /** Why those of the medium aren't listed. */
  readonly offline?: string;
  readonly running: boolean;
  readonly last: object | null;
  readonly why: string;
  readonly next: string | null;
}

/** 30028. */
export interface BackupMade {
  readonly result: 'success';
  readonly backup?: object;
  /** It takes longer than an answer waits. */
  readonly running?: true;
}

/** Of the phone book. */
export interface ContactRow {
  readonly number: string;
  readonly name: string;
  readonly group: string;
}

/** 30013. */
export interface ContactRows {
  readonly json_array_contacts: readonly ContactRow[];
  /** Of the whole book. */
  readonly json_obj_filter: { readonly totalcount: number };
}

/** 30014 with `dryrun`. */
export interface ContactsLookedAt {
  readonly result: 'success';
  /** Lines that are contacts, and lines at fault. */
  readonly contacts: number;
  readonly faults: number;
  /** The first of each. */
  readonly json_array_contacts: readonly ContactRow[];
  readonly json_array_faults: readonly { readonly line: number; readonly message: string }[];
}

/** As storage/model/truth.ts has them. */
export type TruthKind = 'missing' | 'unknown' | 'explained' | 'nocall' | 'broken' | 'match';

export interface TruthCount {
  readonly kind: TruthKind;
  readonly code: string;
  readonly sure: string;
  readonly count: number;
  /** What was found, the predicate of a sentence. */
  readonly reason: string;
}

/** 30029 without `kind`. */
export interface TruthCounts {
  readonly json_array_truth: readonly TruthCount[];
  readonly json_obj_filter: { readonly startdate: string; readonly enddate: string; readonly totalcount: number };
}

/** Of 30029 with `kind`: a call in the names of 9006, or a file in those of 20053 (`path`). */
export interface TruthRow {
  readonly calldate: string;
  readonly src: string;
  readonly dst: string;
  readonly code: string;
  readonly sure: string;
  readonly reason: string;
  /** The call's; absent: of a file that is tied to none. */
  readonly id?: string;
  readonly 'Recording filename'?: string;
  readonly path?: string;
  /** Seconds. */
  readonly duration?: string;
  readonly repairable?: 'yes' | 'no';
  /** Who took its file away, and when. */
  readonly who?: string;
  readonly when?: string;
}

/** 30029 with `kind`. */
export interface TruthRows {
  readonly json_array_truth: readonly TruthRow[];
  readonly json_obj_filter: { readonly totalcount?: number; readonly cursor?: string };
}

/** 30030. */
export interface RepairedHeaders {
  readonly result: 'success';
  readonly repaired?: number;
  readonly restored?: number;
  readonly files: readonly { readonly path: string; readonly result: string }[];
}

/** 30049. */
export interface SoundRows {
  readonly json_array_sounds: readonly { readonly name: string }[];
  /** There are more than a list takes. */
  readonly more: boolean;
  /** Why they could not be listed; '' when they could. */
  readonly why: string;
}

/** 30050. */
export interface SettingsInAsterisk {
  readonly state: 'written' | 'pending';
  /** Why it is pending. */
  readonly why: '' | 'off' | 'away' | 'login' | 'rights' | 'refused' | 'writing' | 'medium';
  /** In the words of who refuses. */
  readonly message: string;
  /** On the box's clock. */
  readonly since: string;
  /** Why nothing is recorded though the settings say otherwise; '' when nothing stands in the way. */
  readonly held: string;
  /** Settings that Asterisk hasn't got. */
  readonly pending: readonly string[];
}

/** Of 30024. */
export interface PlaceRow {
  readonly name: string;
  readonly dir: string;
  readonly chosen: boolean;
  readonly state: 'absent' | 'mounted' | 'slow' | 'dead';
  readonly why: string;
  readonly writable: boolean;
  /** Bytes. */
  readonly free: number | null;
  readonly total: number | null;
}

/** A medium that recordings were ever seen on. */
export interface MediumRow {
  readonly id: number;
  readonly present: boolean;
  readonly state: PlaceRow['state'];
  /** When it was first and last seen, on the box's clock. */
  readonly first: string;
  readonly last: string;
  readonly recordings: number;
  readonly bytes: number;
  readonly free: number | null;
  readonly total: number | null;
  readonly mark: string;
}

/** 30024. */
export interface MediaRows {
  /** The one that recordings go to. */
  readonly medium: Pick<PlaceRow, 'state' | 'why' | 'writable' | 'free' | 'total'> & {
    readonly since: string;
    /** Which of the media is in place; null: none. */
    readonly id: number | null;
  };
  readonly json_array_media: readonly MediumRow[];
  readonly json_array_places: readonly PlaceRow[];
}

// ── Changes on trial ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A change that falls back by itself unless it is confirmed (30038). */
export interface OnTrial {
  readonly token: string;
  /** Settings, or `role of NAME`, `account NAME`. */
  readonly what: readonly string[];
  /** Who has asked for it, and from where. */
  readonly user: string;
  readonly address: string;
  /** Whole seconds that are left. */
  readonly seconds: number;
  /** Another admin has to confirm it. */
  readonly by_another: boolean;
  /** Where the pages are now, with a slash at the end; null: where they were. */
  readonly location: string | null;
}

/** 30038 without a token. */
export interface TrialShown {
  readonly trial: OnTrial | null;
}

// ── General Preferences ──────────────────────────────────────────────────────────────────────────────────────────────────

/** 30045 and 30046. */
export interface CertificateInfo {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  /** SHA-256. */
  readonly fingerprint: string;
  /** On the box's clock. */
  readonly from: string;
  readonly until: string;
  readonly self_signed: boolean;
  /** `EC P-256`, `RSA 2048`. */
  readonly key: string;
  /** What is wrong with it; null: nothing. */
  readonly why: string | null;
  readonly pem: string;
  /** HTTPS is on. */
  readonly used: boolean;
}

/** 30047. */
export interface WhichTrunk {
  readonly channel: string;
  /** `96`, `pstn2`, `GSM3`; '' = none. */
  readonly trunk: string;
  readonly kind: 'gsm' | 'fxo' | 'peer' | null;
  /** Number of its port; 0 = none. */
  readonly port: number;
  readonly rule: 'gsm' | 'fxo' | 'listed' | 'unlisted' | 'extension' | 'outside' | 'remote' | 'technology';
  /** The pattern that matched; '' = none. */
  readonly pattern: string;
  readonly peer: string;
  /** Of a call that this channel has begun, with the other side. */
  readonly direction: string;
}

// ── AMI Settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** 30021. */
export interface AmiUserList {
  readonly json_array_ami_users: readonly AmiUserRow[];
  readonly json_array_ami_clients: readonly AmiClientRow[];
}

export interface AmiUserRow {
  readonly name: string;
  /** Comma lists. */
  readonly read: string;
  readonly write: string;
  readonly permit: string;
  readonly extras: 0 | 1;
}

export interface AmiClientRow {
  readonly user: string;
  /** '' by the local socket. */
  readonly address: string;
  /** On the box's clock. */
  readonly since: string;
}

/** 30022. */
export interface AmiUserSet {
  readonly result: 'success';
  readonly name: string;
  /** Words of `write` that are neither a class nor an action of Asterisk's own. */
  readonly by_name: string;
}

// ── Doctor ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One matter that the doctor has looked at. */
export interface DoctorFinding {
  /** A word pair that stays: `asterisk.reachable`. The first word is its group. */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'fault';
  /** What was found, and what it means; without numbers of telephones and without secrets. */
  readonly says: string;
  /** A command line that root pastes; null: there is nothing to mend, or no command does. */
  readonly mend: string | null;
}

/** 30054. */
export interface DoctorReport {
  /** On the box's clock. */
  readonly time: string;
  readonly json_array_findings: readonly DoctorFinding[];
}
