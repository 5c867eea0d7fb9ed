import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { type Json, toPythonJson } from "../../../../src/control-plane/formats/python-json.ts";
import { NotificationStore, showNotification } from "../../../../src/control-plane/masakari/notifications/store.ts";
import { releases } from "../../../../src/control-plane/masakari/release.ts";
import { openDatabase } from "../../../../src/control-plane/store/database.ts";
import { assertProperty } from "../../../support/seeds.ts";

/** As the API lets it through. */
const name = fc.stringMatching(/^[a-zA-Z0-9\-_:. ]{1,255}$/);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "%s", "'", "é\u{1f600}\u007f\u0000", ""),
);

test("what SQLite writes of notifications, whatever is in them, is what is shown of each", (context) => {
  const database = openDatabase(":memory:");
  context.after(() => database.close());
  const notification = fc.record({
    payload: fc.dictionary(name, text, { maxKeys: 4 }),
    settled: fc.option(fc.record({ status: fc.constantFrom("finished", "error"), message: fc.option(text) })),
  });
  assertProperty(
    fc.property(fc.array(notification, { maxLength: 5 }), fc.constantFrom("1.2", "1.3"), (notifications, name) => {
      database.exec("DELETE FROM notification");
      const store = new NotificationStore(database, Date.now, 180);
      const uuids = notifications.map(({ payload, settled }) => {
        const hosts = { sourceHostUuid: randomUUID(), segmentUuid: randomUUID() };
        const { uuid } = store.insert({ generatedTime: { ms: 1, micros: 2 }, ...hosts, type: "VM", payload });
        if (settled) store.settle(uuid, settled.status, settled.message, []);
        return uuid;
      });
      const rows = uuids.reverse().flatMap((uuid) => store.find(uuid) ?? []);
      const release = releases[name as keyof typeof releases];
      const shown = rows.map((row) => showNotification(row, release) as Json);
      const listed = store.list(new URLSearchParams(), release).toString();
      assert.equal(listed, toPythonJson({ notifications: shown }));
    }),
  );
});
