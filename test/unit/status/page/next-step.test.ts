import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { nextSteps, quoted } from "../../../../src/status/page/next-step.ts";
import { hostOverview } from "../../../support/page-overview.ts";

const problem = (about: string, severity = "degraded") => ({
  severity,
  about,
  reason: "x",
  since: "2026-11-28T02:00:00Z",
});
const commands = (...args: Parameters<typeof hostOverview>) =>
  nextSteps(hostOverview(...args)).map(({ command }) => command);

test("a condition has its command, once; what is well has none", () => {
  assert.deepEqual(commands("compute-1"), []);
  const disarmed = { state: "disarmed" as const, problems: [problem("host maintenance")] };
  assert.deepEqual(commands("compute-1", [disarmed, { ...disarmed, monitor: "instancemonitor" }]), [
    "masakari host-update compute-1 --on-maintenance false",
  ]);
});

test("what disarms comes before what holds", () => {
  const problems = [problem("storm guard"), problem("disarmed")];
  assert.deepEqual(commands("compute-1", [{ state: "disarmed", problems }]), [
    "masakari-monitors arm",
    'masakari-monitors release --reason "they are down"',
  ]);
});

test("who has quorum is looked up by what watches the hosts there", () => {
  const host = hostOverview("compute-1", [{ state: "held", problems: [problem("quorum")] }]);
  for (const [driver, command] of [
    ["default", /^corosync-quorumtool -s/],
    ["consul", /^consul operator/],
    ["kubernetes", /^kubectl get --raw/],
    ["constructor", /^corosync-quorumtool -s/],
  ] as const) {
    assert.match(nextSteps({ ...host, driver })[0]?.command ?? "", command);
  }
});

test("a monitor that does not respond is restarted by the name of its unit, before anything else", () => {
  const host = hostOverview("compute-1", [{ state: "held", problems: [problem("quorum")] }]);
  const silent = { kind: "silent", monitor: "introspectiveinstancemonitor", problem: "not running" } as const;
  const [first] = nextSteps({ ...host, monitors: [...host.monitors, silent] });
  assert.equal(first?.command, "systemctl restart masakari-introspective-instance-monitor");
});

test("an unknown problem that keeps HA from acting leads to doctor", () => {
  assert.deepEqual(commands("compute-1", [{ state: "blind", problems: [problem("constructor", "failing")] }]), [
    "masakari-monitors doctor",
  ]);
  assert.deepEqual(commands("compute-1", [{ state: "held", problems: [] }]), ["masakari-monitors doctor"]);
});

test("a name from outside stays one word of the command", () => {
  const hostile = "$(reboot)'; rm -rf / #\n`x`";
  const [command = ""] = commands(hostile, [{ state: "disarmed", problems: [problem("host maintenance")] }]);
  const words = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" }).split("\0");
  assert.deepEqual(words.slice(0, 3), ["masakari", "host-update", hostile]);
  assert.equal(quoted("--help"), "'--help'");
  assert.equal(quoted("compute-1.example.org"), "compute-1.example.org");
});
