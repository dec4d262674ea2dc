/** What the settings pages need from above: the box's settings, each with where its value comes from. */
import type { Role } from '../../storage/model/rights.ts';
import type { By } from '../../storage/sql/audit.ts';

export interface Setting {
  /** `recording.enable`, `numbering.ivr`, … */
  readonly name: string;
  /** As text, as it would stand in an environment variable. */
  readonly value: string;
  readonly fallback: string;
  /** What it means. */
  readonly about: string;
  /** Where it is fixed (`cdrd.toml line 12`, `CDRD_NUMBERING_IVR`); null: it can be changed. */
  readonly fixed: string | null;
  /** Whether a change is acted on only after a restart. */
  readonly restart: boolean;
}

export interface Settings {
  /** Those that a role may change. */
  list(role: Role): readonly Setting[];
  /**
   * Checks, keeps and applies them, all or none. @param value null: the default again.
   * @throws {CgiError} `invalid` naming the setting, `conflict` for one that is fixed, `denied` for one of another role's.
   */
  change(values: ReadonlyMap<string, string | null>, role: Role, by: By): Promise<void>;
}
