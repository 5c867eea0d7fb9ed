import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Report } from "../../src/status/report.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const ok = ({ verdict }: Report): boolean => verdict === "ok";
const about = (what: string) => (report: Report) => report.problems.some((problem) => problem.about === what);

await describeWithLibvirtd("health, on a real libvirtd", {}, (host) => {
  for (const [what, outages, away, back, reason] of [
    ["killed", 2, () => host().libvirtd.kill(), () => host().libvirtd.restart(), /libvirt/],
    [
      "stopped in its tracks",
      1,
      () => host().libvirtd.signal("SIGSTOP"),
      () => host().libvirtd.signal("SIGCONT"),
      /has sent nothing for \d+ s/,
    ],
  ] as const) {
    test(`libvirtd is ${what}: degraded with the reason and since when, and ok when it is back`, async (t) => {
      const rig = await InstanceRig.create(t, { uri: host().libvirtd.uri });
      t.after(() => host().libvirtd.signal("SIGCONT"));
      const monitor = await rig.start();
      for (let outage = 1; outage <= outages; outage++) {
        await rig.health("ok before", 60_000, ok);
        const from = Date.now();
        await away();
        const { verdict, problems } = await rig.health("libvirt is lost", 120_000, about("libvirt"));
        const [problem] = problems;
        assert.equal(verdict, "degraded");
        assert.match(problem?.reason ?? "", reason);
        const since = Date.parse(problem?.since ?? "");
        assert.ok(since >= from - 1000 && since <= Date.now() + 1000, problem?.since);
        await back();
        await rig.health("ok again", 120_000, ok);
      }
      assert.equal(monitor.output.match(/Lost connection to libvirt/g)?.length, outages);
      assert.equal(monitor.running, true);
    });
  }

  test("the API is down: degraded with what waits, and ok when it is delivered", async (t) => {
    const { libvirtd } = host();
    const guests: Guest[] = [];
    const connection = await host().connect(t);
    for (let made = 0; made < 3; made++) {
      const uuid = randomUUID();
      guests.push(await Guest.start(libvirtd, connection, `instance-${uuid.slice(0, 8)}`, { uuid, agent: "bare" }));
    }
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    await rig.start();
    await rig.health("ok before", 60_000, ok);
    rig.refuse(true);
    for (const guest of guests) guest.signal("SIGKILL");

    const all = (report: Report) => report.outbox.pending === 3 && about("delivery")(report);
    const { verdict, problems, outbox } = await rig.health("all three wait", 60_000, all);
    assert.equal(verdict, "degraded");
    const delivery = problems.find(({ about: what }) => what === "delivery");
    assert.match(delivery?.reason ?? "", /Masakari cannot be notified: .*503.*; \d notifications? waits?/);
    assert.ok((outbox.oldest_pending_seconds ?? -1) >= 0);

    rig.refuse(false);
    const isOver = (report: Report) => report.outbox.pending === 0 && ok(report);
    const after = await rig.health("all is delivered", 120_000, isOver);
    assert.equal(after.outbox.counters.delivered, 3);
  });
});
