import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Domain } from "../../../src/libvirt/mod.ts";
import { InstanceRig } from "../../support/instance-rig.ts";
import { encode, eventKinds, i32, LibvirtServer, procedures, struct } from "../../support/libvirt-server.ts";

/** Far more than the program needs, even on a machine that is busy; far less than it once was blocked for. */
const RESPONDS_WITHIN_MS = 5000;

function domainsOf(count: number): Domain[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `instance-${at.toString(16).padStart(8, "0")}`,
    uuid: `00000000-0000-4000-8000-${at.toString(16).padStart(12, "0")}`,
    id: at + 1,
  }));
}

/** The monitor as it is run, on a libvirt with so many guests, all running; and what health took to answer, at the most. */
async function scene(t: TestContext, count: number) {
  const server = await LibvirtServer.start();
  t.after(() => server[Symbol.asyncDispose]());
  const domains = domainsOf(count);
  let callbacks = 0;
  server.on(procedures.eventRegister, (call) => call.reply({ callbackId: ++callbacks }));
  server.on(procedures.connectListAllDomains, (call) => {
    const listed = call.args.flags === 0 ? domains : [];
    call.reply({ domains: listed, count: listed.length });
  });
  // It does not answer pings either.
  server.on(procedures.connectSupportsFeature, (call) => call.reply({ supported: 0 }));
  server.on(procedures.domainGetState, (call) => call.reply({ state: 1, reason: 1 }));
  const slowest = { ms: 0 };
  const stop = new AbortController();
  // Before the monitor is stopped: hooks run in this order.
  t.after(() => stop.abort());
  const rig = await InstanceRig.create(t, { uri: server.uri });
  void (async () => {
    while (!stop.signal.aborted) {
      const from = performance.now();
      const report = await rig.health("a response", 60_000, () => true).catch(() => undefined);
      if (report === undefined && stop.signal.aborted) return;
      slowest.ms = Math.max(slowest.ms, performance.now() - from);
      await sleep(50);
    }
  })();
  return { server, rig, domains, slowest };
}

test("20,000 events at once: health answers meanwhile, and every guest's end is notified", {
  timeout: 400_000,
}, async (t) => {
  const { server, rig, domains, slowest } = await scene(t, 200);
  const monitor = await rig.start();
  await rig.health("all is well", 60_000, ({ verdict }) => verdict === "ok");
  slowest.ms = 0;
  // As it is when all of the events have happened.
  server.on(procedures.domainGetState, (call) => call.reply({ state: 5, reason: 3 }));
  const message = struct({ callbackId: i32, body: eventKinds.lifecycle.body });
  const of = (domain: Domain, event: number, detail: number) =>
    encode(message, { callbackId: 1, body: { domain, event, detail } });
  for (let round = 0; round < 50; round++) {
    for (const domain of domains) {
      const run = { ...domain, id: domain.id + round * domains.length };
      // STOPPED FAILED; STARTED BOOTED, but for the last time.
      server.clients[0]?.event(eventKinds.lifecycle.procedure, of(run, 5, 5));
      if (round < 49) server.clients[0]?.event(eventKinds.lifecycle.procedure, of({ ...run, id: run.id + 200 }, 2, 0));
    }
  }
  for (const { uuid } of domains) await rig.untilNotified(uuid, "LIFECYCLE/STOPPED_FAILED", 60_000);
  assert.ok(slowest.ms < RESPONDS_WITHIN_MS, `health took ${Math.round(slowest.ms)} ms`);
  assert.doesNotMatch(monitor.output, /Lost connection to libvirt|Defect/);
});

test("more than 10,000 domains are looked at as a few are", { timeout: 400_000 }, async (t) => {
  const { rig, slowest } = await scene(t, 12_000);
  const monitor = rig.startUnawaited();
  await monitor.line(/watching 12000 guests of libvirt, 12000 of them active/, 60_000);
  await rig.health("all is well", 60_000, ({ verdict }) => verdict === "ok");
  assert.ok(slowest.ms < RESPONDS_WITHIN_MS + 5000, `health took ${Math.round(slowest.ms)} ms`);
  assert.doesNotMatch(monitor.output, /Lost connection to libvirt/);
});
