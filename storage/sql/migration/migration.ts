/** Statements of one step, run in one transaction together with the new `user_version`. */
export type Migration = readonly string[];
