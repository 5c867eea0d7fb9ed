import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Keepalive } from "../../../src/libvirt/keepalive.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function scene() {
  const clock = new VirtualClock();
  const started = clock.now().mono;
  const happened: string[] = [];
  const at = () => (clock.now().mono - started) / 1000;
  const keepalive = new Keepalive(
    clock,
    { intervalMs: 5000, count: 3 },
    () => happened.push(`${at()} ping`),
    (silentMs) => happened.push(`${at()} dead after ${silentMs / 1000}`),
  );
  keepalive.start();
  return { clock, keepalive, happened };
}

describe("keepalive", () => {
  it("gives a silent server up after count pings and one interval more, as virConnectSetKeepAlive(5, 3)", async () => {
    const { clock, happened } = scene();
    await clock.advance(60_000);
    assert.deepEqual(happened, ["5 ping", "10 ping", "15 ping", "20 dead after 20"]);
    assert.equal(clock.timers, 0);
  });

  it("pings only in silence", async () => {
    const { clock, keepalive, happened } = scene();
    for (let second = 0; second < 30; second++) {
      await clock.advance(1000);
      keepalive.onBytes();
    }
    assert.deepEqual(happened, []);
    await clock.advance(5000);
    assert.deepEqual(happened, ["35 ping"]);
  });

  it("counts from the beginning after any sign of life", async () => {
    const { clock, keepalive, happened } = scene();
    await clock.advance(16_000);
    keepalive.onBytes();
    await clock.advance(24_000);
    assert.deepEqual(happened, ["5 ping", "10 ping", "15 ping", "21 ping", "26 ping", "31 ping", "36 dead after 20"]);
  });

  it("leaves no timer behind when it is stopped", async () => {
    const { clock, keepalive, happened } = scene();
    keepalive.stop();
    await clock.advance(60_000);
    assert.deepEqual(happened, []);
    assert.equal(clock.timers, 0);
  });
});
