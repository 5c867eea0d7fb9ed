import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { NotificationStore } from "../../../../src/control-plane/masakari/notifications/store.ts";
import { openDatabase } from "../../../../src/control-plane/store/database.ts";

for (const query of ["", "sort_dir=asc", "sort_key=generated_time", "sort_key=updated_at", "type=VM", "status=new"]) {
  test(`a list of notifications by "${query}" comes from an index, without a sort of the whole table`, (context) => {
    const database = openDatabase(":memory:");
    context.after(() => database.close());
    const statements: string[] = [];
    const recorder = {
      prepare: (sql: string) => {
        statements.push(sql);
        return database.prepare(sql);
      },
    } as DatabaseSync;
    new NotificationStore(recorder, Date.now, 180).list(new URLSearchParams(query));
    const [sql = ""] = statements;
    const values = Array.from(sql.matchAll(/\?/g), () => 1);
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    const plan = steps.map(({ detail }) => String(detail)).join("\n");
    assert.match(plan, /USING INDEX/);
    assert.doesNotMatch(plan, /TEMP B-TREE/);
  });
}
