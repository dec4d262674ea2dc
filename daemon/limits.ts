/** Every bound on what others can make us hold, in one place, each with its reason. The store's own stand in its files. */
import { BUILT_AT } from './version.ts';

/** A look at the folders of sounds: a full set of prompts of one language has 600 files, in folders one below the other. */
export const soundLimits = {
  /** Files and folders looked at, of all languages and formats. */
  entries: 20_000,
  /** Names handed out. */
  names: 2_000,
  /** Folders one below the other. */
  depth: 3,
  /** Milliseconds that a look holds. */
  freshMs: 10_000,
} as const;

/** Towards Asterisk. It is trusted to be long-winded, not to be endless. */
export const asteriskLimits = {
  /** Bytes of a line: Asterisk's own lines stay far below; a channel variable may hold 64 KB. */
  line: 65_536,
  /**
   * Bytes and lines of a packet. Events stay below 4 KB and 60 lines (a VarSet with all channel snapshots); the answer to
   * GetConfig is one packet that holds a whole file: thirty lines for each of 500 extensions.
   */
  bytes: 1_048_576,
  lines: 16_384,
  /**
   * Bytes of a line without its end, and lines of a packet, that Asterisk takes from us (main/manager.c). Of a line one byte
   * longer it takes the end for the empty line behind a packet: what follows would be an action that nobody has allowed.
   */
  asked: { line: 1_022, lines: 128 },
  /** Milliseconds to connect, for each answer, and between two items of a list: of clients' forwarded actions, too. */
  answerMs: 10_000,
  /** Milliseconds of silence after which we ask `Ping`; without an answer within answerMs the connection is dead. */
  pingMs: 15_000,
  /** Milliseconds before the first new try, doubled up to the last, each shortened by up to a half at random. */
  retryMs: { first: 500, last: 30_000 },
  /**
   * The same after a log-in that was refused. fail2ban's defaults ban an address, and with it all that it sends, for the
   * fifth refusal in ten minutes: there are four at most.
   */
  refusedMs: { first: 90_000, last: 900_000 },
  /** Milliseconds between two looks for a new secret in the configuration, while the old one is refused. */
  secretLookMs: 10_000,
  /** Milliseconds that a stop waits for Asterisk to say goodbye. */
  goodbyeMs: 500,
  /** Actions waiting for their answer: the daemon's own few, with room for a whole AstDB family. */
  actions: 256,
} as const;

/** Towards the machine's own folders, when somebody asks what they take: /opt and /var/log have thousands of files. */
export const machineLimits = {
  /** Entries of one folder that are looked at, some 20 µs each on a small box, and milliseconds that it may take at most. */
  entries: 100_000,
  ms: 10_000,
  /** Milliseconds beyond it that a disk may take for a single look, before nobody waits for it any more. */
  silentMs: 2_000,
  /** Milliseconds that what was found holds: a dashboard asks every few seconds. */
  knownMs: 60_000,
  /** Bytes of the list of who is logged in: 400 a terminal. */
  utmpBytes: 1_048_576,
} as const;
export type MachineLimits = { readonly [Name in keyof typeof machineLimits]: number };

/** Towards the clients of the AMI that we offer. */
export const amiLimits = {
  /** Bytes of a line without its end (1,024 with it) and lines of a packet that a client may send, as in Asterisk (main/manager.c). */
  line: 1_022,
  lines: 128,
  /** Bytes of a packet: as many lines as that, each as long as that. */
  bytes: 132_096,
  /** Clients at a time: file descriptors and buffers of a small box; an Asterisk box has a handful. */
  clients: 100,
  /** Clients that haven't logged in, and milliseconds that each may take: Asterisk's `authlimit` and `authtimeout`. */
  strangers: 50,
  /** Of these from one address: one that never logs in keeps nobody else out. */
  strangersPerAddress: 10,
  logInMs: 30_000,
  /** Milliseconds before a refused log-in is answered, as in Asterisk: it slows guessing. */
  refusedMs: 1_000,
  /** Actions of one client that wait for the one before; beyond it we read no further. */
  waiting: 64,
  /** Bytes written for a client that it hasn't read, and milliseconds in which it read nothing: then it is dropped. */
  unreadBytes: 4 * 1024 * 1024,
  unreadMs: 30_000,
  /** Bytes unread of one that hasn't logged in: it is told of nothing but refusals. */
  strangerUnreadBytes: 64 * 1024,
  /** Milliseconds that a client which has closed its own side may wait for its answers; it may be gone altogether. */
  lingerMs: 15_000,
  /** Milliseconds between two keepalive probes of the kernel on a silent connection. */
  keepAliveMs: 30_000,
  /** What waits behind a record that is being stored, at most: so long may a commit take before others go ahead of it. */
  heldEvents: 20_000,
  heldBytes: 8 * 1024 * 1024,
  heldMs: 10_000,
  /** Filters of one client, and characters of one. */
  filters: 32,
  filterLength: 256,
  /** States of all its automata: each costs some 50 ns for each character of each event, on the loop that all share. */
  filterStates: 1_000,
} as const;
export type AmiLimits = { readonly [Name in keyof typeof amiLimits]: number };

/** Towards those who connect before the daemon can answer: see sockets/early.ts. */
export const earlyLimits = {
  /** Connections that wait at one socket: file descriptors of a small box; nothing is read of them. */
  connections: 64,
  /** Milliseconds that each may wait: a box may need twelve seconds to start, and places come free while a store is replaced. */
  waitMs: 30_000,
} as const;

/** Towards those who call our HTTP ports. */
export const httpLimits = {
  /** Bytes of the request line and all headers: 300 joined paths fit in a GET. */
  headers: 65_536,
  /** Headers of a request: browsers and proxies together send some 40. */
  headerCount: 100,
  /** Bytes of a form body. */
  body: 4 * 1024 * 1024,
  /** Bytes of a body before its sender has shown who it is: a log-in needs a hundred. */
  strangerBody: 16_384,
  /** Bytes of all bodies being read at a time, four of the largest: 256 connections may not take a gigabyte. */
  bodies: 16 * 1024 * 1024,
  /** Requests sent ahead of their answers on one connection; they are answered one after another. */
  pipelined: 32,
  /** Connections at a time, of HTTP and HTTPS together: file descriptors of a small box. */
  connections: 256,
  /** Of one address (IPv6: one /64): a quarter, so that no one client takes all; a browser opens six. */
  connectionsPerAddress: 64,
  /** New ones of one address that come at once, and each second: a handshake costs a small ARM box some milliseconds. */
  arrivalBurst: 300,
  arrivalRate: 50,
  /** Refused ones that are told why at a time; beyond it they are cut off without a word. */
  refusals: 16,
  /**
   * Requests of one address that come at once, and each second: of who isn't logged in (the first page of an office behind
   * one address), and of who is (a program that fetches recordings one by one). An answer costs a small ARM box a
   * millisecond.
   */
  strangerBurst: 200,
  strangerRate: 20,
  knownBurst: 1_000,
  knownRate: 200,
  /** Addresses whose requests are counted, 100 bytes each: beyond it the one unheard for longest begins anew. */
  counted: 4_096,
  /** Milliseconds to send the headers, and the whole request. */
  headersMs: 15_000,
  requestMs: 60_000,
  /** Milliseconds for a TLS handshake: an old phone's browser needs one of them. */
  handshakeMs: 10_000,
  /** Milliseconds a connection may stay idle between requests. */
  keepAliveMs: 10_000,
  /** Milliseconds that a stop waits for answers under way: with the other parts' own bounds it stays within STOP_MS. */
  drainMs: 2_000,
  /** Milliseconds without a byte in either direction while an answer is due: so long a listing's search may take. */
  stalledMs: 60_000,
  /**
   * Bytes a second that a client must take of what waits for it: a modem does. Slower, it lives on what it has taken faster,
   * at most stalledMs; else one that takes a byte now and then would hold a listing for ever.
   */
  slowest: 4_096,
  /** Milliseconds between two looks for requests, and takers of answers, that are too slow: Node's own 30 s would treble the bound. */
  lookMs: 5_000,
  /** Milliseconds that what a refused client still sends is thrown away, so that it can read why. */
  lingerMs: 1_000,
} as const;
/** The same as numbers, so that tests may give shorter ones. */
export type HttpLimits = { readonly [Name in keyof typeof httpLimits]: number };

export const auditHeadLimits = {
  /** Milliseconds between two looks where the audit log ends: so late the log is told of what was done. */
  lookMs: 60_000,
  /** Milliseconds between two lines about log-ins and refusals alone, of which a program may cause some each minute. */
  quietMs: 3_600_000,
} as const;

/** What happens often, in the audit log: a line is a commit, some 12 KB for the flash; strangers can make it 170 MB a day. */
export const auditNoteLimits = {
  /** Seconds in which one caller has so many lines, each of something else: what a person does by hand. */
  seconds: 60,
  lines: 10,
  /** The same of all callers: an office that works; and of what was refused, as many as tell that somebody tries. */
  done: 60,
  refused: 10,
  /** An import contact by contact, or a script that deletes file by file, at once; then 8,640 changes a day, twice that of all: so the last four days always stay. */
  acts: { lines: 10_000, seconds: 10, allLines: 20_000, allSeconds: 5 },
} as const;

export const sessionLimits = {
  /** Log-ins at a time, 400 bytes each; beyond it the one unused for longest ends. */
  sessions: 1_000,
  /** Of one user, likewise: a program that logs in anew for each request ends its own and nobody else's. */
  userSessions: 100,
  /** Seconds without a request after which a log-in ends, and its whole life. */
  idleSeconds: 30 * 60,
  lifeSeconds: 24 * 3600,
  /** Password checks at a time: each costs 16 MB and a tenth of a second of a core, half a second of a small ARM's. */
  checks: 1,
  /**
   * Password checks waiting, of browsers that have logged in before, of all others, and of one address; beyond it 429. On a
   * small ARM the last of them is answered after 8 s.
   */
  checksWaiting: 16,
  addressWaiting: 4,
  /**
   * Wrong passwords without a wait: of one account from one address (a person's typing errors), of all accounts from one
   * address (an office behind one), of one account from everywhere.
   */
  freePair: 5,
  freeAddress: 30,
  freeAccount: 20,
  /** Wrong codes behind an account's right password: who has that and guesses codes is given a million minutes for them. */
  freeCodes: 10,
  /** Longest wait after a wrong password: 1,440 guesses a day, and the owner is never kept waiting for long. */
  waitSeconds: 60,
  /** Seconds without a wrong password after which the earlier ones are forgotten. */
  forgetSeconds: 15 * 60,
  /** Addresses, accounts, pairs of both and browsers remembered, of each; 200 bytes each. */
  remembered: 1_000,
  /** Of these the latest so many, of each, are kept across a restart: 100 KB at most, 4 KB while one guesses. */
  kept: 200,
  /** Of log-ins in the audit log. */
  audit: auditNoteLimits,
  /** Epoch seconds; a clock that shows less has not been set, so that no key's days can be counted from it. */
  saneClock: BUILT_AT,
  /** Accounts: people, not programs, which have keys. */
  accounts: 100,
} as const;

export const factorLimits = {
  /** Seconds that a secret waits for the code that confirms it: to find the phone and read the picture. */
  pendingSeconds: 600,
  /** Epoch seconds; a clock that shows less has not been set. */
  saneClock: BUILT_AT,
} as const;

export const throttleFileLimits = {
  /** Milliseconds after a wrong password until it is written down: so much a kill forgets of the first ones. */
  soonMs: 2_000,
  /** Milliseconds between two writes at least, and so much a kill forgets at most: 3,000 a day while somebody guesses. */
  everyMs: 30_000,
} as const;

export const callLimits = {
  /** Milliseconds without a record of a call after which it is over. */
  quietMs: 2_000,
  /** The same for calls found open at start, and while Asterisk is away. */
  awayQuietMs: 10_000,
  /** Milliseconds between two looks at the CDR CSV and at Asterisk's list of channels: what an event lost costs at most. */
  catchUpMs: 30_000,
  /** Records by AMI that wait in memory for the disk of the store, 2 KB each: an hour of a busy office. The CDR CSV has more. */
  held: 1_000,
  /**
   * Records that wait to be stored, 5 KB each with all that hangs on them: when there are more, Asterisk's are read slower than
   * they could be, and more slowly from twice as many on. Four commits; the kernel and Asterisk hold the rest of a burst.
   */
  waiting: 1_024,
} as const;

export const storeLimits = {
  /** Milliseconds between two looks at the disk of the store; only one that refuses is written to for it. */
  probeMs: 2_000,
} as const;

export const jobLimits = {
  /** Milliseconds before work that the disk refused is tried again. */
  againMs: 30_000,
  /** Milliseconds between two steps that give free pages back: nobody waits for them. */
  idleMs: 100,
  /** Milliseconds between two looks whether a full disk needs the trash: in between it is probed, and says how it stands. */
  roomMs: 5_000,
  /** Bytes that erasing a call gives back at least: 423 where it had one record. */
  callBytes: 400,
  /** Free pages that stay in the file, 1 MB: the next records take them. */
  freePagesKept: 256,
  /** 2026-01-01, epoch seconds: what was written by a clock that showed less tells no time, so it doesn't expire by it. */
  saneClock: 1_767_225_600,
} as const;

export const scheduleLimits = {
  /** Milliseconds between two looks at the clock: so late a job may begin. */
  beatMs: 5_000,
  /** Milliseconds that the clock may gain or lose between two looks; more is somebody setting it, or a sleeping box. */
  jumpMs: 60_000,
  /** Seconds behind a start, or a jump, before what was missed is made up for: first the box does what it is there for. */
  graceSeconds: 300,
  /** Milliseconds that it then waits for an idle moment: in a busy office there may be none before the evening. */
  patienceMs: 3_600_000,
  /** Milliseconds that a stop waits for jobs: with the other parts' own bounds it stays within STOP_MS. */
  closeMs: 1_500,
  /** Epoch seconds; a clock that shows less has not been set: time doesn't go back behind the day of the build. */
  saneClock: BUILT_AT,
} as const;

export const backupLimits = {
  /** Bytes that a backup leaves free on the medium: four hours of calls. */
  leaveFree: 256 * 1024 * 1024,
  /** Milliseconds that a start without a store waits for each step on a medium before it does without: it may hang. */
  stepMs: 15_000,
  /** Milliseconds that it waits for the medium with the last backup, and between two looks: a stick is mounted late. */
  mediumMs: 60_000,
  lookMs: 2_000,
  /** Damaged stores that stay in the state folder, the newest. */
  setAside: 3,
  /** Seconds for which /healthz tells that the store has been replaced. */
  toldSeconds: 14 * 86_400,
  /** Seconds within which a second sign of damage is believed though the store was found whole after the first. */
  suspectSeconds: 86_400,
} as const;

export const trustLimits = {
  /** Seconds that the clock may gain on what was believed, a start behind a holiday included. */
  leapSeconds: 7 * 86_400,
  /** Seconds that the box must have run by a clock further ahead before it is believed, all starts taken together. */
  standSeconds: 86_400,
  /** Milliseconds between two looks at it, and two notes of it in the store: a kill forgets no more of a day's standing. */
  lookMs: 60_000,
  keepMs: 1_800_000,
  /** Epoch seconds; a clock that shows less has not been set. */
  saneClock: BUILT_AT,
} as const;

export const fullnessLimits = {
  /** Part of a disk that is used when the alarm is raised, and below which it is over. */
  alarm: 0.9,
  over: 0.87,
  /** Milliseconds between two looks: a box fills a percent of a small stick in half an hour at most. */
  lookMs: 60_000,
} as const;

export const alarmLimits = {
  /** Milliseconds between two looks whether all is well, and after the start until the first: medium and Asterisk take time. */
  lookMs: 5_000,
  startMs: 30_000,
  /** Three times away and back within half an hour is no good state, whatever it is at the moment. */
  unsteadyChanges: 6,
  unsteadyMs: 1_800_000,
  /** Messages that wait on each way, 500 bytes each: more than four alarms can make in a day of being cut off. */
  waiting: 50,
  /** Tries of one message, a day and a night; after that nobody needs it. */
  tries: 120,
  /** Milliseconds before the next try. */
  retryMs: { first: 10_000, last: 900_000 },
  /** Milliseconds for a webhook: name, connection, TLS and answer. */
  webhookMs: 10_000,
  /** Milliseconds between two looks into the folder of mails, until somebody takes a mail up, until sendmail has taken it. */
  mailLookMs: 250,
  takenMs: 15_000,
  sentMs: 120_000,
  /** Epoch seconds; a clock that shows less has not been set. */
  saneClock: BUILT_AT,
} as const;

/** The control socket's bound on one command, bytes. */
export const CONTROL_LINE_MAX = 16_384;

/** The same on one line of its answer: a page of a listing as JSON, some 300 KB, many times over. */
export const ANSWER_LINE_MAX = 8 * 1024 * 1024;

/** Milliseconds that a stop may take to finish what is in flight. */
export const STOP_MS = 5_000;
