import { DatabaseSync, type StatementSync } from "node:sqlite";
import { SharedTransaction } from "./shared-transaction.ts";

/** Statements that are kept compiled. A list's depends on its filters and keys: there are more than are worth keeping. */
const kept = 100;

/**
 * A database that compiles each statement once: most take less time to run than to compile. Statements are shared, so their rows
 * are read at once (`all`, `get`), and no settings of one are changed.
 */
export class ReusingDatabase extends DatabaseSync {
  /** By their SQL; least recently used first. */
  readonly #statements = new Map<string, StatementSync>();
  readonly shared = new SharedTransaction(this);

  override prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? super.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > kept && oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }
}
