import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { conditionIn, orderTaken } from "../../../src/cli/order-taken.ts";
import { healthSocket } from "../../../src/status/socket-path.ts";

const program = "hostmonitor";

function stateDirectory(context: TestContext): string {
  const statePath = mkdtempSync(join(tmpdir(), "order-"));
  context.after(() => rmSync(statePath, { recursive: true }));
  return statePath;
}

/** A monitor whose condition `disarmed` is the next of these at each request; the last one stays. */
async function monitorShowing(context: TestContext, statePath: string, problems: (string | null)[]): Promise<void> {
  const server = createServer((_request, response) => {
    const problem = problems.length > 1 ? problems.shift() : problems[0];
    const conditions = { disarmed: { ok: problem === null, since: "2026-11-29T05:00:00Z", problem } };
    const report = { program, pid: 42, verdict: "ok", problems: [], outbox: { pending: 0 }, conditions };
    response.end(JSON.stringify(report));
  });
  await new Promise<void>((resolve) => server.listen(healthSocket(statePath, program), resolve));
  context.after(() => server.close());
}

const showsFirmware = (report: Parameters<typeof conditionIn>[0]) =>
  conditionIn(report, "disarmed")?.includes("firmware") === true;

test("an order counts as taken as soon as the monitor that runs shows it", async (context) => {
  const statePath = stateDirectory(context);
  await monitorShowing(context, statePath, [null, "disarmed until …: rack A", "disarmed until …: firmware"]);
  assert.deepEqual(await orderTaken({ statePath, program }, showsFirmware), { kind: "taken" });
});

test("a monitor that does not show an order is named, with where to look", async (context) => {
  const statePath = stateDirectory(context);
  await monitorShowing(context, statePath, [null]);
  const outcome = await orderTaken({ statePath, program }, showsFirmware, 300);
  assert.equal(outcome.kind, "not taken");
  assert.match(
    "problem" in outcome ? outcome.problem : "",
    /hostmonitor that is running has not taken it within 0\.3 s \(it is pid 42\); see `masakari-monitors status hostmonitor`/,
  );
});

test("where no monitor runs, the order counts when one starts, and that is said at once", async (context) => {
  const statePath = stateDirectory(context);
  const outcome = await orderTaken({ statePath, program }, showsFirmware);
  assert.equal(outcome.kind, "unknown");
  assert.match(
    "note" in outcome ? outcome.note : "",
    new RegExp(`^No hostmonitor is running with the state directory ${statePath}: `),
  );
});
