/** What a command of the command line is: one verb a file. */
import type { StartOptions } from '../start.ts';

export interface CommandInput {
  /** The words after the verb. */
  readonly args: readonly string[];
  readonly workers: StartOptions['workers'];
  /** Of `run`: the store's thread, already on its way. */
  readonly storeThread?: StartOptions['storeThread'];
  /** The built pages. */
  readonly www: URL;
  /** Makes the error for a command line that can't be meant. */
  usage(message: string): Error;
}

export interface Command {
  /** Behind `cdrd `. */
  readonly usage: string;
  readonly about: string;
  /** Options with what they do, where the usage doesn't say enough. */
  readonly options?: readonly (readonly [option: string, about: string])[];
  /** @returns the exit code. */
  perform(input: CommandInput): Promise<number>;
}

/** The option that every command knows: the configuration file; without it built-in values and the environment hold. */
export const configOption = { config: { type: 'string', short: 'c' } } as const;
