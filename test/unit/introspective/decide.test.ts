import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntrospectiveSettings } from "../../../src/introspective/observation.ts";
import { IntrospectiveWorld, type RealGuest } from "../../support/introspective-world.ts";

/** A host whose guests have answered once. */
function host(names: readonly string[], settings: Partial<IntrospectiveSettings> = {}) {
  const world = new IntrospectiveWorld(settings);
  const guests = names.map((name) => world.guest(name));
  world.startMonitor();
  world.run(2 * world.settings.guest_monitoring_interval * 1000);
  for (const guest of guests) assert.equal(world.stateOf(guest)?.phase, "healthy");
  const first = guests[0] ?? world.guest("nobody");
  return { world, guests, first };
}

function failedPingsOf(world: IntrospectiveWorld, guest: RealGuest, since: number): number {
  return world.pings.filter(({ uuid, at }) => uuid === guest.uuid && at >= since).length;
}

const MINUTES = 60_000;

test("the third failed ping in a row is notified, once, with what Masakari expects", () => {
  const { world, first } = host(["vm"]);
  world.run(10_000);
  const since = world.mono;
  world.hang(first);
  while (world.told.length === 0 && world.mono < since + MINUTES) world.run(100);
  assert.equal(failedPingsOf(world, first, since), 3);
  assert.equal(world.stateOf(first)?.phase, "reported");
  world.run(30 * MINUTES);
  assert.equal(world.told.length, 1);
  const effects = world.log.filter((line) => line.includes("notifying Masakari"));
  assert.equal(effects.length, 1);
});

test("the notification is upstream's, byte for byte, with [DEFAULT] hostname", () => {
  const { world, first } = host(["8a6d1d9e-0000-4000-8000-000000000001"], { hostname: "compute-7" });
  const notified: unknown[] = [];
  world.onDecision = (_, observation, effects) => {
    for (const effect of effects) if (effect.kind === "notify") notified.push({ ...effect, at: observation.at.wall });
  };
  world.hang(first);
  world.run(MINUTES);
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
  test(`threshold ${threshold}${compat ? " with compat" : ""}: failed ping ${pings} is notified`, () => {
    const { world, first } = host(["vm"], { guest_monitoring_failure_threshold: threshold, compat });
    const since = world.mono;
    world.hang(first);
    while (world.told.length === 0 && world.mono < since + 5 * MINUTES) world.run(100);
    assert.equal(failedPingsOf(world, first, since), pings);
  });
}

test("a guest that has never answered is never notified", () => {
  const world = new IntrospectiveWorld();
  const [hung, deaf, none] = [
    world.guest("hung", { hung: true }),
    world.guest("deaf", { open: false }),
    world.guest("none", { channel: false }),
  ];
  world.startMonitor();
  world.run(30 * MINUTES);
  assert.deepEqual(world.told, []);
  for (const guest of [hung, deaf, none]) assert.equal(world.stateOf(guest)?.phase, "discovery");
  // Neither a closed nor a missing channel costs libvirt anything.
  assert.deepEqual(new Set(world.pings.map(({ uuid }) => uuid)), new Set(["hung"]));
});

test("an answer between failed pings begins the count anew", () => {
  const { world, first } = host(["vm"]);
  for (let times = 0; times < 5; times++) {
    world.hang(first);
    while ((world.stateOf(first)?.failures ?? 0) < 2) world.run(100);
    world.hang(first, false);
    world.run(20_000);
    assert.equal(world.stateOf(first)?.phase, "healthy");
  }
  assert.deepEqual(world.told, []);
});

test("a reported guest that answers is taken back, and reported again when it hangs again", () => {
  const { world, first } = host(["vm"]);
  world.hang(first);
  world.run(MINUTES);
  assert.equal(world.standing.size, 1);
  world.hang(first, false);
  world.run(MINUTES);
  assert.equal(world.standing.size, 0);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  world.run(MINUTES);
  assert.equal(world.told.length, 2);
});

test("with compat a guest is reported once until it is started again", () => {
  const { world, first } = host(["vm"], { compat: true });
  const hangAndRecover = () => {
    world.hang(first);
    world.run(3 * MINUTES);
    world.hang(first, false);
    world.run(3 * MINUTES);
  };
  hangAndRecover();
  hangAndRecover();
  assert.equal(world.told.length, 1);
  world.stop(first);
  world.start(first);
  world.run(MINUTES);
  hangAndRecover();
  assert.equal(world.told.length, 2);
});

test("a start leads back to discovery, and what was said before is taken back", () => {
  const { world, first } = host(["vm"]);
  world.hang(first);
  world.run(MINUTES);
  world.stop(first);
  assert.equal(world.standing.size, 0);
  world.start(first);
  // It hangs from its start on: it has to answer first.
  world.hang(first);
  world.run(10 * MINUTES);
  assert.equal(world.told.length, 1);
  assert.equal(world.stateOf(first)?.phase, "discovery");
});

test("a closed channel is warned of at once, and notified after the Python monitor's five failed pings", () => {
  const { world, first } = host(["vm"]);
  const since = world.mono;
  world.channelChanges(first, false);
  assert.match(world.log.at(-1) ?? "", /warning: vm .* closed its channel/);
  while (world.told.length === 0 && world.mono < since + 5 * MINUTES) world.run(100);
  assert.equal(failedPingsOf(world, first, since), 5);
});

test("a closed channel holds up nobody: its pings are not in the lane of the suspected", () => {
  const { world, first } = host(["vm"]);
  world.channelChanges(first, false);
  world.run(25_000);
  assert.equal(world.stateOf(first)?.phase, "error");
  assert.equal(world.stateOf(first)?.suspected, false);
});

test("a guest that opens its channel again has shown life: the count begins anew", () => {
  const { world, first } = host(["vm"]);
  for (let times = 0; times < 5; times++) {
    world.reboot(first, 35_000);
    world.run(36_000);
    // It boots, and is slow to answer.
    world.hang(first);
    world.run(12_000);
    world.hang(first, false);
    world.run(30_000);
  }
  assert.deepEqual(world.told, []);
});

test("agent_disconnected = ignore: a guest whose agent is stopped is not monitored until it answers again", () => {
  const { world, first } = host(["vm"], { agent_disconnected: "ignore" });
  world.channelChanges(first, false);
  world.run(30 * MINUTES);
  assert.deepEqual(world.told, []);
  assert.equal(world.stateOf(first)?.phase, "discovery");
  world.channelChanges(first, true);
  world.run(20_000);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  world.run(MINUTES);
  assert.equal(world.told.length, 1);
});

test("a paused guest is not pinged and not reported; its failures do not outlast the pause", () => {
  const { world, first } = host(["vm"]);
  world.hang(first);
  while ((world.stateOf(first)?.failures ?? 0) < 2) world.run(100);
  world.pause(first, true);
  const pings = world.pings.length;
  world.run(30 * MINUTES);
  assert.equal(world.pings.length, pings);
  world.hang(first, false);
  world.pause(first, false);
  world.hang(first);
  world.run(12_000);
  assert.deepEqual(world.told, []);
  world.run(MINUTES);
  assert.equal(world.told.length, 1);
});

test("a ping that a pause overtakes says nothing", () => {
  const { world, first } = host(["vm"], { guest_monitoring_failure_threshold: 1 });
  world.hang(first);
  while (world.inFlight === 0) world.run(10);
  world.pause(first, true);
  while (world.inFlight > 0) world.run(10);
  assert.equal(world.stateOf(first)?.failures, 0);
  assert.equal(world.examinations.length, 0);
  assert.doesNotMatch(world.log.join("\n"), /failed ping/);
});

test("a guest that is found not to run when it is examined is not reported, though no event told of it", () => {
  const { world, first } = host(["vm"], { guest_monitoring_failure_threshold: 1 });
  world.hang(first);
  while (world.inFlight === 0) world.run(10);
  first.paused = true;
  world.run(10 * MINUTES);
  assert.equal(world.examinations.length, 1);
  assert.deepEqual(world.told, []);
});

test("an examination that a new start overtakes reports nothing", () => {
  const { world, first } = host(["vm"]);
  world.examineMs = 9000;
  world.hang(first);
  while (world.examinations.length === 0) world.run(100);
  world.stop(first);
  world.start(first);
  world.run(10 * MINUTES);
  assert.deepEqual(world.told, []);
  assert.equal(world.stateOf(first)?.phase, "healthy");
});

test("a guest is not pinged while it is examined", () => {
  const { world, first } = host(["vm"], { guest_monitoring_interval: 3 });
  world.examineMs = 9000;
  world.hang(first);
  while (world.examinations.length === 0) world.run(100);
  const pings = world.pings.length;
  world.run(8000);
  assert.equal(world.pings.length, pings);
});

test("the end of a ping that is not the guest's last one means nothing", () => {
  const { world, first } = host(["vm"]);
  world.hang(first);
  while (world.inFlight === 0) world.run(10);
  const before = world.state;
  world.observe({ kind: "pinged", at: world.now(), uuid: first.uuid, run: 1, outcome: "unresponsive", detail: "" });
  assert.deepEqual(world.state.guests, before.guests);
});

test("the pings of guests that have stopped hold their lanes until they end", () => {
  const { world, guests } = host(Array.from({ length: 40 }, (_, index) => `vm-${index * 7919}`));
  for (const guest of guests) world.hang(guest);
  world.run(60_000);
  for (let times = 0; times < 30; times++) {
    world.run(700);
    for (const { uuid, ping } of [...world.state.guests.values()]) {
      const guest = guests.find((one) => one.uuid === uuid);
      if (guest && ping) world.stop(guest);
    }
  }
  assert.ok(world.mostInFlight <= 4, `${world.mostInFlight} in flight`);
  world.run(10 * MINUTES);
  assert.ok(
    [...world.state.guests.values()].every(({ id }) => id !== -1),
    "what is left of a stopped guest stays",
  );
});

test("one lane free: it goes to the guest that is well, however long a suspected one has waited", () => {
  const { world, guests } = host(["a", "b", "c", "d", "e", "f"], { max_agent_commands: 2, max_suspect_commands: 1 });
  for (const guest of guests.slice(0, 5)) world.hang(guest);
  world.run(2 * MINUTES);
  const since = world.mono;
  world.run(5 * MINUTES);
  const late = world.pings.filter(({ uuid, at }) => uuid === "f" && at >= since).map((ping) => ping.late);
  assert.ok(late.length >= 29 && Math.max(...late) === 0, `late by ${late.join(", ")}`);
});

test("guests whose report depends on it are pinged before those that are reported", () => {
  const { world, guests } = host(["a", "b", "c", "d", "e"], { max_suspect_commands: 1 });
  for (const guest of guests.slice(0, 4)) world.hang(guest);
  world.run(5 * MINUTES);
  assert.equal(world.told.length, 4);
  const since = world.mono;
  const last = guests.at(-1);
  assert.ok(last);
  world.hang(last);
  while (world.told.length < 5 && world.mono < since + 10 * MINUTES) world.run(100);
  // Three rounds, each at most one ping of a reported guest later.
  assert.ok(world.mono - since <= 10_000 + 2 * 15_000 + 5000, `told after ${world.mono - since} ms`);
});

test("leave_alone_restarting: a guest that reboots for a long time is watched when it answers again", () => {
  const { world, first } = host(["vm"], { leave_alone_restarting: true });
  world.reboot(first, 10 * MINUTES);
  world.run(9 * MINUTES);
  assert.deepEqual(world.told, []);
  world.run(2 * MINUTES);
  assert.equal(world.stateOf(first)?.phase, "healthy");
});

test("leave_alone_migrating: a guest that is being migrated is reported when that is over", () => {
  const { world, first } = host(["vm"], { leave_alone_migrating: true });
  first.migrating = true;
  world.hang(first);
  world.run(5 * MINUTES);
  assert.deepEqual(world.told, []);
  first.migrating = false;
  world.run(MINUTES);
  assert.equal(world.told.length, 1);
});

test("minimum_uptime: failures of a guest that has just started do not count", () => {
  const { world, first } = host(["vm"], { minimum_uptime: 300 });
  world.stop(first);
  world.start(first);
  world.run(20_000);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  world.run(4 * MINUTES);
  assert.deepEqual(world.told, []);
  world.run(3 * MINUTES);
  assert.equal(world.told.length, 1);
});

test("check_io: a guest that uses its disks is not reported, until it ceases to", () => {
  const { world, first } = host(["vm"], { check_io: true });
  world.hang(first);
  for (let seconds = 0; seconds < 300; seconds++) {
    first.requests++;
    world.run(1000);
  }
  assert.deepEqual(world.told, []);
  world.run(3 * MINUTES);
  assert.equal(world.told.length, 1);
});

test("max_reports: no more within the window, and again after it", () => {
  const { world, first } = host(["vm"], { max_reports: 2, report_window: 3600 });
  const hangAndStartAgain = () => {
    world.hang(first);
    world.run(2 * MINUTES);
    world.stop(first);
    world.start(first);
    world.run(MINUTES);
  };
  for (let times = 0; times < 5; times++) hangAndStartAgain();
  assert.equal(world.told.length, 2);
  assert.ok(world.log.some((line) => /error: .*check it by hand/.test(line)));
  world.run(60 * MINUTES);
  hangAndStartAgain();
  assert.equal(world.told.length, 3);
});

test("what libvirt itself cannot say is no failure of a guest", () => {
  const { world, first } = host(["vm"]);
  world.fate = () => ({ ms: 42_000, outcome: "unknown" });
  world.run(30 * MINUTES);
  assert.deepEqual(world.told, []);
  world.fate = () => undefined;
  world.run(MINUTES);
  assert.equal(world.stateOf(first)?.suspected, false);
});

test("denied agent commands are said once, and are no guest's failure", () => {
  const { world } = host(["one", "two"]);
  world.fate = () => ({ ms: 1, outcome: "denied" });
  world.run(30 * MINUTES);
  assert.deepEqual(world.told, []);
  assert.equal(world.log.filter((line) => line.includes("libvirt denies")).length, 1);
});

test("a monitor that is restarted neither forgets who has answered nor reports again", () => {
  const { world, guests } = host(["one", "two"]);
  const [one, two] = guests;
  assert.ok(one && two);
  world.hang(one);
  world.run(MINUTES);
  world.stopMonitor();
  world.hang(two);
  world.run(MINUTES);
  world.startMonitor();
  world.run(2 * MINUTES);
  assert.deepEqual(
    world.told.map(({ uuid }) => uuid),
    ["one", "two"],
  );
  world.hang(one, false);
  world.run(MINUTES);
  assert.deepEqual([...world.standing.keys()], ["two"]);
});

test("another boot of the host: everything is new, and nothing of before is still said", () => {
  const { world, guests } = host(["one", "two"]);
  for (const guest of guests) world.hang(guest);
  world.run(MINUTES);
  assert.equal(world.standing.size, 2);
  world.stopMonitor();
  world.bootId = "boot-2";
  world.startMonitor();
  assert.equal(world.standing.size, 0);
  world.run(10 * MINUTES);
  assert.equal(world.told.length, 2);
});

test("libvirtd away: nothing is counted; a start that was missed leads to discovery", () => {
  const { world, guests } = host(["one", "two"]);
  const [one, two] = guests;
  assert.ok(one && two);
  world.hang(one);
  while ((world.stateOf(one)?.failures ?? 0) < 2) world.run(100);
  world.disconnect();
  world.stop(two);
  world.start(two);
  world.run(10 * MINUTES);
  world.hang(two);
  world.connect();
  // Rounds before the gap and after it are not in a row.
  world.run(12_000);
  assert.deepEqual(world.told, []);
  world.run(10 * MINUTES);
  assert.deepEqual(
    world.told.map(({ uuid }) => uuid),
    ["one"],
  );
});

test("a guest's XML is read once for each of its starts", () => {
  const { world, guests } = host(["one", "two", "three"]);
  world.run(30 * MINUTES);
  assert.equal(world.looks, 0);
  for (const guest of guests) world.stop(guest);
  for (const guest of guests) world.start(guest);
  world.run(30 * MINUTES);
  assert.equal(world.looks, 3);
});

test("a guest whose channel is given to it while it runs is found", () => {
  const world = new IntrospectiveWorld();
  const guest = world.guest("vm", { channel: false, open: false });
  world.startMonitor();
  world.run(MINUTES);
  guest.channel = true;
  world.channelChanges(guest, true);
  world.run(MINUTES);
  assert.equal(world.stateOf(guest)?.phase, "healthy");
});

test("with compat, max_reports does not make a guest be reported twice", () => {
  const { world, first } = host(["vm"], { compat: true, max_reports: 5 });
  for (let times = 0; times < 3; times++) {
    world.hang(first);
    world.run(3 * MINUTES);
    world.hang(first, false);
    world.run(3 * MINUTES);
  }
  assert.equal(world.told.length, 1);
});
