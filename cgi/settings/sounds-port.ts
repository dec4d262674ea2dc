/** What the number of sounds needs from above: the names found in Asterisk's folders of sounds. */

export interface SoundList {
  /** As Playback() takes them, each once; `custom/…` first. */
  readonly names: readonly string[];
  /** There are more than a list takes. */
  readonly more: boolean;
  /** Why a folder could not be read; '' when all could. */
  readonly why: string;
}

export interface Sounds {
  /** Looks now, or gives what a look some seconds ago found. */
  list(): Promise<SoundList>;
}
