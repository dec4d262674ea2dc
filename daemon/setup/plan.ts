/**
 * What `cdrd setup` would change on this box, as texts of whole files beside those that are there, and what it can't do
 * itself. It only reads: nothing is written before somebody has seen it.
 */
import { isSettled } from './apply.ts';
import { planCdr } from './cdr.ts';
import { planDialplan } from './dialplan.ts';
import { planManager } from './manager.ts';
import { planModules } from './modules.ts';
import { type ConfigChoices, planConfig, readSettings } from './own-config.ts';
import { foldersOf, joined, type Plan } from './part.ts';
import { type FolderChange, planFolder, planUnit } from './recordings-folder.ts';

/** A plan, and the folder of the recordings. */
export interface SetupPlan extends Plan {
  /** null: nothing is to be done to it. */
  readonly folder: FolderChange | null;
  /** Its path, as it will hold. */
  readonly recordings: string;
}

/** Where things lie, and what was chosen. */
export interface SetupInput extends ConfigChoices {
  /** cdrd.toml. */
  readonly config: string;
  /** Asterisk's configuration, /etc/asterisk. */
  readonly asterisk: string;
  /** Our snippets for it. */
  readonly snippets: string;
}

/** @throws where there is no Asterisk, no snippet, or a cdrd.toml that can't be read. */
export function planSetup(input: SetupInput): SetupPlan {
  const folders = foldersOf(input);
  const settings = readSettings(input.config);
  const manager = planManager(folders, settings);
  const cdr = planCdr(folders);
  const config = planConfig(input, settings, { secret: manager.secret, cdrCsv: cdr.csv });
  const recordings = planFolder(config.recordings.dir, config.recordings.requireMount);
  const plan = joined([
    manager,
    cdr,
    planModules(folders),
    planDialplan(folders),
    config,
    recordings,
    planUnit(config.recordings.dir, config.recordings.places),
  ]);
  return {
    ...plan,
    changes: plan.changes.filter((change) => !isSettled(change)),
    folder: recordings.folder,
    recordings: config.recordings.dir,
  };
}
