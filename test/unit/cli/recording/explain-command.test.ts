import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerExplainCommand } from "../../../../src/cli/recording/explain-command.ts";
import type { Entry } from "../../../../src/notify/entry.ts";
import { stopped } from "../../../support/outbox-rig.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

const UUID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

async function explain(program: RecordedProgram, ...argv: readonly string[]) {
  const result = { out: "", code: 0 };
  const write = (text: string): void => {
    result.out += text;
  };
  const command = new Command().exitOverride();
  registerExplainCommand(command, {
    statePath: () => program.statePath,
    otherPlaces: () => [],
    out: { write },
    now: () => program.clock.now().wall,
    exit: (code) => {
      result.code = code;
    },
  });
  await command.parseAsync(["node", "masakari-monitors", "explain", ...argv]).catch((error: Error) => {
    write(`error: ${error.message}\n`);
  });
  return result;
}

/** Of two processes one dies; its notification is delivered at the second attempt. */
async function incident(t: TestContext): Promise<RecordedProgram> {
  const program = new RecordedProgram(t);
  const { clock, recorder } = program;
  program.start(["nova-compute"], ["libvirtd"]);
  program.seen("nova-compute", 12);
  program.seen("libvirtd", 13);
  await clock.advance(60_000);
  for (let look = 0; look < 3; look++) program.seen("libvirtd", 13);
  program.observe({ kind: "exited", at: clock.now(), process: { pid: 12, startTime: 1 }, keys: ["nova-compute"] });
  program.seen("nova-compute", undefined);
  const entry: Entry = {
    id: "1a2b3c4d",
    subject: "process:nova-compute",
    notification: stopped("nova-compute"),
    state: "pending",
    attempts: 0,
    reason: undefined,
    notificationUuid: undefined,
    created: clock.now(),
    bootId: "boot-1",
    endedWall: undefined,
  };
  recorder.entry(entry, clock.now());
  await clock.advance(1000);
  recorder.entry({ ...entry, attempts: 1, reason: "connection refused" }, clock.now());
  recorder.entry({ ...entry, attempts: 2, state: "delivered", notificationUuid: UUID }, clock.now());
  await recorder.close();
  return program;
}

test("the story of a process: what was observed, what state it was in, what was decided and delivered, and nothing of others", async (t) => {
  const program = await incident(t);
  const { out, code } = await explain(program, "nova-compute");
  assert.equal(code, 0, out);
  const story = out.split("\n").map((line) => line.replace(/^\S+Z processmonitor /, ""));
  assert.deepEqual(story.slice(0, 2), ["starts, version 1.2.3", story[1]]);
  assert.match(story[1] ?? "", /^observed started: settings=/);
  for (const line of [
    "    now nova-compute: up, pid 12",
    'observed exited: process={"pid":12,"startTime":1} keys=["nova-compute"]',
    "    now nova-compute: down, its supervisor may restart it",
    "notification 1a2b3c4d is in the outbox: PROCESS STOPPED of nova-compute on host-1",
    "notification 1a2b3c4d is not delivered after 1 attempt: connection refused",
    `notification 1a2b3c4d delivered as ${UUID} after 2 attempts`,
  ]) {
    assert.ok(story.includes(line), `${line}\n${out}`);
  }
  assert.ok(!out.includes("libvirtd"), out);
});

test("a notification is found by its UUID in Masakari and by its id in the outbox", async (t) => {
  const program = await incident(t);
  const [byUuid, byId] = [await explain(program, UUID), await explain(program, "1a2b3c4d")];
  assert.ok(byUuid.out.includes(`delivered as ${UUID}`), byUuid.out);
  assert.deepEqual(byId, byUuid);
});

test("--since leaves out what is older; what is not known has exit status 1", async (t) => {
  const program = await incident(t);
  const { out } = await explain(program, "--since", "30s");
  assert.ok(out.includes("observed exited") && !out.includes("observed started"), out);
  const { code, out: unknown } = await explain(program, "keystone");
  assert.deepEqual([code, unknown], [1, "nothing is recorded about keystone\n"]);
  assert.equal((await explain(program, "--since", "yesterday")).code, 2);
});

test("observations on which nothing was decided are shown with --all", async (t) => {
  const program = await incident(t);
  const count = ({ out }: { readonly out: string }): number => out.split("observed seen").length - 1;
  assert.equal(count(await explain(program, "libvirtd")), 1);
  assert.equal(count(await explain(program, "libvirtd", "--all")), 4);
});

test("-f json has the same events", async (t) => {
  const events = JSON.parse((await explain(await incident(t), "nova-compute", "-f", "json")).out);
  assert.deepEqual(
    events.map(({ kind }: { readonly kind: string }) => kind),
    ["started", "decided", "decided", "decided", "decided", "entry", "entry", "entry"],
  );
});

test("a clock that is set back changes nothing in the order of the story", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  program.seen("nova-compute", 12);
  await program.clock.advance(60_000);
  program.clock.stepWall(-3_600_000);
  program.observe({
    kind: "exited",
    at: program.clock.now(),
    process: { pid: 12, startTime: 1 },
    keys: ["nova-compute"],
  });
  await program.recorder.close();
  const { out } = await explain(program, "nova-compute");
  const order = ["observed started", "now nova-compute: up", "observed exited"].map((text) => out.indexOf(text));
  assert.ok(
    order.every((at, index) => at >= 0 && at > (order[index - 1] ?? -1)),
    out,
  );
});

test("explain shows where a record is missing, and why", async (t) => {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  program.observe({ kind: "seen", at: program.clock.now(), sightings: [], extra: 1n } as never);
  program.seen("nova-compute", 12);
  await program.recorder.close();
  const { out } = await explain(program, "nova-compute");
  assert.match(out, /a record is missing here: Do not know how to serialize a BigInt\n/);
});

test("a process whose name is several words has the lines of the log in its story, and none of another's that begins alike", async (t) => {
  const program = new RecordedProgram(t);
  const [name, other] = ["/usr/bin/python3 /usr/bin/nova-compute", "/usr/bin/python3 /usr/bin/nova-api"];
  program.start([name], [other]);
  for (const key of [name, other]) program.seen(key, undefined);
  await program.recorder.close();
  const { out } = await explain(program, name);
  assert.match(out, /log \(info\): \/usr\/bin\/python3 \/usr\/bin\/nova-compute is not running/);
  assert.doesNotMatch(out, /nova-api/);
});
