import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { inTransaction } from "../../../../src/control-plane/store/database.ts";

test("a transaction for which there is no space fails with that reason, and the next one works", (context) => {
  const database = new DatabaseSync(":memory:");
  context.after(() => database.close());
  database.exec("CREATE TABLE t (x TEXT)");
  database.exec("PRAGMA max_page_count = 4");
  const insert = (bytes: number) => database.prepare("INSERT INTO t VALUES (?)").run("x".repeat(bytes));
  assert.throws(() => inTransaction(database, () => insert(100_000)), /full/);
  inTransaction(database, () => insert(1));
  assert.equal(database.prepare("SELECT count(*) AS rows FROM t").get()?.rows, 1);
});
