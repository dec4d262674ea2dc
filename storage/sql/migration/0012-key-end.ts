/** API keys may have an end, and show when they were last used. */
import type { Migration } from './migration.ts';

export const keyEnd: Migration = [
  'ALTER TABLE api_key ADD COLUMN ends_at INTEGER',
  'ALTER TABLE api_key ADD COLUMN used_at INTEGER',
];
