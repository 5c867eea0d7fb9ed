import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerArmCommands } from "../../../src/cli/arm-command.ts";
import { readOrders } from "../../../src/host/orders.ts";
import { readBootId } from "../../../src/system/boot-id.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { hostMonitorShowing } from "../../support/shown-condition.ts";

function stateDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "arm-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Runs `masakari-monitors` with these arguments; the text that it wrote. */
async function run(path: string, ...argv: string[]): Promise<string> {
  let written = "";
  const program = new Command("masakari-monitors").exitOverride();
  registerArmCommands(program, { statePath: () => path, out: { write: (text) => (written += text) } });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(argv, { from: "user" });
  return written;
}

const orders = (path: string, bootId = readBootId(), now = systemClock.now()) => readOrders(path, { now, bootId });

test("disarm holds for the time that it names, with its reason and who gave it; arm ends it", async (t) => {
  const path = stateDirectory(t);
  assert.deepEqual(await orders(path), {});
  assert.match(await run(path, "disarm", "--for", "90m", "--reason", "firmware"), /is disarmed until 20\S+Z: /);
  const { disarmed } = await orders(path);
  assert.match(disarmed?.reason ?? "", /^firmware \(.+\)$/);
  assert.ok(Math.abs((disarmed?.until.mono ?? 0) - systemClock.now().mono - 5_400_000) < 60_000);
  await run(path, "arm");
  assert.deepEqual(await orders(path), {});
});

test("disarm and arm wait until the monitor that is running shows it", async (t) => {
  const path = stateDirectory(t);
  const until = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const earlier = `disarmed until ${until(1)}: rack A`;
  const requests = await hostMonitorShowing(t, path, [
    null,
    earlier,
    `disarmed until ${until(2)}: firmware`,
    earlier,
    null,
  ]);
  assert.match(
    await run(path, "disarm", "--for", "2h", "--reason", "firmware"),
    /^The host monitor of this host is disarmed /,
  );
  assert.equal(requests(), 3);
  assert.match(await run(path, "arm"), /^The host monitor of this host is armed$/m);
  assert.equal(requests(), 5);
});

test("a disarm ends by itself, also when the host is rebooted or its clock set back meanwhile", async (t) => {
  const path = stateDirectory(t);
  await run(path, "disarm", "--reason", "firmware");
  const { wall, mono } = systemClock.now();
  const later = (hours: number) => ({ wall: wall + hours * 3_600_000, mono: mono + hours * 3_600_000 });
  assert.ok((await orders(path, readBootId(), later(1.9))).disarmed);
  assert.deepEqual(await orders(path, readBootId(), later(2.1)), {});
  assert.ok((await orders(path, "another boot", { ...later(1.9), mono: 5 })).disarmed);
  assert.deepEqual(await orders(path, "another boot", { ...later(2.1), mono: 5 }), {});
  const back = await orders(path, "another boot", { wall: wall - 86_400_000, mono: 5 });
  assert.ok((back.disarmed?.until.mono ?? Infinity) <= 5 + 7_200_000);
});

test("release counts as of the moment in which it is given", async (t) => {
  const path = stateDirectory(t);
  const written = await run(path, "release", "--reason", "all four are down");
  assert.match(
    written,
    /^No hostmonitor is running with .*: this takes effect when one starts\..*--config-file\nReleased: /,
  );
  const { released } = await orders(path);
  assert.match(released?.reason ?? "", /^all four are down/);
  assert.ok(Math.abs((released?.at.wall ?? 0) - Date.now()) < 60_000);
});

test("what cannot be meant is refused", async (t) => {
  const path = stateDirectory(t);
  await assert.rejects(run(path, "disarm", "--reason", " "), /--reason must not be empty/);
  await assert.rejects(run(path, "disarm", "--reason", "x", "--for", "soon"), /is not a duration/);
  await assert.rejects(run(path, "disarm", "--reason", "x", "--for", "31d"), /30 days/);
  await assert.rejects(run(path, "release"), /--reason/);
  await assert.rejects(run(join(path, "missing"), "arm"), /does not exist/);
});
