import type { By } from '../storage/sql/audit.ts';

/** Who does what nobody asked for: the box itself, in the audit log. */
export const BOX: By = { who: 'cdrd', address: '' };
