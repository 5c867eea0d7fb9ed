import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../../src/introspective/decide.ts";
import type {
  GuestSeen,
  IntrospectiveEffect,
  IntrospectiveObservation,
  PingOutcome,
} from "../../../src/introspective/observation.ts";
import { kept, restoreState } from "../../../src/introspective/saved-state.ts";
import { initialState } from "../../../src/introspective/state.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { plainSettings } from "../../support/introspective-world.ts";
import { OutboxRig, stateDirectory } from "../../support/outbox-rig.ts";

const UUID = "48d215c8-8582-45ec-99a0-8253e84ee857";
const SEEN: GuestSeen = { uuid: UUID, name: "vm", id: 1, running: true, agent: "connected" };

test("results over a connection to libvirt that was lost are ignored: they neither count nor end what is under way now", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const underWay: {
    readonly effect: IntrospectiveEffect;
    readonly observe: (observation: IntrospectiveObservation) => void;
    readonly signal: AbortSignal;
  }[] = [];
  const loop = new Loop(
    {
      name: "introspectiveinstancemonitor",
      initial: initialState,
      kept,
      restore: restoreState,
      decide,
      sense: () => Promise.resolve(),
      act: (effect: IntrospectiveEffect, observe: (observation: IntrospectiveObservation) => void, signal) => {
        underWay.push({ effect, observe, signal });
        // Each is under way until the test has ended it, and longer.
        return new Promise(() => undefined);
      },
    },
    { ...rig, progress: noProgress() },
    t.signal,
    (error) => assert.ifError(error),
  );
  loop.start();
  const now = () => rig.clock.now();
  const connect = () => loop.observe({ kind: "surveyed", at: now(), guests: [SEEN] });
  const end = (ping: (typeof underWay)[number] | undefined, outcome: PingOutcome) =>
    ping?.observe({ kind: "pinged", at: now(), uuid: UUID, outcome, detail: outcome });
  const nextPing = async () => {
    const before = underWay.length;
    await rig.clock.advance(10_000);
    const [ping] = underWay.slice(before);
    assert.equal(ping?.effect.kind, "ping");
    return ping;
  };

  loop.observe({ kind: "started", at: now(), bootId: "boot-1", settings: plainSettings });
  connect();
  end(await nextPing(), "responded");
  const old = await nextPing();
  loop.observe({ kind: "lost", at: now() });
  assert.equal(old?.signal.aborted, true);
  connect();
  const ping = await nextPing();
  end(old, "unresponsive");
  assert.deepEqual(rig.logged("failed ping"), []);
  end(ping, "unresponsive");
  assert.equal(rig.logged("failed ping 1 in a row").length, 1);

  loop.observe({ kind: "guestChanged", at: now(), uuid: UUID, name: "vm", what: "started" });
  const look = underWay.at(-1);
  assert.equal(look?.effect.kind, "look");
  loop.observe({ kind: "lost", at: now() });
  look?.observe({ kind: "looked", at: now(), guest: SEEN });
  const before = underWay.length;
  await rig.clock.advance(60_000);
  assert.equal(underWay.length, before, "no guest is pinged without a connection");
  rig.store.close();
});
