/** Every bound of the simulated PBX, with its reason. It may run for days beside a developer's daemon: nothing may grow. */

/** Live calls at once: a load of 100 calls/s keeps about 150 alive, so this is several times that. */
export const MAX_LIVE_CALLS = 1_000;
/** Calls a minute that it places by itself at most: 100 a second. */
export const MAX_CALLS_PER_MINUTE = 6_000;
/** Live calls that it aims at under load: so many phones talk at once on a box of this size; calls are shortened to fit. */
export const LOAD_LIVE_CALLS = 150;
/** Calls placed at once to make up for a late timer; what is beyond is left out. */
export const MAX_CALLS_AT_ONCE = 50;
/** Put-away generations of a CDR file: logrotate's usual number. */
export const MAX_GENERATIONS = 5;
/** Events kept in `Simulator.events`: about ten calls, enough to look back from a failed assertion. */
export const MAX_HISTORY = 1_000;
/** AMI connections at once (Asterisk's own default for unauthenticated ones is 50). */
export const MAX_SESSIONS = 64;
/** Bytes of one request line. Asterisk's is 1,025 (main/manager.c); a little more does no harm here. */
export const MAX_REQUEST_LINE = 8_192;
/** Headers of one request: AST_MAX_MANHEADERS in Asterisk. */
export const MAX_REQUEST_HEADERS = 128;
/** Milliseconds a connection may stay without login: `authtimeout` in manager.conf. */
export const LOGIN_TIMEOUT_MS = 30_000;
/** Bytes waiting for one listener before it is dropped: some thousand events, so that it is stuck and not merely slow. */
export const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
/** Keys in the simulated AstDB: the daemon's family has about a dozen. */
export const MAX_ASTDB_KEYS = 1_000;
/** Tasks that one `advance` may run: a task that repeats itself without letting time pass is a mistake, not a wait. */
export const MAX_TASKS_PER_ADVANCE = 5_000_000;
/** CSV lines held back by the `csvDelaySeconds` fault. */
export const MAX_LATE_CSV_LINES = 10_000;
