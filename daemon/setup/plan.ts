/**
 * What `cdrd setup` would change on this box, as texts of whole files beside those that are there, and what it can't do
 * itself. It only reads: nothing is written before somebody has seen it.
 */
import { CONFIG_KEYS } from '../config/schema.ts';
import { isSettled } from './apply.ts';
import { planCdr } from './cdr.ts';
import { planDialplan } from './dialplan.ts';
import { planManager } from './manager.ts';
import { type ConfigChoices, planConfig, readSettings } from './own-config.ts';
import { foldersOf, joined, type Plan } from './part.ts';

const DEFAULT_RECORDINGS = CONFIG_KEYS.find(({ key }) => key === 'recordings.dir')?.fallback;

/** Where things lie, and what was chosen. */
export interface SetupInput extends ConfigChoices {
  /** cdrd.toml. */
  readonly config: string;
  /** Asterisk's configuration, /etc/asterisk. */
  readonly asterisk: string;
  /** Our snippets for it. */
  readonly snippets: string;
}

/** @returns the folder of the recordings, too, that holds with it. @throws where there is no Asterisk, no snippet, or a cdrd.toml that can't be read. */
export function planSetup(input: SetupInput): Plan & { readonly recordings: string } {
  const folders = foldersOf(input);
  const settings = readSettings(input.config);
  const manager = planManager(folders, settings);
  const cdr = planCdr(folders);
  const config = planConfig(input, settings, { secret: manager.secret, cdrCsv: cdr.csv });
  const plan = joined([manager, cdr, planDialplan(folders), config]);
  return {
    ...plan,
    changes: plan.changes.filter((change) => !isSettled(change)),
    recordings: input.recordings ?? String(settings.values['recordings.dir'] ?? DEFAULT_RECORDINGS),
  };
}
