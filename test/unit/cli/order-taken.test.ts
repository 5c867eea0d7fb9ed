import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { conditionIn, orderTaken } from "../../../src/cli/order-taken.ts";
import { hostMonitorShowing } from "../../support/shown-condition.ts";

const program = "hostmonitor";

function stateDirectory(context: TestContext): string {
  const statePath = mkdtempSync(join(tmpdir(), "order-"));
  context.after(() => rmSync(statePath, { recursive: true }));
  return statePath;
}

const showsFirmware = (report: Parameters<typeof conditionIn>[0]) =>
  conditionIn(report, "disarmed")?.includes("firmware") === true;

test("an order counts as taken as soon as the monitor that runs shows it", async (context) => {
  const statePath = stateDirectory(context);
  await hostMonitorShowing(context, statePath, [null, "disarmed until …: rack A", "disarmed until …: firmware"]);
  assert.deepEqual(await orderTaken({ statePath, program }, showsFirmware), { kind: "taken" });
});

test("a monitor that does not show an order is named, with where to look", async (context) => {
  const statePath = stateDirectory(context);
  await hostMonitorShowing(context, statePath, [null]);
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
