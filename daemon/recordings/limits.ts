/** Every bound and period of the medium's side, in one place, each with its reason. */

/** One step of the worker may take this long before the worker counts as hung. A slow share needs seconds, a dead one for ever. */
export const STEP_DEADLINE_MS = 15_000;
/** A step that takes longer makes the medium slow: its own work ends after {@link STEP_WORK_MS}, and a share may need a second. */
export const SLOW_MS = 3_000;
/** Who asks for a file of a slow medium waits this long, for the turns before as well: then 503; the step goes on without him. */
export const FILE_WAIT_MS = 5_000;
/** Hung workers that we leave behind. Each holds a thread and some MB, and a third would hang on the same medium. */
export const ABANDONED_MAX = 2;
/** A step stops taking on files after this long and says that there is more, so that steps stay far below the deadline. */
export const STEP_WORK_MS = 500;
/**
 * Looks and reads that wait go to the worker in one message, at most so many: to wake a thread and to prove the medium
 * costs more than to read a file that the system holds. Where they take longer than this the answers go out as they come.
 */
export const STEPS_MAX = 32;
export const STEPS_WORK_MS = 5;
/**
 * What reads needs no newer proof of the medium than this: a message's last step has none either. The proof takes as long
 * as the rest of a read of 64 KB.
 */
export const PROOF_MS = 5;
/**
 * Bytes of memory that go to the worker with one message, or those of its first step if they are more. V8 counts what comes
 * as allocated, and collects the whole heap when that has grown by 8 MB (see growSlowly): with 8 MB to and fro it did so
 * for each message, 15 ms. The same few that go round stay in the processor's cache, too.
 */
export const ROOMS_BYTES = 1_048_576;
/** Files in one message, and so in one transaction of the index. */
export const BATCH_FILES = 200;
/** Two looks at one file lie at least this far apart before it counts as still (a block of MixMonitor takes 250 ms to fill). */
export const LOOKS_APART_MS = 250;
/** A hinted file is looked at when no further hint came for this long: a growing file costs no looks while it grows. */
export const QUIET_MS = 300;
/** Quick looks after one hint; what is not finished by then is left to the sweep. */
export const QUICK_LOOKS_MAX = 5;
/** Hinted files that wait for a look: far above the calls of one box; beyond it the sweep finds them. */
export const HINTED_MAX = 256;
/** Growing files that are remembered between two looks. Beyond it the oldest is forgotten and starts again. */
export const TRACKED_MAX = 4096;
/** A modification time is believed only when it is at least this old: FAT keeps times in steps of 2 s. */
export const SETTLED_MS = 10_000;
/** On a share the times are the server's clock, which may be minutes off: believed when at least a day old. */
export const SETTLED_REMOTE_MS = 86_400_000;
/** Header still says 0 or lies: a call on hold writes nothing, so wait this long before calling the file damaged. */
export const UNFINISHED_MS = 600_000;
/** No sound at all, or no WAV: the call may just have been answered, so wait this long. */
export const EMPTY_MS = 60_000;
/** Read of a header; Asterisk's own is 44 or 60 bytes. */
export const HEADER_BYTES = 4096;
/** Read when other chunks stand before the sound. */
export const HEADER_BYTES_MAX = 65_536;
/** Looks that a file may refuse to be read (bad sector, permission) before it is listed as damaged. */
export const UNREADABLE_LOOKS = 5;
/** A file counts as gone when two looks this far apart missed it: a stick being pulled lists nothing for a moment. */
export const GONE_CONFIRM_MS = 1_000;
/** Names that wait for that second look; beyond it they are taken up by a later sweep. */
export const MISSING_MAX = 5_000;
/** Folders other than today's and yesterday's that one sweep looks at. */
export const SWEEP_FOLDERS_MAX = 64;
/**
 * Folders that every sweep looks at besides today's and yesterday's: the last ones that appeared, were today's before the
 * clock jumped, or are named after a day to come (an Asterisk in another zone).
 */
export const RECENT_FOLDERS_MAX = 4;
/** The worker's copy of what the index knows of today and yesterday is renewed after this long. */
export const KNOWN_FRESH_MS = 300_000;
/** Sweeps set off by hints keep this distance. */
export const HINT_SWEEP_MS = 300;
/** Closing waits this long for a step under way, and so does the end of the process for a thread to end. */
export const CLOSE_MS = 1_500;
/** Bytes written to try whether the medium takes recordings: a cluster or a sector, so that a full one says so. */
export const PROBE_BYTES = 4_096;
/** The index is told that a medium is still in place this often: a commit each, for a time that people read. */
export const SEEN_MS = 3_600_000;
/** Between two tries while all is well: 300 a day are a thousandth of what one call's recording writes. */
export const PROBE_MS = 300_000;
/** The same while it took none, or has hardly any room: so much longer may calls go unrecorded. */
export const PROBE_AGAIN_MS = 30_000;
/** Less room than this is hardly any: what ten calls record while nobody tries. */
export const LOW_BYTES = 64 * 1024 * 1024;
/** Heap of the worker: one folder of 100,000 recordings made the process grow by up to 120 MB in all; 365 folders of 274 by 29. */
export const WORKER_HEAP_MB = 128;
/**
 * A medium that was full takes recordings again when so much of it is free, or {@link LOW_BYTES} if that is less: at the
 * very edge a call fills what one try needs, and recording would stop and go on every half minute.
 */
export const ROOM_AGAIN_SHARE = 0.02;
/** Bytes of a file in one message: smaller ones cost a message each, larger ones memory for every client. */
export const READ_BYTES = 262_144;
/**
 * The same of an archive, which has several files in one: a message to and fro costs as much as reading a file of 160 KB.
 * A slow medium sends back what it has after {@link STEP_WORK_MS}.
 */
export const ARCHIVE_BYTES = 1_048_576;
/** Archives at a time that have messages so large; a further one has those of a single file. */
export const LARGE_ARCHIVES_MAX = 4;
/** Answers with files at a time; each may hold two of its messages: 22 MB in all. Beyond it 429. */
export const READERS_MAX = 32;
/**
 * Memory of reads is kept for the next ones, of the messages of a single file, as much as is in use at a time; most of it
 * is given back when nobody has read for so long.
 */
export const SPARE_MAX = 4;
export const SPARE_MS = 2_000;
/** A recording is drawn from at most so many reads of so many bytes: 2 MB, a second or two of a stick's time. */
export const PEAK_READS = 1_000;
export const PEAK_READ_BYTES = 2_048;
/** A step of it takes no longer: players and downloads come in between. */
export const PEAK_WORK_MS = 100;
/** Recordings being drawn at a time; beyond it 429: a drawing is worth less than anybody's download. */
export const WAVEFORMS_MAX = 4;
/** Who waits for a drawing waits this long, then 429: the sound is there without it. */
export const WAVEFORM_WAIT_MS = 15_000;
/** The worker for file work is ended after so long without work: it costs 5 MB. */
export const FILES_IDLE_MS = 30_000;
/** A place that isn't the chosen one may take so long to say how it is: somebody looks at the page. */
export const PLACE_DEADLINE_MS = 3_000;
/** What was seen of the places holds so long. */
export const PLACES_FRESH_MS = 5_000;
/** Folders of the trash that are looked at in one step. */
export const TRASH_FOLDERS_MAX = 1_000;
/** Files of a deletion in one step: its transaction and its audit line stay small. */
export const DELETION_FILES = 100;
/** Who deletes waits this long for the end; the connection's own bound for silence is a minute. */
export const DELETION_WAIT_MS = 45_000;
/**
 * A deletion whose medium is away while another is in place waits for it this long behind its time: a week, as what lies in
 * the trash does unless a setting says otherwise.
 */
export const MEDIUM_WAIT_SECONDS = 7 * 86_400;
/** A deletion that could not go on is tried again after this long; while the medium is known to be away that costs nothing. */
export const DELETION_RETRY_MS = 5_000;
/** Piece of a backup in one step at most, which a stick writes in a fifth of a second; a slow one ends it earlier. */
export const BACKUP_PIECE_BYTES = 1_048_576;
/** Backups that are listed, the newest: each costs three calls on the medium. */
export const BACKUPS_LISTED_MAX = 100;
