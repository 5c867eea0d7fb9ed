import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { diskThread } from "../../../src/cli/disk.ts";
import { stateFilesOn } from "../../../src/notify/state-operations.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";

test("after the thread that wrote the database has ended, the next one opens it again, and nothing is lost", async (t) => {
  const directory = stateDirectory(t);
  const created = once(process, "worker") as Promise<[Worker]>;
  const rig = new OutboxRig(directory, stateFilesOn(diskThread()));
  rig.outbox.add("process:before", stopped("before"));
  const [worker] = await created;
  await worker.terminate();
  rig.outbox.add("process:after", stopped("after"));
  assert.match(rig.store.degraded ?? "", /is not open/);
  await rig.clock.advance(10_000);
  assert.equal(rig.store.degraded, undefined);
  rig.store.close();
  const next = new OutboxRig(directory);
  assert.deepEqual(
    next.outbox.list().map(({ subject }) => subject),
    ["process:before", "process:after"],
  );
  next.store.close();
});
