import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostDecisions } from "../../../support/host-cluster.ts";
import { ALIVE, CapturedConsul, FAILED, type Responses } from "./captured.ts";

/** The decisions of host1's monitor on captured responses of its three agents. */
class Monitor {
  readonly decisions = new HostDecisions({ hostname: "host1", needsProof: false });
  readonly consul: CapturedConsul;

  constructor(consul: CapturedConsul) {
    this.consul = consul;
  }

  /** Two looks, a minute apart. */
  async see(changes: Partial<Record<"manage" | "tenant" | "storage", Responses>>): Promise<void> {
    Object.assign(this.consul.responses, changes);
    for (let look = 0; look < 2; look += 1) {
      this.decisions.observe({ ...(await this.consul.look()), at: this.decisions.at });
      this.decisions.pass(60);
    }
  }

  /** After a gap, Masakari is asked whether another monitor has reported the host. */
  notKnownToMasakari(host: string): void {
    this.decisions.endApiCheck("not notified", host);
  }
}

const all = (responses: Responses) => ({ manage: responses, tenant: responses, storage: responses });
const CRASHED = "host2 STOPPED NORMAL";

describe("decisions on Consul's responses", () => {
  it("report a crash once, and the return", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see(all(FAILED));
    assert.deepEqual(monitor.decisions.notified, [CRASHED]);
    await monitor.see(all(ALIVE));
    assert.deepEqual(monitor.decisions.notified, [CRASHED, "host2 STARTED NORMAL"]);
  });

  it("report nothing of a host that was unstable in between, as Python 14.0.0 does", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see({ manage: FAILED });
    await monitor.see(all(ALIVE));
    assert.deepEqual(monitor.decisions.notified, []);
  });

  it("report nothing while our own storage link is cut, nor afterwards", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see({ storage: { members: "07-own-link-cut-2s-members", health: "never" } });
    await monitor.see({ storage: { members: "07-own-link-cut-members", health: "never" } });
    await monitor.see({ storage: { members: "07-own-link-cut-members", health: "07-own-link-cut-health" } });
    // Healed: the servers answer, and the agent still has everybody as failed for up to half a minute.
    await monitor.see({ storage: { members: "07-own-link-cut-members", health: "01-alive-health" } });
    await monitor.see(all(ALIVE));
    assert.deepEqual(monitor.decisions.notified, []);
  });

  it("report a host that crashed while our own agents were down, which Python never does", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see({ storage: { members: "never", health: "never" } });
    assert.deepEqual(monitor.decisions.notified, []);
    const restarted = { members: "11-own-restart-failed-member", health: "02-failed-health" };
    await monitor.see({ manage: FAILED, tenant: FAILED, storage: restarted });
    monitor.notKnownToMasakari("host2");
    assert.deepEqual(monitor.decisions.notified, [CRASHED]);
  });

  it("hold a clean stop, which Python evacuates, as planned work", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see(all({ members: "03-left-members", health: "03-left-health" }));
    assert.deepEqual(monitor.decisions.notified, []);
    assert.deepEqual(monitor.decisions.holds("host2"), ["planned work"]);
    assert.match(monitor.decisions.problems["planned work"] ?? "", /^host2: it left the cluster on purpose/);
  });

  it("do not announce a dead host as back when an operator prunes it, which Python does", async () => {
    await using consul = await CapturedConsul.start();
    const monitor = new Monitor(consul);
    await monitor.see(all(ALIVE));
    await monitor.see({ storage: FAILED });
    const pruned = { members: "04-pruned-members", health: "04-pruned-health" };
    await monitor.see({ storage: pruned });
    await monitor.see(all(pruned));
    assert.deepEqual(monitor.decisions.notified, [CRASHED]);
  });
});
