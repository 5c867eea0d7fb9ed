import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { inTransaction, openDatabase } from "../../../../src/control-plane/store/database.ts";

/** A database with a table of names, and what another connection sees of it. A name `never` cannot be committed. */
function open(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "shared-transaction-"));
  const path = join(directory, "control-plane.sqlite");
  const database = openDatabase(path);
  database.exec(
    `CREATE TABLE known (name TEXT PRIMARY KEY);
     CREATE TABLE noted (name TEXT UNIQUE, of TEXT REFERENCES known(name) DEFERRABLE INITIALLY DEFERRED);`,
  );
  const other = new DatabaseSync(path);
  context.after(() => {
    other.close();
    database.close();
    rmSync(directory, { recursive: true });
  });
  const note = (name: string) => {
    const of = name === "never" ? "nobody" : null;
    database.prepare("INSERT INTO noted VALUES (?, ?)").run(name, of);
    return name;
  };
  const seen = (by: DatabaseSync) =>
    by
      .prepare("SELECT name FROM noted ORDER BY name")
      .all()
      .map(({ name }) => name);
  return { database, shared: database.shared, note, seenByOthers: () => seen(other), seenHere: () => seen(database) };
}

test("what is written in one turn of the event loop is committed together, when the turn ends", async (context) => {
  const { shared, note, seenByOthers, seenHere } = open(context);
  assert.equal(
    shared.run(() => note("a")),
    "a",
  );
  assert.equal(
    shared.run(() => note("b")),
    "b",
  );
  assert.deepEqual([seenHere(), seenByOthers()], [["a", "b"], []]);
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["a", "b"]);
  shared.run(() => note("c"));
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["a", "b", "c"]);
});

test("work that throws takes back what it wrote, and nothing of the others", async (context) => {
  const { shared, note, seenByOthers } = open(context);
  shared.run(() => note("a"));
  const fails = () => {
    note("b");
    return note("a");
  };
  assert.throws(() => shared.run(fails), /UNIQUE/);
  shared.run(() => note("c"));
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["a", "c"]);
});

test("where the commit fails, all who wait for it get its error, and the next turn begins anew", async (context) => {
  const { shared, note, seenByOthers } = open(context);
  shared.run(() => note("a"));
  const first = shared.committed();
  shared.run(() => note("never"));
  await assert.rejects(first, /FOREIGN KEY/);
  await assert.rejects(
    shared.committed().then(() => first),
    /FOREIGN KEY/,
  );
  shared.run(() => note("b"));
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["b"]);
});

test("where SQLite takes back everything, as when the disk is full, nobody is told that it was committed", async (context) => {
  const { database, shared, note, seenByOthers } = open(context);
  shared.run(() => note("a"));
  const full = () => {
    database.exec("ROLLBACK");
    throw new Error("database or disk is full");
  };
  assert.throws(() => shared.run(full), /is full/);
  assert.throws(() => shared.run(() => note("b")), /is full/, "not committed by itself, without those before it");
  await assert.rejects(shared.committed(), /is full/);
  assert.deepEqual(seenByOthers(), []);
  shared.run(() => note("c"));
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["c"]);
});

test("who needs a transaction of its own commits the shared one first", async (context) => {
  const { database, shared, note, seenByOthers } = open(context);
  shared.run(() => note("a"));
  const committed = shared.committed();
  const fails = () => {
    note("b");
    throw new Error("no");
  };
  assert.throws(() => inTransaction(database, fails), /no/);
  assert.deepEqual(seenByOthers(), ["a"]);
  await committed;
  // A write that belongs to no transaction goes with the shared one.
  shared.run(() => note("c"));
  note("d");
  await shared.committed();
  assert.deepEqual(seenByOthers(), ["a", "c", "d"]);
});
