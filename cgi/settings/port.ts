/** What the settings' numbers need from above: the box's settings, each with where its value comes from. */
import type { Role } from '../../storage/model/rights.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Begun, Door } from '../trial/port.ts';
import type { SettingValue } from './schema.ts';

export interface Setting {
  /** `recording.enable`, `numbering.ivr`, … */
  readonly name: string;
  /** As text, as 30017 takes it. */
  readonly value: string;
  readonly fallback: string;
  /** What it means. */
  readonly about: string;
  /** Where it is fixed (`/etc/cdrd/cdrd.toml:12`, `environment CDRD_NUMBERING_IVR`); null: it can be changed. */
  readonly fixed: string | null;
  /** Whether a change is acted on only after a restart. */
  readonly restart: boolean;
  /** Nothing acts on the value yet: Asterisk is away, or the restart is still to come. */
  readonly pending: boolean;
  /** The only values that it takes; null: any that its kind allows. */
  readonly choices: readonly string[] | null;
}

/** Whether Asterisk has what the pages want of it: its own database is what the dialplan asks. */
export interface PolicyState {
  readonly state: 'written' | 'pending';
  /**
   * Why it is pending; '' when it isn't. `off`: no Asterisk is configured. `away`: it can't be reached. `login`: it doesn't
   * let us in. `rights`: its manager.conf denies our user the class `system`. `refused`: it says no for another reason.
   * `writing`: it is being told. `medium`: nobody has looked yet whether there is one to record to.
   */
  readonly why: '' | 'off' | 'away' | 'login' | 'rights' | 'refused' | 'writing' | 'medium';
  /** For people, in the words of who refuses; '' where there are none. */
  readonly message: string;
  /** Since when it is so, milliseconds since 1970. */
  readonly since: number;
  /** Why nothing is recorded though the settings say otherwise: the medium; '' when nothing stands in the way. */
  readonly held: string;
}

export interface Settings {
  /** A setting's value at this moment. */
  value(name: string): SettingValue;
  /** Those that a role may change. */
  list(role: Role): readonly Setting[];
  /**
   * Checks, keeps and applies them, all or none. Waits a second for what must reach Asterisk, no longer.
   * @param values By name; null: the default again.
   * @returns the trial on which they are, where they may shut out who asks and `seconds` are given.
   * @throws {CgiError} `invalid` naming the setting, `conflict` for one that is fixed, that would shut out who asks for it
   * without a trial, or whose port can't be had; `denied` for one of another role's.
   */
  change(
    values: ReadonlyMap<string, SettingValue | null>,
    role: Role,
    by: By,
    from?: ChangeFrom,
  ): Promise<Begun | null>;
}

/** How a change is asked for. */
export interface ChangeFrom {
  /** null: by nothing that could be closed. */
  readonly door: Door | null;
  /** Of the trial; undefined: what could shut out who asks is refused where that can be foreseen. */
  readonly seconds?: number | undefined;
}
