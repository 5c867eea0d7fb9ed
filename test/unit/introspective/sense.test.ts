import assert from "node:assert/strict";
import { test } from "node:test";
import { introspectiveMonitor } from "../../../src/introspective/monitor.ts";
import type { IntrospectiveObservation } from "../../../src/introspective/observation.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { plainSettings } from "../../support/introspective-world.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { LibvirtServer, procedures } from "../../support/libvirt-server.ts";

const PATH = "/var/lib/libvirt/qemu/org.qemu.guest_agent.0.vm.sock";

function xmlOf(name: string): string {
  const channel = `<channel type='unix'><source mode='bind' path='${PATH}'/><target name='org.qemu.guest_agent.0'/></channel>`;
  const description = { bad: "&#x110000;", huge: "x".repeat(600 * 1024) }[name] ?? "";
  return `<domain><description>${description}</description><devices>${channel}</devices></domain>`;
}

test("one guest's bad XML, and one that libvirt does not give, are no other guest's trouble", async (t) => {
  const names = ["bad", "good", "huge", "refused"];
  const domains = names.map((name, index) => ({
    name,
    uuid: `00000000-0000-4000-8000-00000000000${index}`,
    id: index + 1,
  }));
  const server = await LibvirtServer.start();
  server.on(procedures.connectOpen, (call) => call.reply(undefined));
  server.on(procedures.eventRegister, (call) => call.reply({ callbackId: 1 }));
  server.on(procedures.connectListAllDomains, (call) => call.reply({ domains, count: domains.length }));
  server.on(procedures.domainGetState, (call) => call.reply({ state: 1, reason: 1 }));
  server.on(procedures.domainGetXmlDesc, (call) => {
    const { name } = call.args.domain;
    if (name === "refused") call.fail(88, "access denied");
    else call.reply({ xml: xmlOf(name) });
  });
  const monitor = introspectiveMonitor({
    settings: plainSettings,
    agentPath: PATH,
    uri: server.uri,
    clock: systemClock,
    log: new KeptLog(),
    bootId: "boot",
  });
  const stop = new AbortController();
  const seen: IntrospectiveObservation[] = [];
  const sensing = monitor.sense((observation) => void seen.push(observation), stop.signal);
  t.after(async () => {
    stop.abort();
    await sensing;
    await server[Symbol.asyncDispose]();
  });
  const survey = await eventually("a survey", 60_000, () => seen.find(({ kind }) => kind === "surveyed"));
  assert.ok(survey.kind === "surveyed");
  const found = Object.fromEntries(survey.guests.map(({ name, agent, fault = "" }) => [name, [agent, fault] as const]));
  assert.deepEqual(found.good, ["connected", ""]);
  assert.match(found.bad?.[1] ?? "", /not XML/);
  assert.match(found.huge?.[1] ?? "", /more than/);
  assert.match(found.refused?.[1] ?? "", /access denied/);
});

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
    await eventually("the guests are seen", 60_000, () => problem() === undefined || undefined);
    server.drop();
    await eventually("the loss", 60_000, () => problem() !== undefined || undefined);
  }
});
