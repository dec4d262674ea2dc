/** Exit codes, after sysexits.h, so that an init system can tell what to do. */
export const EXIT = {
  ok: 0,
  /** The command could not do what it was asked. */
  failed: 1,
  /** The command line is wrong. */
  usage: 64,
  /** The store is damaged: the next start sets it aside and takes a backup in its place. */
  corrupt: 65,
  /** The store has ended under us, or another fault of ours. */
  software: 70,
  /** A disk is full, fails or is read-only, and what is on it can't even be read: a new start helps when that has changed. */
  io: 74,
  /** Another cdrd holds the state folder: try again later. */
  locked: 75,
  /** The configuration is wrong, or a newer cdrd wrote the store: a new start alone helps in neither case. */
  config: 78,
} as const;

/** A command line that can't be meant; printed with the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
