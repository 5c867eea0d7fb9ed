import assert from "node:assert/strict";
import { test } from "node:test";
import { deliverNothing } from "../../../src/notify/delivery.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { settle } from "../../support/virtual-clock.ts";

test("in shadow mode a notification ends as recorded, in order, without an attempt, and is there after a restart", async (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  const stop = new AbortController();
  const ended = rig.dispatcher(deliverNothing).run(stop.signal);
  rig.outbox.add("process:a", stopped("a1"));
  rig.outbox.add("process:a", stopped("a2"));
  await settle();
  assert.equal(rig.outbox.pendingCount, 0);
  assert.equal(rig.outbox.counters.shadowed, 2);
  assert.equal(rig.outbox.counters.delivered, 0);
  stop.abort();
  await ended;
  rig.store.close();

  const next = new OutboxRig(directory);
  const kept = next.outbox.listEnded();
  assert.deepEqual(
    kept.map(({ state, attempts, notification }) => [state, attempts, notification.payload.process_name]),
    [
      ["shadowed", 0, "a2"],
      ["shadowed", 0, "a1"],
    ],
  );
  assert.equal(next.outbox.lastUndelivered, undefined, "none of them counts as lost");
  next.store.close();
});
