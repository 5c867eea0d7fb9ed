import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { peerList } from "../../../src/cli/page-peers.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { eventually } from "../../support/eventually.ts";
import { json, TestServer } from "../../support/http-server.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const members = ((): readonly unknown[] => {
  const captured = new URL("../../fixtures/consul/consul-1.8.7/02-failed-members.txt", import.meta.url);
  return JSON.parse(
    readFileSync(captured, "utf8")
      .split("\n")
      .find((line) => line.startsWith("[{")) ?? "[]",
  );
})();

async function consulWith(list: () => unknown) {
  const server = await TestServer.start((_request, response) => json(response, 200, list()));
  const all = defaultConfig();
  const clock = new VirtualClock();
  const listOf = (isSecure: boolean, host: Partial<(typeof all)["host"]> = {}) =>
    peerList(
      {
        ...all,
        DEFAULT: { ...all.DEFAULT, hostname: "host1" },
        host: { ...all.host, ...host },
        page: { ...all.page, peers_in_consul: true, peers: ["http://other:9101"] },
        consul: { ...all.consul, agent_storage: server.origin.replace("http://", ""), token: "acl-secret" },
      },
      { known: new Map() },
      { clock, command: "x", port: 9103, isSecure },
    );
  return { server, clock, listOf };
}

test("Consul's members are peers by their address, with TLS by their name; neither its servers nor this host are", async () => {
  const { server, listOf } = await consulWith(() => members);
  await using _ = server;
  const plain = await listOf(false)();
  assert.deepEqual(plain.unknown, []);
  assert.deepEqual(plain.peers.slice(0, 3), [
    { name: "other:9101", url: "http://other:9101/host.json" },
    { name: "host2", url: "http://198.18.101.12:9103/host.json" },
    { name: "host3", url: "http://198.18.101.13:9103/host.json" },
  ]);
  assert.ok(!plain.peers.some(({ name }) => name === "ctl1" || name === "host1"));
  const secure = await listOf(true, { host_names: ["host2=compute-2"] })();
  assert.deepEqual(secure.peers[1], { name: "compute-2", url: "https://host2:9103/host.json" });
  assert.equal(server.requests[0]?.headers["x-consul-token"], "acl-secret");
});

test("where all members are servers they are peers", async () => {
  const servers = members.map((member) => ({ ...(member as object), Tags: { role: "consul" } }));
  const { server, listOf } = await consulWith(() => servers);
  await using _ = server;
  assert.ok((await listOf(false)()).peers.some(({ name }) => name === "ctl1"));
});

test("a Consul that fails leaves the members that it listed, with why and since when; it is asked every 5 s at most", async () => {
  let list: unknown = members;
  const { server, clock, listOf } = await consulWith(() => list);
  await using _ = server;
  const now = listOf(false);
  const before = await now();
  list = [];
  await now();
  assert.equal(server.requests.length, 1);
  await clock.advance(5000);
  await now();
  await eventually("the failure", 60_000, async () => ((await now()).unknown.length > 0 ? true : undefined));
  const after = await now();
  assert.deepEqual(after.peers, before.peers);
  assert.equal(after.unknown[0]?.source, "members of Consul");
  assert.match(after.unknown[0]?.problem ?? "", /lists no members: the token needs/);
  assert.doesNotMatch(JSON.stringify(after), /acl-secret/);
});
