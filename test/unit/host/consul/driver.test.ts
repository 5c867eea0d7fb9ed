import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import type { ClusterObservation, HostDriver } from "../../../../src/host/driver.ts";
import { openDriver } from "../../../../src/host/drivers.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { configRoot } from "../../../support/config-root.ts";
import { within } from "../../../support/eventually.ts";
import { TestServer } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";
import { never } from "../../../support/transport.ts";
import { captured } from "./captured.ts";

const HEALTH = "/v1/health/state/any";

/** An agent whose members the test changes, and whose servers answer a wait once it has ended it. */
async function agent(state: { failed: boolean; change: Promise<void> }): Promise<TestServer> {
  return await TestServer.start(async ({ path }, response) => {
    if (path.includes("index=14")) await state.change;
    const prefix = state.failed ? "02-failed" : "01-alive";
    const { status, headers, body } = captured(`${prefix}-${path.startsWith(HEALTH) ? "health" : "members"}`);
    response.writeHead(status, {
      ...headers,
      ...(path.startsWith(HEALTH) && { "X-Consul-Index": state.failed ? "59" : "14" }),
    });
    response.end(body);
  });
}

async function driverFor(consul: string): Promise<HostDriver> {
  using at = configRoot({
    "x.conf": `[DEFAULT]\nhostname = host1\n[host]\nmonitoring_interval = 3600\n[consul]\n${consul}`,
  });
  const { config } = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
  return await openDriver("consul", {
    clock: systemClock,
    log: new KeptLog(),
    hostname: "host1",
    config: () => config,
  });
}

describe("the Consul driver", () => {
  it("looks as soon as the servers report a change, whatever the interval, and ends with the signal", async () => {
    const changed = Promise.withResolvers<void>();
    const state = { failed: false, change: changed.promise };
    await using server = await agent(state);
    const driver = await driverFor(`agent_storage = ${new URL(server.origin).host}\n`);
    const ending = new AbortController();
    const alive = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<void>();
    const observe = ({ hosts }: ClusterObservation): void => {
      const host = hosts.find(({ name }) => name === "host2");
      if (host?.state === "online") alive.resolve();
      if (host?.state === "offline") lost.resolve();
    };
    const sensing = driver.sense(observe, ending.signal);
    await within("a first look", 60_000, alive.promise);
    state.failed = true;
    changed.resolve();
    await within("the loss of host2", 60_000, lost.promise);
    ending.abort(new Error("test over"));
    await within("the end of sensing", 60_000, sensing);
  });

  it("observes that its configuration cannot be used, and why", async () => {
    const driver = await driverFor("agent_manage = 127.0.0.1\n");
    const ending = new AbortController();
    const { promise, resolve } = Promise.withResolvers<ClusterObservation>();
    const sensing = driver.sense(resolve, ending.signal);
    const { quorum, complete, problems } = await promise;
    assert.deepEqual([quorum, complete], ["unknown", false]);
    assert.match(problems[0]?.problem ?? "", /agent_storage is not set/);
    ending.abort(new Error("test over"));
    await sensing;
  });

  it("reports for check-config what it cannot do, without sensing", async () => {
    const driver = await driverFor("agent_storage = 127.0.0.1:1\n");
    const problems = (await driver.checkRights?.(never)) ?? [];
    assert.deepEqual(
      problems.map(({ name }) => name),
      ["Consul storage", "Consul"],
    );
  });
});
