import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FencingDevices } from "../../../../src/host/pacemaker/fencing-devices.ts";
import { Tools } from "../../../../src/host/pacemaker/tools.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { eventually } from "../../../support/eventually.ts";
import { capturePath } from "./captures.ts";

const LIMITS = { timeoutMs: 60_000, outputLimit: 1024 * 1024 };

test("a program that has not ended is not started again beside itself, however close the two calls are", async () => {
  const tools = new Tools({ clock: systemClock });
  const { signal } = new AbortController();
  const words = ["sleep", "0.3"] as const;
  const results = await Promise.all([tools.run(words, LIMITS, signal), tools.run(words, LIMITS, signal)]);
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ["output", "hung"],
  );
  assert.equal((await tools.run(words, LIMITS, signal)).kind, "output", "it is free again");
});

test("a program that is not there can be tried again", async () => {
  const tools = new Tools({ clock: systemClock });
  const { signal } = new AbortController();
  for (let tried = 0; tried < 2; tried += 1) {
    const result = await tools.run(["no-such-program-of-a-cluster"], LIMITS, signal);
    assert.equal(result.kind, "missing");
  }
});

test("hosts that are lost at one moment find their devices by one reading of the configuration, and later ones by another", async (context) => {
  const bin = mkdtempSync(join(tmpdir(), "masakari-cibadmin-"));
  const path = process.env.PATH;
  context.after(() => {
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
  });
  const calls = join(bin, "calls");
  // Pacemaker's own, as it was recorded: the real one needs a cluster.
  const recorded = capturePath("pacemaker-2.1.5/09a-stonith-ipmi-configured/node1.cibadmin-query.xml");
  writeFileSync(join(bin, "cibadmin"), `#!/bin/sh\necho "$@" >>${calls}\nsleep 0.3\ncat ${recorded}\n`);
  chmodSync(join(bin, "cibadmin"), 0o755);
  process.env.PATH = `${bin}:${path}`;
  const devices = new FencingDevices(new Tools({ clock: systemClock }));
  const { signal } = new AbortController();
  const hosts = ["node1", "node2", "node3"];
  const lookups = await Promise.all(hosts.map((host) => devices.find(host, signal)));
  for (const { devices: found, problem } of lookups) {
    assert.equal(problem, undefined);
    assert.equal(found.length, 1);
  }
  assert.equal(readFileSync(calls, "utf8"), "--query\n");
  await devices.find("node1", signal);
  assert.equal(readFileSync(calls, "utf8"), "--query\n--query\n");
});

test("what is run often is run next by the process that was prepared for it, and what has failed is not prepared", async () => {
  const begun: number[] = [];
  const running = new Set<number>();
  const tools = new Tools({
    clock: systemClock,
    onStart: (pid) => {
      begun.push(pid);
      running.add(pid);
    },
    onEnd: (pid) => running.delete(pid),
  });
  const { signal } = new AbortController();
  const often = { ...LIMITS, often: true };
  const own = ["sh", "-c", "echo $$"] as const;
  await tools.run(own, often, signal);
  await tools.run(["sh", "-c", "echo seldom"], LIMITS, signal);
  await tools.run(["sh", "-c", "exit 5"], often, signal);
  begun.length = 0;
  tools.prepare();
  tools.prepare();
  const [prepared, ...more] = begun;
  assert.deepEqual(more, [], "only one process is prepared, once");
  const result = await tools.run(own, often, signal);
  assert.equal(result.kind === "output" && result.text, `${prepared}\n`);
  const after = await tools.run(own, often, signal);
  assert.notEqual(after.kind === "output" && after.text, `${prepared}\n`);
  tools.prepare();
  assert.equal(running.size, 1);
  tools.endPrepared();
  await eventually("the prepared process to end", 60_000, () => running.size === 0 || undefined);
});
