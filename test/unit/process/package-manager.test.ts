import assert from "node:assert/strict";
import { test } from "node:test";
import { runningPackageManager } from "../../../src/process/package-manager.ts";
import { unitIs } from "../../support/process-behaviour.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { SimulatedTable } from "../../support/process-table.ts";
import { ProcessWorld } from "../../support/process-world.ts";

const STOPPED = { activeExited: 1000, mainExited: 1001 };
const ENTRIES = {
  "with a restart command": { restart_command: "restart", start_command: "", systemd_unit: "p.service" },
  "that can only be notified": { restart_command: "", start_command: "", systemd_unit: "p.service" },
};

/** Its service is stopped through systemd while this package manager runs. */
async function stopped(
  entry: Parameters<typeof entryNamed>[1],
  packageManager: () => string | undefined,
): Promise<ProcessWorld> {
  const world = new ProcessWorld([entryNamed("p", entry)]);
  let status = unitIs("active", { mainPid: 100 });
  world.systemd = () => (status.unit?.active === "inactive" ? { ...status, packageManager: packageManager() } : status);
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  status = unitIs("inactive", STOPPED);
  world.kill("p");
  return world;
}

for (const [which, entry] of Object.entries(ENTRIES)) {
  test(`a service that is stopped while a package manager works is left to it: an entry ${which}`, async () => {
    let packageManager: string | undefined = "dpkg (pid 7)";
    const world = await stopped(entry, () => packageManager);
    await world.run(300_000);
    assert.deepEqual([world.runs, world.notified], [[], []]);
    assert.match(
      world.conditions.get("postponed processes") ?? "",
      /p\.service was stopped .* while dpkg \(pid 7\) is running/,
    );
    // Its last act was to start the service, which takes a moment.
    packageManager = undefined;
    await world.run(500);
    world.spawn("p");
    await world.run(60_000);
    assert.equal(world.phaseOf("p")?.name, "up");
    assert.deepEqual([world.runs, world.notified], [[], []]);
  });

  test(`a service that is still down when the package manager has ended, or works on for ever, is no secret: an entry ${which}`, async () => {
    for (const end of [30_000, Number.POSITIVE_INFINITY]) {
      let packageManager: string | undefined = "apt (pid 7)";
      const world = await stopped(entry, () => packageManager);
      world.behave = () => ({ ms: 10, succeeds: false });
      world.after(Math.min(end, 1e9), () => {
        packageManager = undefined;
      });
      await world.run(900_000);
      assert.equal(world.notified.length, 1);
    }
  });
}

test("what fails while a package manager works is a failure", async () => {
  for (const status of [
    unitIs("failed", { ...STOPPED, result: "exit-code" }),
    unitIs("inactive", { activeExited: 1001, mainExited: 1000 }),
  ]) {
    const world = new ProcessWorld([entryNamed("p", ENTRIES["that can only be notified"])]);
    world.spawn("p");
    let systemd = unitIs("active", { mainPid: 100 });
    world.systemd = () => systemd;
    world.startMonitor();
    await world.run(1000);
    systemd = { ...status, packageManager: "dpkg (pid 7)" };
    world.kill("p");
    await world.run(5000);
    assert.equal(world.notified.length, 1);
  }
});

test("a package manager is one that root runs and that works", () => {
  const found = (commandLine: string, more = {}): string | undefined => {
    const table = new SimulatedTable();
    table.add({ pid: 7, startTime: 1 }, commandLine, more);
    return runningPackageManager(table);
  };
  assert.equal(found("/usr/bin/dpkg --unpack x.deb"), "dpkg (pid 7)");
  assert.equal(found("apt-get install x"), "apt-get (pid 7)");
  assert.equal(found("/usr/bin/dpkg -i x.deb", { user: 1000 }), undefined);
  assert.equal(found("/usr/bin/dpkg-query -l"), undefined);
  const script = { name: "unattended-upgr" };
  assert.equal(found("/usr/bin/python3 /usr/bin/unattended-upgrade", script), "unattended-upgr (pid 7)");
  const shutdown = "/usr/bin/python3 /usr/share/unattended-upgrades/unattended-upgrade-shutdown --wait-for-signal";
  assert.equal(found(shutdown, script), undefined);
});
