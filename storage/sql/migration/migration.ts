import type { Database } from '../database.ts';

/** SQL, or what SQL can't do, in the order in which it is done. All of a migration is one transaction. */
export type Migration = readonly (string | ((database: Database) => void))[];
