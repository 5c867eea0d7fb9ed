import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { notificationIn } from "../support/notification-post.ts";
import { Seeded } from "../support/seeded.ts";
import { againWith, drawnSeed } from "../support/seeds.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

const most = 200;
/** Where the machine is so busy that 200 starts of a monitor take longer than the time, it is killed less often, but this often. */
const least = 50;
/** ms; a minute is enough where the machine is idle. */
const time = 240_000;
/** ms after the process died: from before the monitor has noticed until its notification has been delivered. */
const window = 120;

// The real Keystone and masakari-api, past a proxy that counts. Masakari looks for no duplicates but true repeats here
// (its interval is 0), so that a monitor that notified a failure again after its restart would get a second 202.
await describeWithOpenStack("process monitor, kill -9", (setScene) => {
  const name = `killed at up to ${most} random instants while notifications are created: every one arrives, none twice`;
  test(name, { timeout: 900_000 }, async (t) => {
    const again = againWith(drawnSeed);
    const random = new Seeded(drawnSeed);
    const { site, rig } = await setScene(t, { debug: false });
    // All of the same length: a name is also found in a longer one, of a process that still runs.
    const all = Array.from({ length: most }, (_, index) => `service-${String(index).padStart(3, "0")}`);
    const targets = all.map((name) => ({ name, process: rig.startProcess(name) }));
    const last = all.at(-1) ?? "";
    await rig.listed(...all);

    const names: string[] = [];
    const began = performance.now();
    for (const { name, process } of targets) {
      if (names.length >= least && performance.now() - began > time) break;
      const monitor = await rig.start(last);
      process.signal("SIGKILL");
      names.push(name);
      await sleep(random.next() * window);
      await monitor.stop("SIGKILL");
    }
    const kills = names.length;
    const final = rig.startUnawaited();

    // 409 is "I have it": what a monitor sent and was killed before the response is sent again.
    const acceptedWith = (...statuses: number[]) =>
      site.masakari.exchanges
        .filter(({ response }) => response !== undefined && statuses.includes(response.status))
        .map((exchange) => notificationIn(exchange)?.payload.process_name ?? "?");
    await eventually(`all ${kills} to arrive (${again})`, 120_000, () => {
      const arrived = new Set(acceptedWith(202, 409));
      const missing = names.filter((name) => !arrived.has(name));
      if (missing.length === 0) return true;
      throw new Error(`missing: ${missing.join(" ")}\nthe last monitor's end: ${final.output.slice(-4000)}`);
    });
    const stored = acceptedWith(202);
    assert.equal(stored.length, new Set(stored).size, `a second 202 (${again})`);
    const times = new Map<string, Set<string>>();
    for (const exchange of site.masakari.exchanges) {
      const notification = notificationIn(exchange);
      if (notification === undefined) continue;
      const name = notification.payload.process_name ?? "?";
      times.set(name, (times.get(name) ?? new Set()).add(notification.generated_time));
    }
    for (const [name, seen] of times) assert.equal(seen.size, 1, `${name} was notified with two times (${again})`);
    const delivered = site.masakari.matching((exchange) => notificationIn(exchange) !== undefined).length;
    t.diagnostic(`${delivered} requests for ${kills} notifications: ${delivered - kills} were cut off and repeated`);
  });
});
