import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import { missingSudoRights, SudoRights } from "../../../src/process/sudo-rights.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { entryNamed } from "../../support/process-entries.ts";

/** As sudo 1.9.13 writes it for `sudo -n -l -l`. */
const LIST = `Matching Defaults entries for masakari on vm:
    env_reset, mail_badpass,
    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,
    use_pty

User masakari may run the following commands on vm:

Sudoers entry:
    RunAsUsers: root
    Options: !authenticate
    Commands:
	/usr/bin/true
	/usr/bin/systemctl restart nova-compute

Sudoers entry:
    RunAsUsers: root
    Commands:
	/usr/bin/id
`;

/** A host on which sudo answers as recorded, for a user that is not root. */
function asUser(context: TestContext): { readonly calls: () => string[] } {
  const directory = mkdtempSync(join(tmpdir(), "sudo-"));
  writeFileSync(join(directory, "list"), LIST);
  writeFileSync(join(directory, "calls"), "");
  writeFileSync(
    join(directory, "sudo"),
    `#!/bin/sh
echo "$*" >>${directory}/calls
case "$*" in
  "-n -l -l") cat ${directory}/list ;;
  "-n -l -- systemctl restart nova-compute") echo /usr/bin/systemctl restart nova-compute ;;
  "-n -l -- id") echo /usr/bin/id ;;
  "-n -l -- nosuch") echo "sudo: nosuch: command not found" >&2; exit 1 ;;
  *) exit 1 ;;
esac
`,
  );
  chmodSync(join(directory, "sudo"), 0o755);
  const { PATH } = process.env;
  const { getuid } = process;
  process.env.PATH = `${directory}:${PATH}`;
  process.getuid = () => 1000;
  context.after(() => {
    process.env.PATH = PATH;
    if (getuid) process.getuid = getuid;
    rmSync(directory, { recursive: true });
  });
  return { calls: () => readFileSync(join(directory, "calls"), "utf8").trim().split("\n") };
}

const { signal } = new AbortController();
const restartedBy = (restart_command: string, over: Partial<ProcessEntry> = {}): ProcessEntry =>
  entryNamed("p", { restart_command, start_command: "", run_as_root: true, ...over });
const missing = (...entries: ProcessEntry[]) => missingSudoRights(entries, { clock: systemClock }, signal);

test("each command that runs by sudo is asked for once; what sudo refuses is logged with its reason", async (context) => {
  const { calls } = asUser(context);
  assert.deepEqual(await missing(restartedBy("systemctl  restart nova-compute")), []);
  assert.deepEqual(await missing(restartedBy("systemctl restart other", { pre_restart_command: "nosuch" })), [
    "p: `nosuch` (sudo: nosuch: command not found)",
    "p: `systemctl restart other` (not permitted by sudoers)",
  ]);
  assert.deepEqual(await missing(restartedBy("sudo -n systemctl restart other", { run_as_root: false })), [
    "p: `systemctl restart other` (not permitted by sudoers)",
  ]);
  const before = calls().length;
  assert.deepEqual(await missing(restartedBy("/usr/local/bin/own", { run_as_root: false })), []);
  assert.equal(calls().length, before);
});

test("a command that sudo permits with a password is one that it refuses", async (context) => {
  asUser(context);
  assert.deepEqual(await missing(restartedBy("id")), ["p: `id` (sudo: a password is required)"]);
});

test("root needs no rights", async (context) => {
  const { calls } = asUser(context);
  process.getuid = () => 0;
  assert.deepEqual(await missing(restartedBy("nosuch")), []);
  assert.deepEqual(calls(), [""]);
});

test("the monitor warns once, and shows it until the list or the rights are right", async (context) => {
  asUser(context);
  const log = new KeptLog();
  const conditions = new Conditions(systemClock);
  const rights = new SudoRights({ clock: systemClock, log, conditions });
  const stop = new AbortController();
  context.after(() => stop.abort());
  const problem = () => conditions.all.get("sudo rights")?.problem;
  rights.check([restartedBy("systemctl restart other")], stop.signal);
  await eventually("the condition", 60_000, () => problem()?.includes("systemctl restart other") || undefined);
  assert.equal(log.lines.filter((line) => line.includes("sudo will refuse")).length, 1);
  rights.check([restartedBy("systemctl restart nova-compute")], stop.signal);
  await eventually("the end of the condition", 60_000, () => problem() === undefined || undefined);
});

test("where sudo cannot work, systemd is asked without it, and every other command is a problem beforehand", async (context) => {
  const { calls } = asUser(context);
  const without = (...entries: ProcessEntry[]) =>
    missingSudoRights(entries, { clock: systemClock, canSudo: () => false }, signal);
  assert.deepEqual(await without(restartedBy("systemctl restart other", { start_command: "service other start" })), []);
  const [problem, ...more] = await without(restartedBy("/usr/local/bin/mend other"));
  assert.match(problem ?? "", /^p: `\/usr\/local\/bin\/mend other` \(sudo cannot work in this unit.*drop-in\)$/);
  assert.deepEqual(more, []);
  assert.deepEqual(calls(), [""], "sudo is not run at all");
});
