import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerOutboxCommand } from "../../../src/cli/outbox-command.ts";
import { outboxService } from "../../../src/notify/outbox-service.ts";
import { outboxRoutes } from "../../../src/status/routes.ts";
import { serveHealth } from "../../../src/status/server.ts";
import { healthSocket } from "../../../src/status/socket-path.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { SmallDisk } from "../../support/small-disk.ts";

/** Runs `masakari-monitors` with these arguments; the text that it wrote. */
async function run(statePath: string, ...argv: string[]): Promise<string> {
  let written = "";
  const program = new Command("masakari-monitors").exitOverride();
  program.configureOutput({ writeErr: () => undefined });
  registerOutboxCommand(program, {
    statePath: () => statePath,
    out: { write: (text) => (written += text) },
    now: () => Date.UTC(2026, 0, 1, 1, 2, 3),
  });
  for (const command of program.commands) {
    command.exitOverride();
    for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  await program.parseAsync(argv, { from: "user" });
  return written;
}

/** A monitor that runs, with one entry that was tried in vain and one that was delivered. */
function monitorWith(t: TestContext): { rig: OutboxRig; pending: string } {
  const rig = new OutboxRig(stateDirectory(t));
  t.after(() => rig.store.close());
  const pending = rig.outbox.add("process:nova-compute", stopped("nova-compute"));
  rig.outbox.begin(pending);
  rig.outbox.settle(pending, refused);
  const gone = rig.outbox.add("process:libvirtd", stopped("libvirtd"));
  rig.outbox.begin(gone);
  rig.outbox.settle(gone, { outcome: "delivered", notificationUuid: "u-1" });
  return { rig, pending };
}

test("lists what is pending, while the monitor runs", async (t) => {
  const { rig, pending } = monitorWith(t);
  const lines = (await run(rig.statePath, "outbox")).trimEnd().split("\n");
  assert.equal(lines.length, 2);
  assert.match(
    lines[1] ?? "",
    new RegExp(`^${pending} +testmonitor +pending +1h2m +process:nova-compute +1 +connection refused$`),
  );
});

test("--all also lists the entries that have left the outbox", async (t) => {
  const { rig } = monitorWith(t);
  const text = await run(rig.statePath, "outbox", "--all");
  assert.match(text, /pending.*process:nova-compute/);
  assert.match(text, /delivered.*process:libvirtd/);
});

test("--json is the documented shape", async (t) => {
  const { rig, pending } = monitorWith(t);
  const [entry] = JSON.parse(await run(rig.statePath, "outbox", "--json"));
  assert.deepEqual(entry, {
    id: pending,
    program: "testmonitor",
    state: "pending",
    subject: "process:nova-compute",
    attempts: 1,
    reason: "connection refused",
    notification_uuid: null,
    created_at: "2026-01-01T00:00:00.000Z",
    ended_at: null,
    notification: stopped("nova-compute"),
  });
});

test("drop ends the entry for the monitor that runs, with the reason", async (t) => {
  const { rig, pending } = monitorWith(t);
  assert.match(
    await run(rig.statePath, "outbox", "drop", pending, "--reason", "host is being repaired"),
    new RegExp(`^dropped ${pending} \\(testmonitor\\): PROCESS STOPPED of nova-compute on host-1`),
  );
  assert.equal(rig.outbox.begin(pending), undefined);
  assert.match(rig.logged("dropped").join(), /host is being repaired/);
  assert.match(await run(rig.statePath, "outbox"), /^nothing to list/);
  assert.match(await run(rig.statePath, "outbox", "--all"), /dropped.*host is being repaired/);
});

test("drop --all takes everything of one program", async (t) => {
  const { rig } = monitorWith(t);
  await run(rig.statePath, "outbox", "drop", "--all", "--program", "testmonitor", "--reason", "drill");
  assert.match(await run(rig.statePath, "outbox"), /^nothing to list/);
  const again = await run(rig.statePath, "outbox", "drop", "--all", "--program", "testmonitor", "--reason", "drill");
  assert.match(again, /nothing is pending in testmonitor/);
});

test("what was asked wrongly is refused, and nothing dropped", async (t) => {
  const { rig, pending } = monitorWith(t);
  const refusals: [string[], RegExp][] = [
    [[pending], /--reason/],
    [[pending, "--reason", "  "], /--reason is empty/],
    [["--reason", "x"], /name the ids/],
    [["--all", "--reason", "x"], /--program/],
    [[pending, "--all", "--program", "testmonitor", "--reason", "x"], /not both/],
    [["--all", "--program", "hostmonitor", "--reason", "x"], /hostmonitor has not run here/],
    [["00000000", "--reason", "x"], /not pending: 00000000/],
  ];
  for (const [argv, message] of refusals) {
    await assert.rejects(run(rig.statePath, "outbox", "drop", ...argv), message, argv.join(" "));
  }
  assert.equal(rig.outbox.begin(pending)?.id, pending);
});

test("a directory that does not exist is reported, and not created", async (t) => {
  const directory = stateDirectory(t);
  await assert.rejects(run(directory, "outbox"), /does not exist: no monitor has run here/);
  mkdirSync(directory);
  assert.match(await run(directory, "outbox"), /^nothing to list/);
});

test("of a monitor that runs with a full disk, what is in memory only is listed and can be dropped", async (t) => {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return;
  const rig = new OutboxRig(disk.path);
  rig.outbox.add("process:on-disk", stopped("on-disk"));
  const stop = new AbortController();
  const routes = outboxRoutes(outboxService("testmonitor", rig.outbox));
  const parts = { path: healthSocket(disk.path, "testmonitor"), routes, log: new KeptLog() };
  const listening = Promise.withResolvers<void>();
  const served = serveHealth({ ...parts, onListening: listening.resolve }, stop.signal);
  t.after(async () => {
    stop.abort();
    await served;
    rig.store.close();
  });
  await listening.promise;
  disk.fill();
  let id = "";
  while (rig.store.degraded === undefined) id = rig.outbox.add("process:in-memory", stopped("in-memory"));
  assert.match(await run(disk.path, "outbox"), new RegExp(`${id} .*process:in-memory`));
  assert.match(await run(disk.path, "outbox", "drop", id, "--reason", "repaired"), new RegExp(`^dropped ${id} `));
  assert.equal(
    rig.outbox.list().some((entry) => entry.id === id),
    false,
  );
  const listed = JSON.parse(await run(disk.path, "outbox", "--all", "--json")) as {
    id: string;
    state: string;
    reason: string;
  }[];
  const dropped = listed.find((one) => one.id === id);
  assert.deepEqual([dropped?.state, dropped?.reason], ["dropped", "repaired"]);
  await assert.rejects(run(disk.path, "outbox", "drop", id, "--reason", "again"), /not pending/);
});
