/** Prepared statements kept for the next time: bounded, and never one that has failed. */

/** What is needed of the package's statement. */
export interface Finalizable {
  finalize(): void;
}

export interface Statements<Statement extends Finalizable> {
  /** Runs `work` with the statement of this text. @throws what `work` or preparing throws. */
  use<T>(sql: string, work: (statement: Statement) => T): T;
  /** Lets all go: one left unfinalised would leave `<file>.lock` behind. */
  clear(): void;
}

/** Statements kept: our fixed ones and the filters asked for lately. Each holds a few KB. */
const KEPT_MAX = 100;

/** Longer texts, filters with many numbers, are made anew each time: with 600 conditions one holds 160 KB. */
const KEPT_LENGTH_MAX = 4_096;

export function createStatements<Statement extends Finalizable>(
  prepare: (sql: string) => Statement,
): Statements<Statement> {
  // The map's order is that of the last use.
  const kept = new Map<string, Statement>();

  function letGo(sql: string): void {
    const statement = kept.get(sql);
    kept.delete(sql);
    try {
      statement?.finalize();
    } catch {
      // Finalising reports the statement's own last error once more; it's gone all the same.
    }
  }

  return {
    use(sql, work) {
      const statement = kept.get(sql) ?? prepare(sql);
      kept.delete(sql);
      kept.set(sql, statement);
      try {
        const result = work(statement);
        if (sql.length > KEPT_LENGTH_MAX) letGo(sql);
        return result;
      } catch (error) {
        letGo(sql); // one that failed once throws on its next, valid run
        throw error;
      } finally {
        const [oldest] = kept.keys();
        if (kept.size > KEPT_MAX && oldest !== undefined) letGo(oldest);
      }
    },
    clear() {
      for (const sql of [...kept.keys()]) letGo(sql);
    },
  };
}
