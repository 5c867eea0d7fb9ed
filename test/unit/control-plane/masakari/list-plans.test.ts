import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { NotificationStore } from "../../../../src/control-plane/masakari/notifications/store.ts";
import { releases } from "../../../../src/control-plane/masakari/release.ts";
import { inTransaction, openDatabase } from "../../../../src/control-plane/store/database.ts";

let database: DatabaseSync;
const hostUuid = randomUUID();

/** 3,000 notifications of processes, every tenth on one host, and 3 of guests, one of which is finished; all are of one status but that one. */
before(() => {
  database = openDatabase(":memory:");
  const store = new NotificationStore(database, Date.now, 180);
  inTransaction(database, () => {
    for (let index = 0; index < 3003; index += 1) {
      const { uuid } = store.insert({
        generatedTime: { ms: Date.UTC(2026, 0, 1) + index * 1000, micros: 0 },
        ...{
          sourceHostUuid: index % 10 === 0 ? hostUuid : randomUUID(),
          segmentUuid: randomUUID(),
          type: index < 3000 ? "PROCESS" : "VM",
        },
        payload: { event: "STOPPED", process_name: `p${index}` },
      });
      if (index === 3002) store.settle(uuid, "finished", null, []);
    }
  });
});
after(() => database.close());

/** Query and index, and whether the few rows that it leads to are sorted. */
const plans: [query: string, index: string, isSorted?: true][] = [
  ["", "notification_newest"],
  ["sort_dir=asc", "notification_newest"],
  ["sort_key=generated_time", "notification_generated"],
  ["sort_key=updated_at", "notification_updated"],
  ["type=VM", "notification_of_type"],
  ["type=PROCESS", "notification_of_type"],
  ["status=new", "notification_of_status"],
  ["status=new&sort_key=generated_time", "notification_generated"],
  ["type=PROCESS&status=new&sort_key=updated_at", "notification_updated"],
  ["type=PROCESS&generated-since=2026-01-01&sort_key=generated_time", "notification_generated"],
  ["type=VM&sort_key=generated_time", "notification_of_type", true],
  ["status=new&type=VM", "notification_of_type"],
  ["type=PROCESS&status=finished&sort_key=updated_at", "notification_of_status", true],
  [`source_host_uuid=${hostUuid}`, "notification_duplicate", true],
  [`source_host_uuid=${hostUuid}&status=new&sort_key=generated_time`, "notification_duplicate", true],
  ["generated-since=2026-01-01", "notification_newest"],
  ["generated-since=2026-01-01T00:49", "notification_generated", true],
];

/** The plan of the last statement that `use` makes of the store. */
function planOf(use: (store: NotificationStore) => void): string {
  const statements: string[] = [];
  const recorder = {
    prepare: (sql: string) => {
      statements.push(sql);
      return database.prepare(sql);
    },
  } as DatabaseSync;
  use(new NotificationStore(recorder, Date.now, 180));
  const sql = statements.at(-1) ?? "";
  const values = Array.from(sql.matchAll(/\?/g), () => 1);
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return steps.map(({ detail }) => String(detail)).join("\n");
}

for (const [query, index, isSorted = false] of plans) {
  test(`a list of notifications by "${query}" comes from ${index}, ${isSorted ? "and few rows are sorted" : "sorted"}`, () => {
    const plan = planOf((store) => store.list(new URLSearchParams(query), releases["1.3"]));
    assert.match(plan, new RegExp(`USING (COVERING )?INDEX ${index}\\b`));
    assert.equal(/TEMP B-TREE/.test(plan), isSorted, plan);
  });
}

test("whether a segment is in use is looked up by its hosts", () => {
  const plan = planOf((store) => store.segmentInUse(randomUUID()));
  assert.match(
    plan,
    /^SEARCH host USING INDEX \w+ \(segment_uuid=\?\)\nSEARCH notification USING INDEX notification_duplicate \(source/,
  );
});
