/**
 * What can be wrong with a recording's file, in codes that stay and in words for people. Pure. Whether a file has one of
 * them the medium's side finds out (daemon/recordings/finished.ts); here stands what each means.
 */

/** By code, what is wrong, as the predicate of a sentence about the file. */
export const RECORDING_FAULTS = {
  zero_length: 'has no bytes at all',
  no_sound: 'is a header without sound, as a call leaves it that was hung up at once',
  no_wav: 'is no WAV file',
  header_cut: 'ends within its header',
  header_zero: 'has sound, and a header that says 0: it was never closed',
  header_long: 'has a header that promises more sound than is there: it was cut off',
  header_short: 'has a header that tells of less sound than is there',
  unreadable: 'can’t be read on its medium',
} as const;

export type RecordingFault = keyof typeof RECORDING_FAULTS;

/** Those of a header whose lengths are wrong: they can be written anew from the file's size (number 30030). */
export const REPAIRABLE_FAULTS: ReadonlySet<RecordingFault> = new Set(['header_zero', 'header_long', 'header_short']);
