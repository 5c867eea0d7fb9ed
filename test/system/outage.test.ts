import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { about } from "../support/notification-post.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

/**
 * Three minutes where time is at hand (CI=true, `npm run bench`), else twenty seconds: longer than all the retries that
 * the Python monitor would make with this configuration (2 × 1 s), after which it drops a notification.
 */
const outageMs = process.env.CI === "true" ? 180_000 : 20_000;

await describeWithOpenStack("process monitor and an outage of masakari-api", (setScene) => {
  test(`masakari-api is stopped for ${outageMs / 1000} s: what happens meanwhile arrives once it is back, once`, async (t) => {
    const { site, host, rig } = await setScene(t);
    const names = ["nova-compute", "libvirtd", "neutron-agent"];
    const [first, second, third] = names.map((name) => rig.startProcess(name));
    await rig.listed(...names);
    const monitor = await rig.start(...names);
    await site.masakari.refuse();

    first?.signal("SIGKILL");
    await monitor.line(/Masakari cannot be notified/, 60_000);
    second?.signal("SIGKILL");
    await sleep(outageMs / 2);
    // The monitor must survive its own restart in the midst of the outage.
    await monitor.stop("SIGTERM");
    const restarted = await rig.start("neutron-agent");
    third?.signal("SIGKILL");
    await sleep(outageMs / 2);
    await site.masakari.listen();

    await eventually("all three to be stored", 60_000, async () =>
      (await site.masakariApi.notifications(host)).length === 3 ? true : undefined,
    );
    await restarted.line(/Masakari answers again/, 60_000);
    for (const name of names) {
      assert.deepEqual(
        site.masakari.matching(about(name)).map((post) => post.response?.status),
        [202],
        `${name} is notified once`,
      );
    }
  });
});
