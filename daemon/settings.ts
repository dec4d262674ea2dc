/** The box's settings: what the configuration fixes, else what a page has set, else the default. */
import type { Settings } from '../cgi/settings/port.ts';

export function createSettings(): Settings {
  return { list: () => [], change: () => Promise.reject(new Error('not yet')) };
}
