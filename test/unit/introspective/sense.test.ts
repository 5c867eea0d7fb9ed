import assert from "node:assert/strict";
import { test } from "node:test";
import { introspectiveMonitor } from "../../../src/introspective/monitor.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { plainSettings } from "../../support/introspective-world.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { LibvirtServer } from "../../support/libvirt-server.ts";

test("whether the guests are seen is a condition, over every loss of libvirt", async (t) => {
  const server = await LibvirtServer.start();
  server.on(procedures.connectOpen, (call) => call.reply(undefined));
  server.on(procedures.eventRegister, (call) => call.reply({ callbackId: 1 }));
  server.on(procedures.connectListAllDomains, (call) => call.reply({ domains: [], count: 0 }));
  const conditions = new Conditions(systemClock);
  const monitor = introspectiveMonitor({
    settings: plainSettings,
    agentPath: "org.qemu.guest_agent.0",
    uri: server.uri,
    clock: systemClock,
    log: new KeptLog(),
    bootId: "boot",
    conditions,
  });
  const stop = new AbortController();
  const sensing = monitor.sense(() => undefined, stop.signal);
  t.after(async () => {
    stop.abort();
    await sensing;
    await server[Symbol.asyncDispose]();
  });
  const problem = () => conditions.all.get("libvirt")?.problem;
  assert.equal(problem(), "not connected yet");
  for (let outage = 1; outage <= 2; outage++) {
    await eventually("the guests are seen", 5000, () => problem() === undefined || undefined);
    server.drop();
    await eventually("the loss", 5000, () => problem() !== undefined || undefined);
  }
});
