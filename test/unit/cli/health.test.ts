import assert from "node:assert/strict";
import { test } from "node:test";
import { Delivery } from "../../../src/cli/delivery.ts";
import { factsOf } from "../../../src/cli/health.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import type { ApiCheck } from "../../../src/notify/api-check.ts";
import { ApiRequests } from "../../../src/openstack/api-requests.ts";
import type { MasakariClient } from "../../../src/openstack/masakari.ts";
import type { Session } from "../../../src/openstack/session.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";

test("what the parts of a monitor know of themselves is gathered: the oldest of all, the first of what is under way", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  t.after(() => rig.store.close());
  const { clock, store, outbox } = rig;
  const conditions = new Conditions(clock);
  const common = new Conditions(clock);
  const progress = noProgress();
  const dispatcher = rig.dispatcher(() => Promise.resolve(refused));
  const trouble = { since: clock.now(), reason: "wrong password" };
  const session = { trouble } as unknown as Session;
  const check = { trouble: { since: clock.now(), reason: "no endpoint" } } as unknown as ApiCheck;
  const delivery = new Delivery({ session, client: {} as unknown as MasakariClient, dispatcher, check });
  const loopDelay = { facts: { worstMs: 3, lastBad: undefined } };
  const facts = () =>
    factsOf({
      conditions,
      common: [common],
      progress,
      store,
      outbox,
      delivery,
      requests: new ApiRequests(clock),
      silenceLimitMs: () => 7,
      loopDelay,
    });
  const began = clock.now().mono;
  const stop = new AbortController();
  const running = dispatcher.run(stop.signal);
  for (const name of ["a", "b", "c"]) {
    await clock.advance(1000);
    outbox.add(`process:${name}`, stopped(name));
    progress.acting.add({ kind: name, since: clock.now() });
  }
  conditions.set({ name: "libvirt", consequence: "" }, "away");
  common.set({ name: "configuration", consequence: "" }, "refused");
  progress.lastFailure = { at: clock.now(), reason: "no /proc" };
  await clock.advance(0);

  const found = facts();
  assert.deepEqual([...found.conditions.keys()], ["libvirt", "configuration"]);
  assert.deepEqual(found.outbox.login, { since: trouble.since.mono, reason: "wrong password" });
  assert.deepEqual(found.outbox.unreachable, { since: trouble.since.mono, reason: "no endpoint" });
  assert.equal(found.outbox.outage?.reason, "connection refused");
  assert.equal(found.outbox.outage?.since, began + 1000);
  assert.deepEqual([found.outbox.pending, found.outbox.oldestPending], [3, began + 1000]);
  assert.equal(found.outbox.disk, undefined);
  assert.deepEqual(found.loop.oldestActing, { kind: "a", since: began + 1000 });
  assert.deepEqual(found.loop.lastFailure, { since: began + 3000, reason: "no /proc" });
  assert.equal(found.loop.silenceLimitMs, 7);
  stop.abort();
  await running;
});
