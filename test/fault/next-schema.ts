/** The step of a schema that is not released yet: what a newer cdrd would bring. */
import type { Migration } from '../../storage/sql/migration/migration.ts';

export const NEXT: Migration = [
  'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT',
  "ALTER TABLE call ADD COLUMN later TEXT DEFAULT ''",
];
