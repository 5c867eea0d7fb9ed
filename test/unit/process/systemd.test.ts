import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bootTime } from "../../../src/process/boot-time.ts";
import { Systemd, whyNoSystemd } from "../../../src/process/systemd.ts";
import { parseUnits, timeSpanMs } from "../../../src/process/unit-properties.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { openProcTable } from "../../../src/system/proc-table.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";

/** As systemd 252 writes it: in an order of its own, an empty line between units. */
const SHOWN = `TimeoutStartUSec=1min 30s
TimeoutStopUSec=1min 30s
MainPID=0
Result=success
ExecMainStartTimestampMonotonic=1148242893
ExecMainExitTimestampMonotonic=1163661163
LoadState=loaded
ActiveState=inactive
ActiveExitTimestampMonotonic=1163657161
Job=

TimeoutStartUSec=infinity
TimeoutStopUSec=1min 30s
MainPID=41
Result=success
LoadState=loaded
ActiveState=active
Job=17

LoadState=not-found
ActiveState=inactive
`;

test("units in what systemctl show writes", () => {
  const [stopped, running, none, ...more] = parseUnits(SHOWN);
  assert.deepEqual(stopped, {
    active: "inactive",
    result: "success",
    job: false,
    mainPid: 0,
    mainStarted: 1_148_242.893,
    mainExited: 1_163_661.163,
    activeExited: 1_163_657.161,
    timeoutsMs: 180_000,
  });
  assert.deepEqual([running?.active, running?.job, running?.mainPid], ["active", true, 41]);
  assert.equal(running?.timeoutsMs, Number.POSITIVE_INFINITY);
  assert.deepEqual([none, more], [undefined, []]);
});

test("systemd's time spans", () => {
  assert.equal(timeSpanMs("1min 30s"), 90_000);
  assert.equal(timeSpanMs("1h 5min 2.5s"), 3_902_500);
  assert.equal(timeSpanMs("500ms"), 500);
  assert.equal(timeSpanMs("0"), 0);
  assert.equal(timeSpanMs("nonsense"), 0);
});

/** A PATH on which systemctl is this script. */
function withSystemctl(context: TestContext, script: string): { readonly systemd: Systemd; calls(): string[] } & Kept {
  const directory = mkdtempSync(join(tmpdir(), "systemctl-"));
  const calls = join(directory, "calls");
  writeFileSync(calls, "");
  writeFileSync(join(directory, "systemctl"), `#!/bin/sh\necho "$*" >>${calls}\n${script}\n`);
  chmodSync(join(directory, "systemctl"), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${directory}:${before}`;
  context.after(() => {
    process.env.PATH = before;
    rmSync(directory, { recursive: true });
  });
  const log = new KeptLog();
  const conditions = new Conditions(systemClock);
  const nothing = () => undefined;
  const systemd = new Systemd({ clock: systemClock, log, conditions, onStart: nothing, onEnd: nothing });
  return { systemd, log, conditions, calls: () => readFileSync(calls, "utf8").trim().split("\n") };
}
interface Kept {
  readonly log: KeptLog;
  readonly conditions: Conditions;
}

const { signal } = new AbortController();

test("what is asked together is asked in one call; a name that systemd refuses hides no other", async (context) => {
  const { systemd, calls } = withSystemctl(
    context,
    `case "$*" in
      *is-system-running*) echo degraded; exit 1 ;;
      *bad*good* | *good*bad*) exit 1 ;;
      *good*) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=7\\n' ;;
      *) exit 1 ;;
    esac`,
  );
  const statuses = await Promise.all([
    systemd.ask("good.service", signal),
    systemd.ask("bad", signal),
    systemd.ask(undefined, signal),
  ]);
  assert.deepEqual(
    statuses.map((status) => [status?.system, status?.unit?.mainPid]),
    [
      ["degraded", 7],
      ["degraded", undefined],
      ["degraded", undefined],
    ],
  );
  assert.equal(calls().filter((call) => call.includes("is-system-running")).length, 1);
});

test("a systemd that cannot be asked is logged once, and shown until it answers", async (context) => {
  const { systemd, log, conditions } = withSystemctl(
    context,
    `case "$*" in *is-system-running*)
       [ -e "$0.works" ] && echo running && exit
       echo "Failed to connect to bus: No such file or directory" >&2; exit 1 ;;
     esac`,
  );
  assert.equal(await systemd.ask(undefined, signal), undefined);
  assert.equal(await systemd.ask("x.service", signal), undefined);
  assert.equal(log.lines.filter((line) => line.includes("Failed to connect to bus")).length, 1);
  assert.match(conditions.all.get("systemd")?.problem ?? "", /Failed to connect to bus/);
  const directory = (process.env.PATH ?? "").split(":")[0] ?? "";
  writeFileSync(join(directory, "systemctl.works"), "");
  assert.equal((await systemd.ask(undefined, signal))?.system, "running");
  assert.equal(conditions.all.get("systemd")?.problem, undefined);
});

test("the boot is when process 1 began, to the hundredth of a second", () => {
  const table = openProcTable();
  const first = table.stat(1)?.startTime ?? 0;
  const own = table.stat(process.pid)?.startTime ?? 0;
  const began = systemClock.now().mono - process.uptime() * 1000;
  const booted = bootTime(table, process.pid, systemClock);
  assert.ok(Math.abs(began - booted - (own - first) * 10) < 10, `${booted}`);
  assert.equal(bootTime({ ...table, stat: () => undefined }, process.pid, systemClock), 0);
});

test("systemd cannot be queried where it has not booted the host, or where there is no systemctl, as in a container", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "no-systemd-"));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.equal(whyNoSystemd(directory, "/nonexistent"), "there is no /nonexistent");
  assert.equal(whyNoSystemd(`/nonexistent:${directory}`, directory), "there is no systemctl in PATH");
  writeFileSync(join(directory, "systemctl"), "", { mode: 0o755 });
  assert.equal(whyNoSystemd(`/nonexistent:${directory}`, directory), undefined);
});
