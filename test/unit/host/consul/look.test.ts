import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALIVE, CapturedConsul, FAILED } from "./captured.ts";

describe("a look at three Consul clusters", () => {
  it("has every member of each, with the positions in sequence order", async () => {
    await using consul = await CapturedConsul.start();
    const look = await consul.look();
    const { self, quorum, heartbeat, complete, problems } = look;
    assert.deepEqual(
      { self, quorum, heartbeat, complete, problems },
      { self: { name: "host1", stable: "yes" }, quorum: "yes", heartbeat: "heard", complete: true, problems: [] },
    );
    assert.deepEqual(
      look.hosts.map(({ name, kind, state }) => `${name} ${kind} ${state}`),
      [
        "ctl1 server online",
        "host1 member online",
        "host2 member online",
        "host3 member online",
        "host4 member online",
      ],
    );
    assert.deepEqual(look.hosts[2]?.positions, [
      { name: "manage", state: "up" },
      { name: "tenant", state: "up" },
      { name: "storage", state: "up" },
    ]);
  });

  it("has a host whose storage agent failed as crashed, and one whose manage agent failed as unstable", async () => {
    await using consul = await CapturedConsul.start();
    consul.responses.storage = { ...FAILED };
    const crashed = await consul.host("host2");
    assert.deepEqual(
      [crashed?.state, crashed?.departure, crashed?.reason],
      ["offline", "crash", "manage alive, tenant alive, storage failed"],
    );
    consul.responses.storage = { ...ALIVE };
    consul.responses.manage = { ...FAILED };
    assert.equal((await consul.host("host2"))?.state, "unstable");
  });

  it("has a host that left as expected, not as crashed", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "03-left-members", health: "03-left-health" });
    const host = await consul.host("host2");
    assert.deepEqual([host?.state, host?.departure], ["offline", "expected"]);
    assert.deepEqual(
      host?.positions?.map(({ state }) => state),
      ["left", "left", "left"],
    );
  });

  it("has a failed host that an operator forced to leave as expected", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "04-force-left-members", health: "03-left-health" });
    assert.equal((await consul.host("host2"))?.departure, "expected");
  });

  it("does not have a host that was pruned everywhere, and does not know one that was pruned on one network", async () => {
    await using consul = await CapturedConsul.start();
    const pruned = { members: "04-pruned-members", health: "04-pruned-health" };
    consul.responses.storage = pruned;
    const host = await consul.host("host2");
    assert.deepEqual([host?.state, host?.reason], ["unknown", "manage alive, tenant alive, storage not a member"]);
    consul.all(pruned);
    const look = await consul.look();
    assert.equal(look.complete, true);
    assert.ok(!look.hosts.some(({ name }) => name === "host2"));
  });

  it("has a host that failed while our own agents were down as crashed: the servers keep it", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "11-own-restart-failed-member", health: "02-failed-health" });
    const host = await consul.host("host2");
    assert.deepEqual([host?.state, host?.departure], ["offline", "crash"]);
  });

  it("does not believe a failure that the servers do not have", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "02-failed-members", health: "01-alive-health" });
    const host = await consul.host("host2");
    assert.equal(host?.state, "unknown");
    assert.match(host.reason ?? "", /storage unknown \(failed for the agent, passing for the servers\)/);
  });

  it("does not call a host up that the servers have as failed", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "02-killed-1s-members", health: "02-failed-health" });
    assert.equal((await consul.host("host2"))?.state, "unknown");
  });

  it("asks the servers after the agent, so that what they confirm is no older", async () => {
    await using consul = await CapturedConsul.start({ token: "secret-token" });
    await consul.look();
    const requests = consul.requestsTo("manage");
    assert.deepEqual(
      requests.map(({ path }) => path.split("?")[0]),
      ["/v1/agent/members", "/v1/health/state/any"],
    );
    assert.deepEqual(
      requests.map(({ headers }) => headers["x-consul-token"]),
      ["secret-token", "secret-token"],
    );
  });

  it("has a host in maintenance as such", async () => {
    await using consul = await CapturedConsul.start();
    consul.responses.storage.health = "13-maintenance-health";
    assert.equal((await consul.host("host1"))?.maintenance, "yes");
    assert.equal((await consul.host("host2"))?.maintenance, "no");
  });

  it("is interrupted at first, and when an agent answers again", async () => {
    await using consul = await CapturedConsul.start();
    const isInterrupted = async (): Promise<boolean> => (await consul.look()).interrupted;
    assert.equal(await isInterrupted(), true);
    assert.equal(await isInterrupted(), false);
    consul.responses.tenant.members = "never";
    assert.equal(await isInterrupted(), false);
    consul.responses.tenant.members = ALIVE.members;
    assert.equal(await isInterrupted(), true);
    consul.looker.interrupt("storage");
    assert.equal(await isInterrupted(), true);
    assert.equal(await isInterrupted(), false);
  });

  it("gives a host another incarnation when it has failed and come back in between", async () => {
    await using consul = await CapturedConsul.start();
    const before = (await consul.host("host2"))?.incarnation;
    assert.equal((await consul.host("host2"))?.incarnation, before);
    consul.responses.manage.health = "09-blocking-no-change";
    const after = await consul.host("host2");
    assert.equal(after?.state, "online");
    assert.notEqual(after.incarnation, before);
  });
});
