/** API keys may hold scopes: what the role alone opens for no program. Those made before hold none. */
import type { Migration } from './migration.ts';

// A JSON list of words, as `numbers` is one of numbers.
export const keyScopes: Migration = [`ALTER TABLE api_key ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]'`];
