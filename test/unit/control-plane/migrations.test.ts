import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { type Json, toPythonJson } from "../../../src/control-plane/formats/python-json.ts";
import { migrations } from "../../../src/control-plane/store/migrations.ts";
import { callMasakari, logIn, startFor } from "../../support/control-plane.ts";
import { sendNotification } from "../../support/control-plane-hosts.ts";

const fixtures = new URL("../../fixtures/control-plane/", import.meta.url);
const dumps = readdirSync(fixtures).filter((name) => name.endsWith(".sql"));

describe("a database of an earlier schema", () => {
  test("is there of every one", () => {
    const expected = Array.from({ length: migrations.length - 1 }, (_, index) => `schema-${index + 1}.sql`);
    assert.deepEqual(dumps, expected);
  });

  for (const dump of dumps) {
    test(`${dump} is brought up to date, and all that was in it still works`, async (context) => {
      const directory = mkdtempSync(join(tmpdir(), "migrations-"));
      context.after(() => rmSync(directory, { recursive: true }));
      const database = join(directory, "control-plane.sqlite");
      const earlier = new DatabaseSync(database, { enableForeignKeyConstraints: false });
      earlier.exec(readFileSync(new URL(dump, fixtures), "utf8"));
      const payloads = earlier
        .prepare("SELECT payload FROM notification ORDER BY id DESC")
        .all()
        .map(({ payload }) => JSON.parse(String(payload)) as unknown);
      earlier.close();
      const cloud = await startFor(context, { database, users: [] });
      const token = await logIn(cloud);
      const list = async (path: string) => {
        const { status, body } = await callMasakari(cloud, token, "GET", path);
        assert.equal(status, 200, body);
        return Object.values(JSON.parse(body) as Record<string, Record<string, unknown>[]>)[0] ?? [];
      };
      const segments = await list("/segments");
      assert.deepEqual(
        segments.map(({ name }) => name),
        ["rack1"],
      );
      const uuid = String(segments[0]?.uuid);
      const hosts = await list(`/segments/${uuid}/hosts?sort_key=name&sort_dir=asc`);
      assert.deepEqual(
        hosts.map(({ name, on_maintenance }) => [name, on_maintenance]),
        [
          ["compute1", false],
          ["compute2", true],
        ],
      );
      for (const one of await list("/notifications")) {
        assert.deepEqual([one.failover_segment_uuid, one.message, one.status], [uuid, null, "new"]);
      }
      const { body } = await callMasakari(cloud, token, "GET", "/notifications");
      assert.equal(body, toPythonJson(JSON.parse(body) as Json), "is written as Python does");
      assert.deepEqual(await list("/notifications").then((all) => all.map(({ payload }) => payload)), payloads);
      await sendNotification(cloud, token, "compute1", { type: "COMPUTE_HOST" });
      assert.equal((await list("/notifications")).length, 3);
    });
  }
});
