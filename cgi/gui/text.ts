/**
 * The texts of the pages: a file a page and language under `text/`, loaded with the page. English is what the others are
 * checked against: a text that is missing there is a type error.
 */
import type { account } from './text/en/account.ts';
import type { ami } from './text/en/ami.ts';
import type { audit } from './text/en/audit.ts';
import type { calls } from './text/en/calls.ts';
import type { common } from './text/en/common.ts';
import type { dashboard } from './text/en/dashboard.ts';
import type { doctor } from './text/en/doctor.ts';
import type { live } from './text/en/live.ts';
import type { phoneBook } from './text/en/phone-book.ts';
import type { preferences } from './text/en/preferences.ts';
import type { recordingSettings } from './text/en/recording-settings.ts';
import type { recordings } from './text/en/recordings.ts';
import type { retention } from './text/en/retention.ts';
import type { truth } from './text/en/truth.ts';
import type { users } from './text/en/users.ts';

/** What each file of texts holds, by its name. */
export interface Texts {
  account: typeof account;
  ami: typeof ami;
  audit: typeof audit;
  calls: typeof calls;
  common: typeof common;
  dashboard: typeof dashboard;
  doctor: typeof doctor;
  live: typeof live;
  'phone-book': typeof phoneBook;
  preferences: typeof preferences;
  'recording-settings': typeof recordingSettings;
  recordings: typeof recordings;
  retention: typeof retention;
  truth: typeof truth;
  users: typeof users;
}
export type TextName = keyof Texts;

/** The shape of a text file in another language: the same names, each a text or a function of the same things. */
export type Translated<English> = {
  readonly [Name in keyof English]: English[Name] extends string
    ? string
    : English[Name] extends (...given: infer Given) => string
      ? (...given: Given) => string
      : Translated<English[Name]>;
};

export const LANGUAGES = { en: 'English', es: 'Español' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'cdrd.language';

/** The one chosen here before, or else the browser's. */
function chosen(): Language {
  const kept = localStorage.getItem(KEPT);
  const wanted = [kept, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is Language => tag !== undefined && Object.hasOwn(LANGUAGES, tag)) ?? 'en';
}

/** Chosen once for each load of the pages: another choice loads them anew. */
export const language: Language = chosen();

/** Pages are loaded anew in it. */
export function speak(wanted: Language): void {
  localStorage.setItem(KEPT, wanted);
  location.reload();
}

const loaded = new Map<string, unknown>();

/** Loads the texts of a page; {@link useText} gives them then. */
export async function loadText(name: TextName): Promise<void> {
  if (loaded.has(name)) return;
  const module = (await import(`./text/${language}/${name}.ts`)) as Record<string, unknown>;
  loaded.set(name, Object.values(module)[0]);
}

/** The texts of a page that is loaded. */
export function useText<Name extends TextName>(name: Name): Translated<Texts[Name]> {
  const texts = loaded.get(name);
  if (!texts) throw new Error(`the texts ${name} are not loaded`);
  return texts as Translated<Texts[Name]>;
}
