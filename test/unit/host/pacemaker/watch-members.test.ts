import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const source = (path: string): string => new URL(`../../../../src/${path}`, import.meta.url).href;

test("without a free descriptor the watch of Corosync's members is a problem with its reason, and is tried again", async () => {
  const script = `
    import { execFileSync } from "node:child_process";
    import { closeSync, openSync } from "node:fs";
    import { systemClock } from ${JSON.stringify(source("system/system-clock.ts"))};
    import { watchMembers } from ${JSON.stringify(source("host/pacemaker/watch-members.ts"))};
    const held = [];
    execFileSync("prlimit", ["--nofile=64", "--pid", String(process.pid)]);
    try { for (;;) held.push(openSync("/dev/null")); } catch {}
    const end = new AbortController();
    const problems = [];
    const onProblem = (problem) => {
      problems.push(problem);
      if (problems.length === 1) for (const fd of held) closeSync(fd);
      else end.abort();
    };
    const nothing = () => undefined;
    await watchMembers({ clock: systemClock, onChange: nothing, onInterruption: nothing, onProblem }, end.signal);
    process.stdout.write(JSON.stringify(problems));
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
  const [first, second] = JSON.parse(stdout) as string[];
  assert.match(first ?? "", /no file descriptor left; raise LimitNOFILE=/);
  assert.doesNotMatch(String(second), /descriptor/, "it was started, whether Corosync runs here or not");
});
