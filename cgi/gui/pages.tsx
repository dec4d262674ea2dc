/** The pages: who may see each, where it stands in the menu, and how it is loaded. */
import type { ComponentType } from 'preact';
import type { PageName, Role } from '../contract.ts';
import { loadText, type TextName } from './text.ts';

export interface PageEntry {
  readonly name: PageName;
  readonly group: 'overview' | 'calls' | 'settings' | 'box' | 'own';
  /** The least that sees it. */
  readonly role: Role;
  readonly text: TextName;
  load(): Promise<{ readonly default: ComponentType }>;
}

/** In the order of the menu. */
export const ENTRIES: readonly PageEntry[] = [
  {
    name: 'dashboard',
    group: 'overview',
    role: 'admin',
    text: 'dashboard',
    load: () => import('./dashboard/page.tsx'),
  },
  { name: 'live-calls', group: 'overview', role: 'admin', text: 'live', load: () => import('./live/page.tsx') },
  { name: 'calls', group: 'calls', role: 'admin', text: 'calls', load: () => import('./calls/page.tsx') },
  {
    name: 'recordings',
    group: 'calls',
    role: 'monitor',
    text: 'recordings',
    load: async () => {
      // What is wrong with a recording is told in the words of the truth report.
      const [page] = await Promise.all([import('./recordings/page.tsx'), loadText('truth')]);
      return page;
    },
  },
  {
    name: 'phone-book',
    group: 'calls',
    role: 'admin',
    text: 'phone-book',
    load: () => import('./phone-book/page.tsx'),
  },
  {
    name: 'recording-settings',
    group: 'settings',
    role: 'monitor',
    text: 'recording-settings',
    load: () => import('./recording-settings/page.tsx'),
  },
  { name: 'ami-settings', group: 'settings', role: 'admin', text: 'ami', load: () => import('./ami/page.tsx') },
  {
    name: 'preferences',
    group: 'settings',
    role: 'admin',
    text: 'preferences',
    load: () => import('./preferences/page.tsx'),
  },
  { name: 'users', group: 'settings', role: 'admin', text: 'users', load: () => import('./users/page.tsx') },
  { name: 'doctor', group: 'box', role: 'admin', text: 'doctor', load: () => import('./doctor/page.tsx') },
  { name: 'retention', group: 'box', role: 'admin', text: 'retention', load: () => import('./retention/page.tsx') },
  { name: 'truth', group: 'box', role: 'admin', text: 'truth', load: () => import('./truth/page.tsx') },
  { name: 'audit', group: 'box', role: 'admin', text: 'audit', load: () => import('./audit/page.tsx') },
  { name: 'account', group: 'own', role: 'monitor', text: 'account', load: () => import('./account/page.tsx') },
];

export function maySee(entry: PageEntry, role: Role): boolean {
  return role === 'admin' || entry.role === 'monitor';
}

/** What `/` shows. */
export function startPage(role: Role): PageName {
  return role === 'admin' ? 'dashboard' : 'recordings';
}
