/** Every bound of the simulated PBX, with its reason. It may run for days beside a developer's daemon: nothing may grow. */

/** Live calls at once. The box has nine phones; a test may place a few dozen. */
export const MAX_LIVE_CALLS = 200;
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
