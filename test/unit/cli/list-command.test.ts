import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { Rig } from "../../support/process-monitor.ts";

const program = fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url));

interface Listed {
  readonly program: string;
  readonly kind: string;
  readonly name: string;
  readonly phase: string;
  readonly since: string;
  readonly given_up: string | null;
  readonly last_event: { readonly at: string; readonly text: string } | null;
}

test("list shows what is watched, how it is and since when, by the real commands", async (context) => {
  const cloud = await FakeCloud.start();
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  context.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  const list = async (...args: string[]) => {
    const command = new Child(program, ["list", "--config-file", rig.configFile, ...args]);
    const { code } = await command.exited;
    return { code, output: command.output };
  };
  await rig.listed("web", "worker");
  const web = rig.startProcess("web");
  const worker = rig.startProcess("worker");
  const monitor = await rig.start("web", "worker");

  const table = await list();
  assert.equal(table.code, 0, table.output);
  assert.match(table.output, /^MONITOR +KIND +NAME +STATE +SINCE +LAST EVENT\n/);
  for (const [name, { pid }] of [
    ["web", web],
    ["worker", worker],
  ] as const) {
    const row = `^processmonitor +process +${rig.path(name)} +up, pid ${pid} +\\d{4}-\\d\\d-\\d\\dT[\\d:]+Z \\(\\d+s\\) +[\\d:]{8} .*is running`;
    assert.match(table.output, new RegExp(row, "m"));
  }

  const killedAt = Date.now();
  web.signal("SIGKILL");
  const [down, up] = await eventually("web is given up", 60_000, async () => {
    const listed = JSON.parse((await list("--json")).output) as Listed[];
    return listed[0]?.given_up == null ? undefined : listed;
  });
  assert.deepEqual(
    [down?.program, down?.kind, down?.name, down?.phase],
    ["processmonitor", "process", rig.path("web"), "down, given up"],
  );
  assert.ok(Math.abs(Date.parse(down?.since ?? "") - killedAt) < 20_000);
  assert.match(down?.last_event?.text ?? "", /rounds of restart did not help|notifying/);
  assert.deepEqual([up?.phase, up?.given_up], [`up, pid ${worker.pid}`, null]);

  // Also after the monitor's restart: since when it is given up is kept.
  await monitor.stop();
  const stopped = await list("processmonitor");
  assert.deepEqual(stopped, { code: 2, output: "processmonitor: not running\n" });
  await rig.start("worker");
  const [again] = JSON.parse((await list("--json")).output) as Listed[];
  assert.equal(again?.given_up, down?.given_up);
  assert.ok(
    Math.abs(Date.parse(again?.since ?? "") - Date.parse(down?.since ?? "")) < 1000,
    `${again?.since} ${down?.since}`,
  );

  const nowhere = new Child(program, ["list", "instancemonitor", "--config-file", rig.configFile]);
  assert.equal((await nowhere.exited).code, 2);
  assert.equal(nowhere.output, "instancemonitor: not running\n");
});
