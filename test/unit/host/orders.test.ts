import assert from "node:assert/strict";
import { test } from "node:test";
import { hostMonitor } from "../../../src/host/monitor.ts";
import type { HostMonitorObservation, Orders } from "../../../src/host/observation.ts";
import { DiskHungError } from "../../../src/system/disk/calls.ts";
import { SETTINGS } from "../../support/host-cluster.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const HOUR = 3_600_000;

/** A monitor that senses, and reads its operator's orders as the test lets it. */
function sensing(readOrders: () => Promise<Orders>) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const ending = new AbortController();
  let isLooking = false;
  const monitor = hostMonitor({
    settings: SETTINGS,
    driver: {
      name: "test",
      sense: async (_, signal) => {
        isLooking = true;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
      lookNow: () => undefined,
    },
    api: {
      segmentHosts: () => Promise.resolve({ hosts: [], restMs: 0 }),
      findReport: () => Promise.resolve({ isNotified: false }),
    },
    askNova: () => Promise.reject(new Error("not asked")),
    checkPower: () => Promise.resolve({ power: "unknown", reason: "not asked" }),
    readOrders,
    segmentsEveryMs: () => 600_000,
    bootId: "boot",
    clock,
    log,
  });
  const observed: HostMonitorObservation[] = [];
  const running = monitor.sense((observation) => observed.push(observation), ending.signal);
  return {
    clock,
    log,
    isLooking: () => isLooking,
    orders: () => observed.flatMap((one) => (one.kind === "orders" ? [one.orders] : [])),
    async stop(): Promise<void> {
      ending.abort();
      await running;
    },
  };
}

const hung = (): Promise<never> => Promise.reject(new DiskHungError("the disk hangs"));
const disarmedAt = (mono: number): Orders => ({
  disarmed: { until: { mono: mono + HOUR, wall: mono + HOUR }, reason: "work (root)" },
});

for (const [how, readOrders] of [
  ["fails because it hangs", hung],
  ["does not end", () => new Promise<never>(() => undefined)],
] as const) {
  test(`at the start, a reading of the orders that ${how} is logged, and hosts are watched as by an armed monitor`, async () => {
    const { clock, log, isLooking, orders, stop } = sensing(readOrders);
    await clock.advance(4000);
    assert.match(log.lines.join("\n"), /error .*state directory does not respond.*treating it as armed/);
    assert.deepEqual([isLooking(), orders()], [true, []]);
    await stop();
  });
}

test("orders that cannot be read at the start are observed once they can", async () => {
  let readOrders: () => Promise<Orders> = hung;
  const { clock, orders, stop } = sensing(() => readOrders());
  await clock.advance(10_000);
  readOrders = () => Promise.resolve(disarmedAt(0));
  await clock.advance(4000);
  assert.deepEqual(orders(), [disarmedAt(0)]);
  await stop();
});

test("while the disk hangs the orders that were read before stay in force, and sensing goes on", async () => {
  let readOrders: () => Promise<Orders> = () => Promise.resolve(disarmedAt(0));
  const { clock, orders, isLooking, stop } = sensing(() => readOrders());
  await clock.advance(4000);
  const before = orders().length;
  readOrders = hung;
  await clock.advance(60_000);
  assert.deepEqual([orders().length, isLooking()], [before, true]);
  readOrders = () => Promise.resolve({});
  await clock.advance(4000);
  assert.deepEqual(orders().at(-1), {});
  await stop();
});
