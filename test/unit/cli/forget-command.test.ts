import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerArmedCommand } from "../../../src/cli/armed-command.ts";
import { registerForgetCommand } from "../../../src/cli/forget-command.ts";
import { registerStatusCommand } from "../../../src/cli/status-command.ts";
import { disarm } from "../../../src/host/orders.ts";
import { lockState } from "../../../src/notify/state-lock.ts";
import { writePause } from "../../../src/process/pauses.ts";
import { serveHealth } from "../../../src/status/server.ts";
import { healthSocket } from "../../../src/status/socket-path.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { delivered, OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { RecordedProgram } from "../../support/recorded-program.ts";

/** Runs `masakari-monitors` with these arguments. */
async function run(statePath: string, ...argv: string[]) {
  const result = { text: "", code: 0 };
  const program = new Command("masakari-monitors").exitOverride();
  const parts = {
    statePath: () => statePath,
    otherPlaces: () => [],
    out: { write: (text: string) => (result.text += text) },
    exit: (code: number) => {
      result.code = code;
    },
  };
  registerForgetCommand(program, parts);
  registerStatusCommand(program, parts);
  registerArmedCommand(program, parts);
  await program.parseAsync(argv, { from: "user" });
  return result;
}

const forget = async (statePath: string): Promise<string> =>
  (await run(statePath, "forget", "masakari-processmonitor")).text;

/** What a process monitor leaves when it has stopped, with its recording; one notification waits. */
function leftovers(t: TestContext) {
  const recorded = new RecordedProgram(t);
  const { statePath } = recorded;
  const rig = new OutboxRig(statePath, { program: "processmonitor" });
  const id = rig.outbox.add("process:nova-compute", stopped("nova-compute"));
  rig.outbox.begin(id);
  rig.outbox.settle(id, refused);
  return { recorded, rig, statePath, id };
}

test("of a stopped monitor whose notifications have all ended everything goes that was its, and nothing else; then status no longer has it", async (t) => {
  const { recorded, rig, statePath, id } = leftovers(t);
  recorded.start(["nova-compute"]);
  await recorded.recorder.close();
  rig.outbox.begin(id);
  rig.outbox.settle(id, delivered);
  rig.store.close();
  const moment = { now: recorded.clock.now(), bootId: "boot-1" };
  writePause({ statePath, ...moment }, { key: "web", seconds: 60, reason: "work", by: "me" });
  writeFileSync(join(statePath, "processmonitor.sqlite.unusable-2026"), "");
  writeFileSync(join(statePath, "processmonitor.sock"), "");
  const others = ["hostmonitor.sqlite", "processmonitor.txt", "processmonitor-copy.sqlite", "processmonitors.sqlite"];
  for (const name of others) writeFileSync(join(statePath, name), "");
  disarm(statePath, { seconds: 60, reason: "work", by: "me" }, moment);

  const before = await run(statePath, "status", "processmonitor");
  assert.match(before.text, /processmonitor: not running: .*masakari-monitors forget processmonitor\n/);
  const armed = await run(statePath, "armed", "processmonitor");
  assert.match(armed.text, /blind +- +not running; start it, or .*: masakari-monitors forget processmonitor\n/);
  assert.doesNotMatch((await run(statePath, "status", "processmonitor-copy")).text, /forget processmonitor-copy/);

  const text = await forget(statePath);
  const removed = text.trimEnd().split("\n");
  assert.deepEqual(
    removed.map((line) => line.replace(`removed ${statePath}/processmonitor.`, "").replace(/(?<=pause).*/, "")),
    ["pause", "recording", "sock", "sqlite", "sqlite.unusable-2026"],
  );
  assert.deepEqual(readdirSync(statePath).sort(), [...others, "hostmonitor.disarm.json"].sort());
  assert.doesNotMatch((await run(statePath, "status")).text, /^processmonitor /m);
  await assert.rejects(forget(statePath), /processmonitor has left nothing in/);
});

test("it is refused while a notification waits, which names the commands, and removes nothing", async (t) => {
  const { rig, statePath, id } = leftovers(t);
  rig.store.close();
  const names = readdirSync(statePath);
  await assert.rejects(forget(statePath), (error: Error) => {
    assert.match(error.message, /^1 notification of processmonitor has not reached Masakari: /);
    assert.match(error.message, /`masakari-monitors outbox drop --all --program processmonitor --reason TEXT`/);
    return true;
  });
  assert.deepEqual(
    readdirSync(statePath).filter((name) => !name.endsWith(".lock")),
    names,
  );
  const again = new OutboxRig(statePath, { program: "processmonitor" });
  assert.equal(again.store.firstOf("process:nova-compute")?.id, id);
  again.store.close();
});

test("a notification that only a damaged database has keeps it too", async (t) => {
  const { rig, statePath } = leftovers(t);
  rig.store.close();
  const database = new DatabaseSync(join(statePath, "processmonitor.sqlite"));
  database.exec("PRAGMA user_version = 99");
  database.close();
  await assert.rejects(forget(statePath), /^ForgetCommandError: 1 notification/);
});

test("it is refused while the monitor runs: by its lock, and by its socket alone", async (t) => {
  const { rig, statePath } = leftovers(t);
  rig.store.close();
  const lock = lockState(statePath, "processmonitor");
  await assert.rejects(
    forget(statePath),
    /^ForgetCommandError: processmonitor is running \(pid \d+\): stop and disable/,
  );
  lock.release();
  const stop = new AbortController();
  const path = healthSocket(statePath, "processmonitor");
  const { promise: listening, resolve: onListening } = Promise.withResolvers<void>();
  const serving = serveHealth({ path, routes: {}, log: new KeptLog(), onListening }, stop.signal);
  await listening;
  await assert.rejects(forget(statePath), /^ForgetCommandError: processmonitor is running: stop/);
  stop.abort();
  await serving;
  assert.ok(existsSync(join(statePath, "processmonitor.sqlite")));
});

test("of a symbolic link in place of the recording the link goes, and what it leads to stays", async (t) => {
  const statePath = stateDirectory(t);
  mkdirSync(join(statePath, "else"), { recursive: true, mode: 0o700 });
  writeFileSync(join(statePath, "else", "000001.rec"), "x");
  symlinkSync(join(statePath, "else"), join(statePath, "processmonitor.recording"));
  assert.equal(await forget(statePath), `removed ${statePath}/processmonitor.recording\n`);
  assert.deepEqual(readdirSync(statePath), ["else"]);
  assert.deepEqual(readdirSync(join(statePath, "else")), ["000001.rec"]);
});

test("a name that is no monitor's is refused", async (t) => {
  const statePath = stateDirectory(t);
  mkdirSync(statePath);
  writeFileSync(join(statePath, "control-plane.sqlite"), "");
  await assert.rejects(run(statePath, "forget", "control-plane"), /no monitor control-plane; one of /);
});
