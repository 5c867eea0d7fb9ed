import assert from "node:assert/strict";
import { test } from "node:test";
import { response, watchLines } from "./captures.ts";
import { captured, problems, Rig, respondWith, states } from "./rig.ts";

const ALL_ONLINE = ["node1 online", "node2 online", "node3 online"];
/** The moment of the captured node2 Unknown. */
const unknown = response("04-list-unknown");

/** node2 Unknown, so many seconds after the capture by the server's clock. */
function unknownFor(seconds: number) {
  const date = new Date(Date.parse(unknown.headers.Date ?? "") + seconds * 1000).toUTCString();
  return respondWith({ ...unknown, headers: { ...unknown.headers, Date: date } });
}

const [deleted = ""] = watchLines("05-watch-events").filter((line) => line.includes('"DELETED"'));

test("the first look lists with the selector, and begins to watch where the list ends", async () => {
  await using rig = await Rig.start();
  const look = await rig.next();
  assert.deepEqual(states(look), ALL_ONLINE);
  assert.deepEqual([look.quorum, look.heartbeat, look.self.name, look.self.stable], ["yes", "heard", "node1", "yes"]);
  assert.deepEqual([look.interrupted, look.complete], [true, true]);
  await rig.watching();
  const [list, watch] = rig.server.requests.map(({ path }) => new URL(path, "http://k").searchParams);
  assert.equal(list?.get("labelSelector"), "openstack-compute-node=enabled");
  assert.equal(watch?.get("resourceVersion"), "220");
  assert.equal(watch?.get("allowWatchBookmarks"), "true");
  assert.equal(rig.server.requests[0]?.headers.authorization, "Bearer one");
});

test("a change leads to a look at once; one that changes nothing about a host does not", async () => {
  await using rig = await Rig.start();
  await rig.next();
  const watch = await rig.watching();
  const same = JSON.parse(response("01-list").body).items[0];
  watch.write(`${JSON.stringify({ type: "MODIFIED", object: same })}\n`);
  rig.list = captured("04-list-notready");
  const [event = ""] = watchLines("05-watch-events");
  watch.write(`${event}\n`);
  const look = await rig.next();
  assert.deepEqual(states(look), ["node1 online", "node2 unstable", "node3 online"]);
  assert.equal(look.interrupted, false);
  assert.equal(rig.observations.length, 2);
});

test("a quiet look asks for one node; with a node that is not ready it lists them all", async () => {
  await using rig = await Rig.start();
  await rig.next();
  await rig.watching();
  rig.driver.lookNow();
  assert.deepEqual(states(await rig.next()), ALL_ONLINE);
  assert.match(rig.server.requests.at(-1)?.path ?? "", /limit=1$/);
  rig.list = captured("04-list-notready");
  (await rig.watching()).write(`${deleted}\n`);
  await rig.next();
  rig.driver.lookNow();
  await rig.next();
  assert.match(rig.server.requests.at(-1)?.path ?? "", /limit=100$/);
});

test("a node that is Unknown is lost once that has lasted, looked at when it is due", async () => {
  await using rig = await Rig.start();
  await rig.next();
  await rig.watching();
  await rig.clock.advance(61_000);
  rig.list = unknownFor(0);
  rig.driver.lookNow();
  (await rig.watching()).write(`${deleted}\n`);
  const first = await rig.next((one) => one.hosts[1]?.state !== "online");
  assert.equal(first.hosts[1]?.state, "unknown");
  rig.list = unknownFor(20);
  await rig.clock.advance(14_000);
  const look = await rig.next((one) => one.hosts[1]?.state === "offline");
  assert.equal(look.self.stable, "yes");
  assert.match(look.hosts[1]?.reason ?? "", /NodeStatusUnknown/);
});

test("a hung server: the watch that is silent, without a bookmark, counts as an interruption", async () => {
  await using rig = await Rig.start();
  await rig.next();
  await rig.watching();
  await rig.clock.advance(91_000);
  const look = await rig.next();
  assert.deepEqual([look.interrupted, look.complete], [true, true]);
  await rig.clock.advance(2000);
  await rig.watching(2);
});

test("a hung server: the look times out, and nothing is known", async () => {
  await using rig = await Rig.start();
  await rig.next();
  await rig.watching();
  rig.list = () => undefined;
  rig.driver.lookNow();
  await rig.clock.advance(100);
  while (rig.server.requests.length < 3) await rig.clock.advance(5);
  await rig.clock.advance(10_000);
  const look = await rig.next();
  assert.deepEqual([look.complete, look.quorum, look.self.stable, look.hosts.length], [false, "unknown", "unknown", 0]);
  assert.match(problems(look), /Kubernetes API: no response .* within 10 s/);
  rig.list = captured("01-list");
  assert.equal((await rig.next(({ complete }) => complete)).interrupted, true);
});

test("an expired watch, 410 in a line after status 200, leads to a list and no interruption", async () => {
  await using rig = await Rig.start();
  await rig.next();
  (await rig.watching()).end(`${response("06-410-watch-old-rv").body}\n`);
  const look = await rig.next();
  assert.deepEqual([look.interrupted, look.complete], [false, true]);
  assert.match(rig.server.requests.at(-1)?.path ?? "", /limit=100$/);
  await rig.clock.advance(2000);
  await rig.watching(2);
});

test("a watch that the server ends goes on from the last bookmark", async () => {
  await using rig = await Rig.start();
  await rig.next();
  const bookmark = watchLines("05-watch-events").find((line) => line.includes("BOOKMARK")) ?? "";
  const { resourceVersion } = JSON.parse(bookmark).object.metadata;
  (await rig.watching()).end(`${bookmark}\n`);
  while (rig.watches.length < 2) {
    await rig.clock.advance(100);
  }
  assert.match(rig.server.requests.at(-1)?.path ?? "", new RegExp(`resourceVersion=${resourceVersion}&`));
  assert.equal(rig.observations.length, 1);
});

test("without the right to watch it polls, and one condition shows that", async () => {
  await using rig = await Rig.start({ watch: captured("02-403-watch") });
  await rig.next();
  const look = await rig.next();
  assert.deepEqual(states(look), ALL_ONLINE);
  assert.equal(look.interrupted, false);
  assert.match(problems(look), /^Kubernetes watch: the watch is refused: .*cannot watch resource/);
  rig.driver.lookNow();
  await rig.next();
  assert.equal(rig.watches.length, 1);
  assert.match(rig.server.requests.at(-1)?.path ?? "", /limit=100$/);
});

test("watches that always fail end in polling, without a storm and without an interruption for ever", async () => {
  await using rig = await Rig.start({ watch: (http) => void http.destroy() });
  const look = await rig.next((one) => one.problems.length > 0);
  assert.match(problems(look), /Kubernetes watch: the watch fails/);
  rig.driver.lookNow();
  await rig.next();
  rig.driver.lookNow();
  assert.equal((await rig.next()).interrupted, false);
  assert.ok(rig.watches.length <= 4);
});

test("401: a token that was replaced meanwhile is used at once; else it is a problem", async () => {
  await using rig = await Rig.start();
  rig.list = (http, request) => {
    if (request.headers.authorization === "Bearer two") return captured("01-list")(http, request);
    rig.token("two\n");
    captured("02-401-wrong-token")(http, request);
  };
  assert.deepEqual(states(await rig.next()), ALL_ONLINE);
  rig.list = captured("02-401-wrong-token");
  rig.driver.lookNow();
  const look = await rig.next(({ complete }) => !complete);
  assert.match(problems(look), /it returned 401: Unauthorized; the token or the client certificate/);
  assert.doesNotMatch(problems(look), /two/);
});

test("each refusal has its reason, and none is an empty cluster", async () => {
  const refusals = [
    ["02-403-list", /403: nodes is forbidden: .*right to list and watch/],
    ["07-server-starting-403", /403: nodes is forbidden/],
    ["01-list-bad-selector", /400: unable to parse requirement.*monitoring_node_labels/],
    ["08-etcd-down-list", /504: Timeout: request did not complete/],
    ["06-410-continue", /410: The provided continue parameter is too old/],
  ] as const;
  for (const [name, expected] of refusals) {
    await using rig = await Rig.start({ list: captured(name) });
    const look = await rig.next();
    assert.deepEqual([look.complete, look.quorum], [false, "unknown"], name);
    assert.match(problems(look), expected);
  }
});

test("429 is text, and its Retry-After is kept to", async () => {
  await using rig = await Rig.start();
  const { status, headers, body } = response("02-429");
  rig.list = respondWith({ status, headers: { ...headers, "Retry-After": "30" }, body });
  const refused = await rig.next();
  assert.match(problems(refused), /it returned 429/);
  rig.list = captured("01-list");
  await rig.clock.advance(29_000);
  assert.equal(rig.observations.length, 1);
  await rig.clock.advance(1000);
  assert.deepEqual(states(await rig.next()), ALL_ONLINE);
});

test("a selector that matches no node is a problem, never silence", async () => {
  await using rig = await Rig.start({ list: captured("01-list-nothing-matches") });
  assert.match(problems(await rig.next()), /Kubernetes nodes: no node matches .*openstack-compute-node=enabled/);
});

test("all pages are read; a list whose pages expired starts again", async () => {
  await using rig = await Rig.start();
  let expired = false;
  rig.list = (http, request) => {
    if (!request.path.includes("continue=")) return captured("01-list-limit")(http, request);
    if (!expired) {
      expired = true;
      return captured("06-410-continue")(http, request);
    }
    captured("01-list-continue")(http, request);
  };
  const look = await rig.next();
  assert.deepEqual([look.complete, look.hosts.length], [true, 4]);
});

test("what is not a list of nodes, such as a proxy's page, is not understood", async () => {
  await using rig = await Rig.start({ list: (http) => void http.end("<html>login</html>") });
  assert.match(problems(await rig.next()), /not understood/);
});

test("check-config learns what the user may not do", async () => {
  await using rig = await Rig.start({ watch: captured("02-403-watch") });
  await rig.next();
  const missing = await rig.driver.checkRights?.(new AbortController().signal);
  assert.deepEqual(
    missing?.map(({ name }) => name),
    ["Kubernetes watch"],
  );
});
