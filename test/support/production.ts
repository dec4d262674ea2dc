/**
 * How Node runs the daemon on a box: its flags and the environment of its allocator. The Makefile, the service files and
 * the README say the same; test/service.test.ts holds them together.
 */

/** @see Makefile */
export const NODE_FLAGS = ['--liftoff-only', '--max-semi-space-size=1'] as const;

/**
 * One arena, and the bound from which on the allocator gives room back or maps it apart stays where it is: left to itself
 * glibc raises it with the first 16 MB that a log-in frees, and keeps such pieces from then on.
 */
export const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const;
