import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { Guest } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { migrateSlowly, slowToMove } from "./libvirt/migration.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const examples = new URL("../../examples/", import.meta.url);
const LONG = 60_000;

function run(t: TestContext, name: string, ...args: string[]): Child {
  const child = new Child(process.execPath, [fileURLToPath(new URL(`libvirt-${name}.ts`, examples)), ...args]);
  t.after(() => child.stop());
  return child;
}

await describeWithLibvirtd("the examples of the libvirt client", {}, (host) => {
  it("events: lists domains and prints what happens to them", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const first = await Guest.start(libvirtd, connection, "events-1");
    const example = run(t, "events", libvirtd.uri);
    await example.line(/^events-1 \S+: RUNNING \(BOOTED\)$/, LONG);
    first.signal("SIGKILL");
    await example.line(/^events-1: lifecycle .*eventName=STOPPED detailName=FAILED$/, LONG);
    assert.equal((await example.stop()).code, 0);
  });

  it("watcher: prints changes that happened while libvirtd or the watcher itself did not run", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const [one, two, three] = await Promise.all(
      ["watch-1", "watch-2", "watch-3"].map((name) => Guest.start(libvirtd, connection, name)),
    );
    const file = join(libvirtd.folder, "watcher.json");
    const args = [file, libvirtd.uri];
    const before = run(t, "watcher", ...args);
    await before.line(/^watching \d+ domains$/, LONG);
    one?.signal("SIGKILL");
    await before.line(/^watch-1: RUNNING .* -> gone$/, LONG);

    const pid = two?.pid ?? 0;
    await libvirtd.kill();
    process.kill(pid, "SIGKILL");
    await libvirtd.restart();
    await before.line(/^watch-2: RUNNING .* -> gone$/, LONG);
    // It prints first and saves then, so that being killed in between repeats a line instead of losing one.
    await eventually(
      "the state file without watch-2",
      LONG,
      () => !readFileSync(file, "utf8").includes("watch-2") || undefined,
    );
    await before.stop("SIGKILL");

    three?.signal("SIGKILL");
    const after = run(t, "watcher", ...args);
    await after.line(/^watch-3: RUNNING .* -> gone$/, LONG);
    await after.line(/^watching \d+ domains$/, LONG);
    assert.doesNotMatch(after.output, /watch-[12]/);
  });

  it("agent-ping: exits with 0, 1 and 2", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const guest = await (await Guest.start(libvirtd, connection, "ping-1")).answering();
    await Guest.start(libvirtd, connection, "ping-2", { agent: "hangs" });
    for (const [name, seconds, code, output] of [
      ["ping-1", "20", 0, /responded in \d+ ms/],
      [guest.domain.uuid, "20", 0, /responded in \d+ ms/],
      ["ping-2", "2", 1, /the guest agent does not respond/],
      ["nobody", "2", 2, /no active domain/],
    ] as const) {
      const example = run(t, "agent-ping", name, libvirtd.uri, seconds);
      assert.equal((await example.exited).code, code, example.output);
      assert.match(example.output, output);
    }
  });

  it("migrations: shows both ends of a migration that is under way", async (t) => {
    const there = await Libvirtd.start({ hostname: "compute2" });
    t.after(() => there.stop());
    const from = { libvirtd: host().libvirtd, connection: await host().connect(t) };
    const to = { libvirtd: there, connection: await host().connect(t, { uri: there.uri }) };
    const guest = await (
      await Guest.start(from.libvirtd, from.connection, "move-1", { ...slowToMove, defined: true })
    ).answering();
    const { ended } = await migrateSlowly(guest, from, to);
    const list = async (uri: string): Promise<string> => {
      const example = run(t, "migrations", uri);
      assert.equal((await example.exited).code, 0, example.output);
      return example.output;
    };
    assert.match(
      await list(from.libvirtd.uri),
      /^move-1 \S+: RUNNING \(\w+\), being migrated, saved or dumped: \d+ of \d+ MiB left after \d+ s$/m,
    );
    assert.match(await list(there.uri), /^move-1 \S+: PAUSED \(MIGRATION\), arriving from another host$/m);
    await from.libvirtd.virsh("domjobabort", guest.name);
    assert.notEqual(await ended, undefined);
    assert.match(await list(from.libvirtd.uri), /^move-1 \S+: RUNNING \(\w+\)$/m);
  });
});
