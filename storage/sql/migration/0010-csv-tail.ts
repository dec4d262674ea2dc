/** What stood before the place up to which a CSV was read: a power cut may take a file's end. */
import type { Migration } from './migration.ts';

export const csvTail: Migration = ["ALTER TABLE csv_file ADD COLUMN tail TEXT NOT NULL DEFAULT ''"];
