import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { explain } from "../../../../src/cli/compare/explain.ts";
import type { Pair } from "../../../../src/cli/compare/pairs.ts";
import { recordedAbout } from "../../../../src/cli/compare/recorded.ts";
import { storyOf } from "../../../../src/cli/recording/story.ts";
import { segmentsIn } from "../../../../src/monitor/recording/segment-files.ts";
import type { StoredNotification } from "../../../../src/openstack/masakari-objects.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

/** Of two processes one dies and comes back by itself; a look at both follows a minute later. */
async function recorded(t: TestContext) {
  const program = new RecordedProgram(t);
  const { clock } = program;
  program.start(["nova-compute"], ["libvirtd"], ["/usr/sbin/sshd"]);
  program.seen("nova-compute", 12);
  program.seen("libvirtd", 13);
  await clock.advance(60_000);
  const died = clock.now().wall;
  program.observe({ kind: "exited", at: clock.now(), process: { pid: 12, startTime: 1 }, keys: ["nova-compute"] });
  await clock.advance(1000);
  program.seen("nova-compute", 14);
  await clock.advance(60_000);
  program.seen("libvirtd", 13);
  await program.recorder.close();
  const about = (subject: string, at: number, type = "PROCESS") =>
    recordedAbout([{ subject, type, at }], storyOf(segmentsIn(program.directory)))[0];
  return { program, died, about };
}

const CIRCUMSTANCES = {
  shadowed: [],
  received: [],
  withdrawn: [],
  sent: new Set<string>(),
  onMaintenance: new Set<string>(),
  since: new Map([["PROCESS", 0]]),
};

function receivedAlone(subject: string, at: number): Pair {
  const time = new Date(at).toISOString().slice(0, -1);
  const payload = { process_name: subject, event: "STOPPED" };
  const stored = { type: "PROCESS", payload, generated_time: time, status: "new" } as unknown as StoredNotification;
  const event = { type: "PROCESS", hostname: "host-1", payload };
  return { at, event, shadowed: undefined, received: { stored, hostname: "host-1", payload } };
}

test("what only the other monitor reported is explained by what was observed and decided about it", async (t) => {
  const { died, about } = await recorded(t);
  const found = about("nova-compute", died + 500);
  assert.equal(found?.ran, true);
  const lines = found?.lines.join("\n") ?? "";
  assert.match(lines, /observed exited: process=\{"pid":12,"startTime":1\}/);
  assert.match(lines, /now nova-compute: down, its supervisor may restart it/);
  assert.match(lines, /now nova-compute: up, pid 14/);
  assert.doesNotMatch(lines, /libvirtd/);
  assert.match(
    explain(receivedAlone("nova-compute", died), CIRCUMSTANCES, found),
    /has made no notification of it so far/,
  );
});

test("a monitor that ran and observed nothing is distinguished from one that did not run, or of which that is not known", async (t) => {
  const { program, died, about } = await recorded(t);
  const why = (at: number) => explain(receivedAlone("chronyd", at), CIRCUMSTANCES, about("chronyd", at));
  assert.match(why(died + 500), /ran then, and observed nothing/);
  const end = program.clock.now().wall;
  assert.match(
    why(end + 60_000),
    /did not run then, or .*: its last record is of 2026-01-01T00:02:01\.000Z; see its log/,
  );
  assert.match(why(died - 3_600_000), /nothing is recorded of that time/);
  assert.equal(about("chronyd", died, "VM")?.ran, undefined);
});

test("a program that was started again later did not run", async (t) => {
  const { program, died } = await recorded(t);
  const events = [...storyOf(segmentsIn(program.directory))];
  const [start] = events;
  assert.ok(start?.kind === "started");
  const later = { ...start, at: { wall: died + 3_600_000, mono: 1 } };
  const [found] = recordedAbout([{ subject: "chronyd", type: "PROCESS", at: died + 1_800_000 }], [...events, later]);
  assert.equal(found?.ran, false);
  assert.match(
    explain(receivedAlone("chronyd", died), CIRCUMSTANCES, found),
    /did not run then: its recording has nothing/,
  );
});
