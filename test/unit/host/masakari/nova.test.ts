import assert from "node:assert/strict";
import { test } from "node:test";
import { novaWitness } from "../../../../src/host/masakari/nova.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { FakeCloud } from "../../../support/fake-cloud.ts";
import { json } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";

const signal = new AbortController().signal;

/** A cloud whose Nova answers `GET /os-services` as its API reference has it (microversion 2.1). */
async function cloudWithNova(services: readonly object[], status = 200): Promise<FakeCloud> {
  const cloud = await FakeCloud.start();
  const url = `${cloud.server.origin}/v2.1`;
  const endpoints = [{ interface: "public", region_id: "RegionOne", region: "RegionOne", url }];
  cloud.catalog = [{ type: "compute", name: "nova", endpoints }];
  cloud.api = ({ method, path }, response) => {
    assert.equal(method, "GET");
    const { pathname, searchParams } = new URL(path, url);
    if (pathname === "/v2.1") return json(response, 200, { version: { id: "v2.1", status: "CURRENT", links: [] } });
    assert.equal(pathname, "/v2.1/os-services");
    assert.equal(searchParams.get("binary"), "nova-compute");
    const matching = services.filter((one) => (one as { host?: string }).host === searchParams.get("host"));
    json(response, status, status === 200 ? { services: matching } : { forbidden: { code: status, message: "no" } });
  };
  return cloud;
}

const service = (host: string, state: string, updated_at: string | null) => ({
  id: 7,
  binary: "nova-compute",
  disabled_reason: null,
  host,
  state,
  status: "enabled",
  updated_at,
  forced_down: false,
  zone: "nova",
});

const asking = (cloud: FakeCloud) =>
  novaWitness(cloud.options(), { userAgent: "test", clock: systemClock, log: new KeptLog() });

test("Nova's view of a host is its nova-compute's state and latest heartbeat", async () => {
  await using cloud = await cloudWithNova([
    service("comp1", "up", "2026-11-28T03:21:00.000000"),
    service("comp2", "down", null),
  ]);
  const ask = asking(cloud);
  const heard = Date.UTC(2026, 10, 28, 3, 21);
  assert.deepEqual(await ask("comp1", signal), { state: "up", updatedAt: heard });
  assert.deepEqual(await ask("comp2", signal), { state: "down", updatedAt: 0 });
  await assert.rejects(ask("comp9", signal), /it knows no nova-compute on comp9/);
});

test("a refusal names the right that is missing", async () => {
  await using cloud = await cloudWithNova([], 403);
  await assert.rejects(asking(cloud)("comp1", signal), /HTTP 403: the user of \[api\] may not list compute services/);
});

test("a response that is none of Nova's is an error that names the member", async () => {
  await using cloud = await cloudWithNova([]);
  const ask = asking(cloud);
  for (const [body, problem] of [
    [{ services: [{ binary: "nova-compute", host: "comp1" }] }, /not understood \(services\.0\.state: /],
    [{ services: [service("comp1", "lost", null)] }, /services\.0\.state: .*"lost"/],
    [{ services: [service("comp1", "up", "yesterday")] }, /updated_at is no time: yesterday/],
    [{ services: {} }, /not understood \(services: /],
    ["<html>", /not understood \(not JSON\)/],
  ] as const) {
    cloud.api = (_, response) => json(response, 200, body);
    await assert.rejects(ask("comp1", signal), problem);
  }
});
