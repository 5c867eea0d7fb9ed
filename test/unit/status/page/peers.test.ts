import assert from "node:assert/strict";
import { test } from "node:test";
import { type Peer, peerAt, peerOf } from "../../../../src/status/page/peer-url.ts";
import { MOST_PEERS, Peers } from "../../../../src/status/page/peers.ts";
import { hostOverview } from "../../../support/page-overview.ts";
import { settle, VirtualClock } from "../../../support/virtual-clock.ts";

const listOf = (...peers: readonly Peer[]) => Promise.resolve({ peers, unknown: [] });
const named = (name: string) => ({ name, url: `http://${name}/host.json` });

test("a peer that fails is a row that gives the reason, since when and what it sent last; it comes back", async () => {
  const clock = new VirtualClock();
  let works = true;
  const request = () =>
    works ? Promise.resolve(hostOverview("compute-2")) : Promise.reject(new Error("connection refused"));
  const peers = new Peers({ peers: () => listOf(named("a")), request, clock });
  assert.deepEqual(
    (await peers.now()).map(({ kind }) => kind),
    ["host"],
  );
  works = false;
  await clock.advance(3000);
  const [silent] = await peers.now();
  assert.ok(silent?.kind === "silent");
  assert.deepEqual([silent.problem, silent.last?.host], ["connection refused", "compute-2"]);
  await clock.advance(3000);
  const [still] = await peers.now();
  assert.ok(still?.kind === "silent");
  assert.equal(still.since, silent.since);
  works = true;
  await clock.advance(3000);
  assert.equal((await peers.now())[0]?.kind, "host");
});

test("a peer that hangs delays a viewer by 2.5 s, nobody else's row, and is asked once at a time", async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const request = ({ name }: { name: string }) => {
    asked.push(name);
    return name === "hangs" ? new Promise<never>(() => undefined) : Promise.resolve(hostOverview(name));
  };
  const peers = new Peers({ peers: () => listOf(named("hangs"), named("b")), request, clock });
  const seen = peers.now();
  await settle();
  await clock.advance(2500);
  assert.deepEqual(
    (await seen).map(({ kind }) => kind),
    ["silent", "host"],
  );
  await clock.advance(10_000);
  const again = peers.now();
  await settle();
  await clock.advance(2500);
  await again;
  assert.deepEqual(asked, ["hangs", "b"]);
});

test("not more than 16 peers are asked at a time, and not more than the page can show", async () => {
  let inFlight = 0;
  let most = 0;
  const request = async ({ name }: { name: string }) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    return hostOverview(name);
  };
  const all = Array.from({ length: MOST_PEERS + 50 }, (_, index) => named(`host-${index}`));
  const rows = await new Peers({ peers: () => listOf(...all), request, clock: new VirtualClock() }).now();
  assert.deepEqual([most, rows.length], [16, MOST_PEERS]);
});

test("what [page] peers takes", () => {
  assert.deepEqual(peerOf("https://compute-2:9101"), {
    peer: { name: "compute-2:9101", url: "https://compute-2:9101/host.json" },
  });
  for (const wrong of ["compute-2:9101", "ftp://a", "", "http://u:secret@a/", "http://a/page", "http://a/?q"]) {
    const read = peerOf(wrong);
    assert.ok("problem" in read, wrong);
    assert.doesNotMatch(read.problem, /secret/);
  }
  assert.equal(peerAt("compute-2", 9101, false)?.url, "http://compute-2:9101/host.json");
  for (const name of ["a@b", "a/b", "", "a b", "-x"]) assert.equal(peerAt(name, 9101, false), undefined);
});

test("a source of peers that cannot be had is a row beside those that are known", async () => {
  const unknown = [{ source: "members of Consul", problem: "connection refused", since: "2026-11-28T00:00:00.000Z" }];
  const list = { peers: [named("a")], unknown };
  const request = () => Promise.resolve(hostOverview("compute-2"));
  const peers = new Peers({ peers: () => Promise.resolve(list), request, clock: new VirtualClock() });
  const [known, absent] = await peers.now();
  assert.equal(known?.kind, "host");
  assert.ok(absent?.kind === "silent");
  assert.deepEqual([absent.peer, absent.problem], ["members of Consul", "connection refused"]);
});
