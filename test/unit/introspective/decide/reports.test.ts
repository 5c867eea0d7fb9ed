import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectOf } from "../../../../src/introspective/subjects.ts";
import type { RealGuest } from "../../../support/introspective-guest.ts";
import { failedPingsOf, MINUTES, monitoredHost } from "../../../support/introspective-monitored-host.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

/** What `status` shows of the guest. */
function givenUp(world: IntrospectiveWorld, guest: RealGuest): string | undefined {
  const known = world.stateOf(guest);
  return known && subjectOf(known).givenUp;
}

test("the third failed ping in a row is notified, once, with what Masakari expects", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  await world.run(10_000);
  const since = world.mono;
  world.hang(first);
  while (world.notified.length === 0 && world.mono < since + MINUTES) await world.run(100);
  assert.equal(failedPingsOf(world, first, since), 3);
  assert.equal(world.stateOf(first)?.phase, "reported");
  await world.run(30 * MINUTES);
  assert.equal(world.notified.length, 1);
  const effects = world.log.filter((line) => line.includes("notifying Masakari"));
  assert.equal(effects.length, 1);
});

test("with [notifications] shadow the log does not state that Masakari is notified", async () => {
  const { world, first } = await monitoredHost(["vm"], { shadow: true });
  world.hang(first);
  await world.run(MINUTES);
  const [line, ...others] = world.log.filter((text) => text.includes("reported after"));
  assert.match(line ?? "", /Masakari is not notified, because \[notifications\] shadow is set$/);
  assert.deepEqual(others, []);
  assert.match(givenUp(world, first) ?? "", /Masakari would have been notified, but \[notifications\] shadow was set/);
  world.stopMonitor();
  await world.run(1000);
  world.settings = { ...world.settings, shadow: false };
  world.startMonitor();
  await world.run(MINUTES);
  assert.match(givenUp(world, first) ?? "", /Masakari would have been notified/);
});

test("the notification is upstream's, byte for byte, with [DEFAULT] hostname", async () => {
  const { world, first } = await monitoredHost(["8a6d1d9e-0000-4000-8000-000000000001"], { hostname: "compute-7" });
  const notified: unknown[] = [];
  world.onDecision = (_, observation, effects) => {
    for (const effect of effects) if (effect.kind === "notify") notified.push({ ...effect, at: observation.at.wall });
  };
  world.hang(first);
  await world.run(MINUTES);
  const at = (notified[0] as { at: number } | undefined)?.at ?? 0;
  assert.deepEqual(notified, [
    {
      kind: "notify",
      at,
      subject: `guest:${first.uuid}`,
      notification: {
        type: "VM",
        hostname: "compute-7",
        generated_time: `${new Date(at).toISOString().slice(0, -1)}000`,
        payload: {
          event: "QEMU_GUEST_AGENT_ERROR",
          instance_uuid: first.uuid,
          vir_domain_event: "STOPPED_FAILED",
        },
      },
    },
  ]);
});

for (const [threshold, compat, pings] of [
  [3, true, 5],
  [1, false, 1],
  [0, false, 1],
  [0, true, 2],
  [5, false, 5],
] as const) {
  await test(`threshold ${threshold}${compat ? " with compat" : ""}: failed ping ${pings} is notified`, async () => {
    const { world, first } = await monitoredHost(["vm"], { guest_monitoring_failure_threshold: threshold, compat });
    const since = world.mono;
    world.hang(first);
    while (world.notified.length === 0 && world.mono < since + 5 * MINUTES) await world.run(100);
    assert.equal(failedPingsOf(world, first, since), pings);
  });
}

test("a guest that has never answered is never notified", async () => {
  const world = new IntrospectiveWorld();
  const [hung, deaf, none] = [
    world.guest("hung", { hung: true }),
    world.guest("deaf", { open: false }),
    world.guest("none", { channel: false }),
  ];
  world.startMonitor();
  await world.run(30 * MINUTES);
  assert.deepEqual(world.notified, []);
  for (const guest of [hung, deaf, none]) assert.equal(world.stateOf(guest)?.phase, "discovery");
  // Neither a closed nor a missing channel costs libvirt anything.
  assert.deepEqual(new Set(world.pings.map(({ uuid }) => uuid)), new Set(["hung"]));
});

test("a response between failed pings restarts the count", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  for (let times = 0; times < 5; times++) {
    world.hang(first);
    while ((world.stateOf(first)?.failures ?? 0) < 2) await world.run(100);
    world.hang(first, false);
    await world.run(20_000);
    assert.equal(world.stateOf(first)?.phase, "healthy");
  }
  assert.deepEqual(world.notified, []);
});

test("a reported guest that answers is superseded, and reported again when it hangs again", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.hang(first);
  await world.run(MINUTES);
  assert.equal(world.standing.size, 1);
  world.hang(first, false);
  await world.run(MINUTES);
  assert.equal(world.standing.size, 0);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  await world.run(MINUTES);
  assert.equal(world.notified.length, 2);
});

test("with compat a guest is reported once until it is started again", async () => {
  const { world, first } = await monitoredHost(["vm"], { compat: true });
  const hangAndRecover = async () => {
    world.hang(first);
    await world.run(3 * MINUTES);
    world.hang(first, false);
    await world.run(3 * MINUTES);
  };
  await hangAndRecover();
  await hangAndRecover();
  assert.equal(world.notified.length, 1);
  world.stop(first);
  world.start(first);
  await world.run(MINUTES);
  await hangAndRecover();
  assert.equal(world.notified.length, 2);
});

test("a start leads back to discovery, and what was notified before is superseded", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.hang(first);
  await world.run(MINUTES);
  world.stop(first);
  assert.equal(world.standing.size, 0);
  world.start(first);
  // It hangs from its start on: it has to answer first.
  world.hang(first);
  await world.run(10 * MINUTES);
  assert.equal(world.notified.length, 1);
  assert.equal(world.stateOf(first)?.phase, "discovery");
});

test("max_reports: no more within the window, and again after it", async () => {
  const { world, first } = await monitoredHost(["vm"], { max_reports: 2, report_window: 3600 });
  let shown: string | undefined;
  const hangAndStartAgain = async () => {
    world.hang(first);
    await world.run(2 * MINUTES);
    shown = givenUp(world, first);
    world.stop(first);
    world.start(first);
    await world.run(MINUTES);
  };
  await hangAndStartAgain();
  assert.match(shown ?? "", /its notification was made: `masakari-monitors outbox --all` shows/);
  for (let times = 1; times < 5; times++) await hangAndStartAgain();
  assert.match(shown ?? "", /Masakari was not notified, because max_reports was reached/);
  assert.equal(world.notified.length, 2);
  assert.ok(world.log.some((line) => /error: .*check the guest by hand/.test(line)));
  await world.run(60 * MINUTES);
  await hangAndStartAgain();
  assert.equal(world.notified.length, 3);
});

test("with compat, max_reports does not make a guest be reported twice", async () => {
  const { world, first } = await monitoredHost(["vm"], { compat: true, max_reports: 5 });
  for (let times = 0; times < 3; times++) {
    world.hang(first);
    await world.run(3 * MINUTES);
    world.hang(first, false);
    await world.run(3 * MINUTES);
  }
  assert.equal(world.notified.length, 1);
});

test("leave_alone_restarting: a guest that reboots for a long time is monitored when it answers again", async () => {
  const { world, first } = await monitoredHost(["vm"], { leave_alone_restarting: true });
  world.reboot(first, 10 * MINUTES);
  await world.run(9 * MINUTES);
  assert.deepEqual(world.notified, []);
  await world.run(2 * MINUTES);
  assert.equal(world.stateOf(first)?.phase, "healthy");
});

test("leave_alone_migrating: a guest that is being migrated is reported when that is over", async () => {
  const { world, first } = await monitoredHost(["vm"], { leave_alone_migrating: true });
  first.migrating = true;
  world.hang(first);
  await world.run(5 * MINUTES);
  assert.deepEqual(world.notified, []);
  first.migrating = false;
  await world.run(MINUTES);
  assert.equal(world.notified.length, 1);
});

test("minimum_uptime: failures of a guest that has just started do not count", async () => {
  const { world, first } = await monitoredHost(["vm"], { minimum_uptime: 300 });
  world.stop(first);
  world.start(first);
  await world.run(20_000);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  await world.run(4 * MINUTES);
  assert.deepEqual(world.notified, []);
  await world.run(3 * MINUTES);
  assert.equal(world.notified.length, 1);
});

test("check_io: a guest that uses its disks is not reported, until it ceases to", async () => {
  const { world, first } = await monitoredHost(["vm"], { check_io: true });
  world.hang(first);
  for (let seconds = 0; seconds < 300; seconds++) {
    first.requests++;
    await world.run(1000);
  }
  assert.deepEqual(world.notified, []);
  await world.run(3 * MINUTES);
  assert.equal(world.notified.length, 1);
});

test("how long an agent took to answer is counted, for each ping that was answered", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  const counted: (number | undefined)[] = [];
  world.onDecision = (_, __, effects) => {
    for (const effect of effects) if (effect.kind === "count") counted.push(effect.ms);
  };
  const since = world.pings.length;
  await world.run(MINUTES);
  assert.ok(counted.length > 3);
  assert.equal(counted.length, world.pings.length - since);
  for (const ms of counted) assert.ok(ms !== undefined && ms >= 0 && ms < 1000, String(ms));
  const before = counted.length;
  world.hang(first);
  await world.run(MINUTES);
  assert.equal(counted.length, before, "a ping without a response has no duration");
});

test("each connection to libvirt is counted, and no survey of the same one", async () => {
  const { world } = await monitoredHost(["vm"]);
  const counted: string[] = [];
  world.onDecision = (_, __, effects) => {
    for (const effect of effects) if (effect.kind === "count" && effect.ms === undefined) counted.push(effect.counter);
  };
  world.connect();
  await world.run(1000);
  assert.deepEqual(counted, []);
  world.disconnect();
  world.connect();
  await world.run(1000);
  assert.deepEqual(counted, ["libvirt_connections"]);
});
