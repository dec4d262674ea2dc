/** This version, as package.json has it; a test compares the two. */
export const NAME = 'cdrd';
export const VERSION = '0.1.0';

declare const CDRD_BUILT_AT: number | undefined;
/** When this was built, epoch seconds, put in by the build (package.json); from source: 2026-01-01. */
export const BUILT_AT = typeof CDRD_BUILT_AT === 'number' ? CDRD_BUILT_AT : 1_767_225_600;
