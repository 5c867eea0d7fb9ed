import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import type { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd, type Host } from "./libvirt/suite.ts";

const GUESTS = 100;
/** More QEMUs than this starting at a time are no faster on two cores. */
const STARTERS = 4;
/** libvirt's own value of a domain that nobody has touched, and the one that the tests configure. */
const [OWN, SHORT] = [-2, 1];
/** Twenty hung ones need some 25 s, on a machine that has nothing else to do. */
const REPORT_MS = 100_000;
const options = {
  guest_monitoring_interval: 3,
  guest_monitoring_timeout: 2,
  suspect_response_timeout: SHORT,
};

await describeWithLibvirtd("introspective monitor, a crowd of real guests", {}, (host) => {
  let guests: readonly Guest[] = [];

  before(async () => {
    guests = await startGuests(host());
  });

  /** A monitor to which all guests have responded. */
  async function startMonitor(t: TestContext, more = {}): Promise<{ rig: IntrospectiveRig; monitor: Child }> {
    const rig = await IntrospectiveRig.create(t, host().libvirtd.uri, { ...options, ...more });
    t.after(() => {
      for (const guest of guests) guest.signal("SIGCONT");
    });
    const monitor = await rig.start();
    await allMonitored(monitor, guests);
    return { rig, monitor };
  }

  /** What libvirt itself has noted of each: how long it waits for its agent. */
  async function responseTimeouts(of: readonly Guest[]): Promise<readonly number[]> {
    return await Promise.all(
      of.map(async ({ name }) => {
        const text = await readFile(join(host().libvirtd.folder, `run/qemu/${name}.xml`), "utf8");
        return Number(/<agentTimeout>(-?\d+)</.exec(text)?.[1]);
      }),
    );
  }

  async function allWait(seconds: number, of: readonly Guest[]): Promise<void> {
    await eventually(`libvirt to wait ${seconds} for the agents of ${of.length} guests`, 60_000, async () =>
      (await responseTimeouts(of)).every((value) => value === seconds) ? true : undefined,
    );
  }

  /** How often Masakari was notified about each guest that it was notified about. */
  function notifications({ posted }: IntrospectiveRig): Readonly<Record<string, number>> {
    const times: Record<string, number> = {};
    for (const { notification } of posted) {
      const { name = "nobody" } = guests.find(({ domain }) => domain.uuid === notification.payload.instance_uuid) ?? {};
      times[name] = (times[name] ?? 0) + 1;
    }
    return times;
  }

  const onceEach = (of: readonly Guest[]) => Object.fromEntries(of.map(({ name }) => [name, 1]));

  test(`20, 6 and 1 of ${GUESTS} guests freeze: each is notified once, and libvirt is as it was; no other ever`, async (t) => {
    const { rig } = await startMonitor(t);
    assert.ok((await responseTimeouts(guests)).every((value) => value === OWN));
    const hung: Guest[] = [];
    // Each wave is the time for what was to come of the waves before it, and of the others.
    for (const count of [20, 6, 1]) {
      const targets = guests.slice(hung.length, hung.length + count);
      hung.push(...targets);
      for (const target of targets) target.signal("SIGSTOP");
      // Each of them is short for a whole interval at least.
      await Promise.all(targets.map((target) => allWait(SHORT, [target])));
      await Promise.all(targets.map(({ domain }) => rig.untilNotified(domain.uuid, REPORT_MS)));
      await allWait(OWN, guests);
    }
    assert.deepEqual(notifications(rig), onceEach(hung));
  });

  test("what is short is reset by SIGTERM, by the start after kill -9, and after libvirtd was killed", async (t) => {
    const { rig, monitor } = await startMonitor(t);
    const [target] = guests;
    assert.ok(target);
    const freeze = async () => {
      target.signal("SIGSTOP");
      await allWait(SHORT, [target]);
    };

    await freeze();
    await monitor.stop("SIGTERM");
    assert.deepEqual(await responseTimeouts([target]), [OWN]);
    target.signal("SIGCONT");

    const second = await rig.start();
    await freeze();
    await second.stop("SIGKILL");
    assert.deepEqual(await responseTimeouts([target]), [SHORT]);
    target.signal("SIGCONT");
    await rig.start();
    await allWait(OWN, [target]);

    await freeze();
    await host().libvirtd.kill();
    target.signal("SIGCONT");
    await host().libvirtd.restart();
    await allWait(OWN, guests);
    assert.deepEqual(notifications(rig), {});
  });

  test("libvirtd stands still for longer than a report takes, and goes on: nothing is notified, and a guest that freezes then is", async (t) => {
    const { rig, monitor } = await startMonitor(t, {
      // A single ping that is wrongly held against its guest is notified.
      guest_monitoring_failure_threshold: 1,
      guest_monitoring_interval: 5,
      guest_monitoring_timeout: 5,
    });
    const { libvirtd } = host();
    libvirtd.signal("SIGSTOP");
    t.after(() => libvirtd.signal("SIGCONT"));
    // Keepalive notices after 20 s.
    await monitor.line(/Lost connection to libvirt/, 60_000);
    libvirtd.signal("SIGCONT");
    await monitor.line(/Connected to libvirt again/, 60_000);
    const target = guests.at(50);
    assert.ok(target);
    target.signal("SIGSTOP");
    await rig.untilNotified(target.domain.uuid, REPORT_MS);
    assert.deepEqual(notifications(rig), onceEach([target]));
    await allWait(OWN, guests);
  });
});

async function startGuests({ libvirtd }: Host): Promise<readonly Guest[]> {
  const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
  try {
    const names = Array.from({ length: GUESTS }, (_, index) => `instance-${String(index).padStart(8, "0")}`);
    const guests: Guest[] = [];
    const start = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        guests.push(await Guest.start(libvirtd, connection, name));
      }
    };
    await Promise.all(Array.from({ length: STARTERS }, start));
    return guests;
  } finally {
    await connection.close();
  }
}

/** Resolves when each of them has responded to the monitor: it is monitored then. */
async function allMonitored(monitor: Child, guests: readonly Guest[]): Promise<void> {
  await Promise.all(
    guests.map(({ domain }) => monitor.line(new RegExp(`${domain.uuid}\\): its agent answers`), 60_000)),
  );
}
