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
import { foldersOf, joined, type Plan, SYSTEMS } from './part.ts';
import { type FolderChange, planFolder, planUnit } from './recordings-folder.ts';
import { planRotation } from './rotation.ts';

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
  const { dir, places, requireMount } = config.recordings;
  // Another Asterisk than the system's own is somebody's trial: nothing of the system is changed for it.
  const isSystems = input.asterisk === SYSTEMS;
  const recordings = isSystems ? planFolder(dir, requireMount) : { folder: null };
  const system = isSystems ? [planUnit(dir, places), ...(cdr.isOurs ? [planRotation(cdr.csv)] : [])] : [];
  const plan = joined([manager, cdr, planModules(folders), planDialplan(folders), config, recordings, ...system]);
  return {
    ...plan,
    changes: plan.changes.filter((change) => !isSettled(change)),
    folder: recordings.folder,
    recordings: dir,
  };
}
