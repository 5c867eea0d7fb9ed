import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterObservation } from "../../../../src/host/driver.ts";
import { ALIVE, CapturedConsul, FAILED, type Responses } from "./captured.ts";

const problemsIn = ({ problems }: ClusterObservation): Readonly<Record<string, string>> =>
  Object.fromEntries(problems.map(({ name, problem }) => [name, problem]));

const statesIn = ({ hosts }: ClusterObservation): readonly string[] => [...new Set(hosts.map(({ state }) => state))];

/** Responses of an agent that cannot be used, and what the problem is. */
const TROUBLE: readonly (readonly [string, Partial<Responses>, RegExp])[] = [
  ["hangs", { members: "never" }, /^no response from the Consul agent of the manage network at .* within/],
  ["is cut off or its server hangs", { health: "never" }, /^no response from the Consul agent/],
  [
    "has lost all servers",
    { members: "07-own-link-cut-members", health: "07-own-link-cut-health" },
    /No known Consul servers/,
  ],
  ["has no server", { members: "08-no-server-members", health: "08-no-server-health" }, /returned 500/],
  ["has no leader", { health: "12-no-leader-health" }, /returned 500/],
  ["gives no right to a token", { members: "acl-no-token-members" }, /lists no members: the token needs node_prefix/],
  [
    "gives the right to other nodes only",
    { members: "acl-one-node-members" },
    /this host \(host1\) is not among its members/,
  ],
  ["gives the right to members only", { health: "acl-no-token-health" }, /does not know this host/],
  [
    "does not know the token",
    { members: "acl-unknown-token-members" },
    /403: ACL not found; check \[consul\] token or token_manage/,
  ],
  ["wants HTTPS", { members: "tls-plain-http-on-https-port" }, /400: .* Set \[consul\] scheme = https/],
  ["has started while cut off", { members: "11-own-start-link-cut", health: "07-own-link-cut-health" }, /returned 500/],
  ["has another API", { members: "10-http-404" }, /returned 404/],
  [
    "answers null",
    { members: "01-alive-members-wan-client" },
    /not understood: Invalid type: Expected Array but received null; is this the HTTP API of a Consul agent/,
  ],
];

describe("an agent that cannot be used", () => {
  for (const [what, responses, problem] of TROUBLE) {
    it(`makes its network unknown and the others go on: it ${what}`, async () => {
      await using consul = await CapturedConsul.start();
      consul.responses.manage = { ...ALIVE, ...responses };
      const look = await consul.look();
      assert.match(problemsIn(look)["Consul manage"] ?? "", problem);
      assert.deepEqual([look.quorum, look.self.stable, look.complete], ["yes", "yes", false]);
      assert.deepEqual(statesIn(look), ["unknown"]);
      // Whatever manage is, by the matrix storage decides.
      consul.responses.storage = { ...FAILED };
      const host = await consul.host("host2");
      assert.deepEqual([host?.state, host?.departure], ["offline", "crash"]);
    });

    it(`of all networks leaves nothing to decide: it ${what}`, async () => {
      await using consul = await CapturedConsul.start();
      await consul.look();
      consul.all({ ...ALIVE, ...responses });
      const look = await consul.look();
      assert.notEqual(look.quorum, "yes");
      assert.notEqual(look.self.stable, "yes");
      assert.deepEqual(statesIn(look), ["unknown"]);
      assert.match(problemsIn(look).Consul ?? "", /manage, tenant, storage/);
    });
  }

  it("is not asked for long when it is down", async () => {
    await using consul = await CapturedConsul.start();
    await consul.stop("tenant");
    assert.match(problemsIn(await consul.look())["Consul tenant"] ?? "", /refused/i);
  });

  it("is a problem that hides every failure only if the matrix needs its network", async () => {
    await using consul = await CapturedConsul.start();
    consul.responses.tenant.members = "never";
    assert.equal(problemsIn(await consul.look()).Consul, undefined);
    consul.responses.storage.members = "never";
    const { problems } = await consul.look();
    const consulProblem = problems.find(({ name }) => name === "Consul");
    assert.equal(consulProblem?.severity, "failing");
    assert.match(consulProblem.problem, /the matrix needs the network tenant, storage/);
  });

  it("does not make hosts vanish that only it lists", async () => {
    await using consul = await CapturedConsul.start();
    consul.responses.manage = { members: "04-pruned-members", health: "04-pruned-health" };
    consul.responses.storage = { ...consul.responses.manage };
    assert.equal((await consul.host("host2"))?.state, "unknown");
    consul.responses.tenant.members = "never";
    const look = await consul.look();
    assert.equal(look.complete, false);
    assert.equal(look.hosts.find(({ name }) => name === "host2")?.state, "unknown");
  });
});

describe("our own link cut", () => {
  it("shows at once, while the agent still lists everybody as alive", async () => {
    await using consul = await CapturedConsul.start();
    consul.all({ members: "07-own-link-cut-2s-members", health: "never" });
    const { quorum, self, heartbeat } = await consul.look();
    assert.deepEqual([quorum, self.stable, heartbeat], ["no", "no", "silent"]);
    assert.match(self.reason ?? "", /no Consul cluster can be queried from this host \(manage: no response/);
  });

  it("is not a failure of the others, which the agent gives up one by one", async () => {
    await using consul = await CapturedConsul.start();
    for (const health of ["never", "07-own-link-cut-health"]) {
      consul.responses.storage = { members: "07-own-link-cut-members", health };
      const look = await consul.look();
      assert.deepEqual(statesIn(look), ["unknown"]);
    }
  });

  it("on the servers' side only: the leader has this host as failed, so its agent is not believed", async () => {
    await using consul = await CapturedConsul.start({ hostname: "host2" });
    consul.responses.storage = { ...FAILED };
    const look = await consul.look();
    assert.match(problemsIn(look)["Consul storage"] ?? "", /its cluster lists this host as failed/);
  });
});
