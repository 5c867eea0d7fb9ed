import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntrospectiveSettings } from "../../../../src/introspective/observation.ts";
import { restoreState } from "../../../../src/introspective/saved-state.ts";
import type { RealGuest } from "../../../support/introspective-guest.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

const MINUTES = 60_000;

/** Guests that have answered once, on a host where suspected ones are given 2 s. */
async function host(names: readonly string[], settings: Partial<IntrospectiveSettings> = {}) {
  const world = new IntrospectiveWorld({ suspect_response_timeout: 2, ...settings });
  const guests = names.map((name) => world.guest(name));
  world.startMonitor();
  await world.run(20_000);
  const first = guests[0] ?? world.guest("nobody");
  return { world, guests, first };
}

async function untilFailed(world: IntrospectiveWorld, guest: RealGuest, failures: number): Promise<void> {
  const since = world.mono;
  while ((world.stateOf(guest)?.failures ?? 0) < failures && world.mono < since + 5 * MINUTES) await world.run(10);
  await world.run(10);
}

function restart(world: IntrospectiveWorld, guest: RealGuest): void {
  world.stop(guest);
  world.start(guest);
}

const shortened = (world: IntrospectiveWorld): readonly string[] => [...world.state.shortTimeouts.keys()];

test("off by default: nothing of libvirt's is touched", async () => {
  const { world, first } = await host(["vm"], { suspect_response_timeout: 0 });
  world.hang(first);
  await world.run(5 * MINUTES);
  assert.equal(world.notified.length, 1);
  assert.equal(world.shortened, 0);
});

test("short from the first failed ping until the report, and no longer", async () => {
  const { world, guests, first } = await host(["vm", "well"]);
  world.hang(first);
  await untilFailed(world, first, 1);
  assert.equal(first.responseTimeout, 2);
  assert.equal(guests[1]?.responseTimeout, undefined);
  while (world.notified.length === 0) await world.run(10);
  await world.run(10);
  assert.equal(first.responseTimeout, undefined);
  assert.deepEqual(shortened(world), []);
  await world.run(30 * MINUTES);
  assert.equal(world.shortened, 1);
});

for (const [what, happens] of [
  ["answers again", (world: IntrospectiveWorld, guest: RealGuest) => world.hang(guest, false)],
  ["is paused", (world: IntrospectiveWorld, guest: RealGuest) => world.pause(guest, true)],
  [
    "stops: libvirt would keep it for its next start",
    (world: IntrospectiveWorld, guest: RealGuest) => world.stop(guest),
  ],
  ["is started again", restart],
  ["closes its channel", (world: IntrospectiveWorld, guest: RealGuest) => world.channelChanges(guest, false)],
  ["is watched with the option off", (world: IntrospectiveWorld) => world.reload({ suspect_response_timeout: 0 })],
] as const) {
  await test(`reset when the guest ${what}`, async () => {
    const { world, first } = await host(["vm"]);
    world.hang(first);
    await untilFailed(world, first, 2);
    assert.equal(first.responseTimeout, 2);
    happens(world, first);
    await world.run(15_000);
    assert.equal(first.responseTimeout, undefined);
    assert.deepEqual(shortened(world), []);
  });
}

test("reset by the next run after a kill, whatever has become of the guest", async () => {
  const { world, guests } = await host(["hung", "stopped", "gone"]);
  for (const guest of guests) world.hang(guest);
  for (const guest of guests) await untilFailed(world, guest, 1);
  assert.deepEqual(
    guests.map(({ responseTimeout }) => responseTimeout),
    [2, 2, 2],
  );
  world.stopMonitor();
  const [, stopped, gone] = guests;
  assert.ok(stopped && gone);
  world.stop(stopped);
  world.stop(gone);
  world.guests.delete(gone.uuid);
  world.startMonitor();
  await world.run(10);
  assert.deepEqual(
    guests.slice(0, 2).map(({ responseTimeout }) => responseTimeout),
    [undefined, undefined],
  );
  assert.deepEqual(shortened(world), []);
});

test("libvirtd away while it is short: reset once it is there again", async () => {
  const { world, first } = await host(["vm"]);
  world.hang(first);
  await untilFailed(world, first, 1);
  world.disconnect();
  await world.run(10 * MINUTES);
  assert.equal(first.responseTimeout, 2);
  world.hang(first, false);
  world.connect();
  await world.run(10);
  assert.equal(first.responseTimeout, undefined);
});

test("libvirtd lost in the middle of shortening, and of the reset: reset once it is there again", async () => {
  const { world, first } = await host(["vm"]);
  const underWay = () => world.state.shortTimeouts.get(first.uuid)?.isBeingSet === true;
  const until = async (holds: () => boolean) => {
    for (const since = world.mono; !holds() && world.mono < since + MINUTES; ) await world.run(1);
    assert.ok(holds());
  };
  world.settingMs = 1000;
  world.hang(first);
  await until(underWay);
  world.disconnect();
  await world.run(5000);
  assert.equal(first.responseTimeout, 2);
  world.connect();
  await until(underWay);
  world.disconnect();
  first.responseTimeout = 2;
  world.connect();
  await until(() => first.responseTimeout === undefined);
  await until(() => shortened(world).length === 0);
});

test("no more than two are set at the same time: pings share the connection", async () => {
  const { world, guests } = await host(Array.from({ length: 20 }, (_, index) => `vm-${index}`));
  let most = 0;
  world.onDecision = () => {
    const underWay = [...world.state.shortTimeouts.values()].filter(({ isBeingSet }) => isBeingSet);
    most = Math.max(most, underWay.length);
  };
  for (const guest of guests) world.hang(guest);
  while (guests.some(({ responseTimeout }) => responseTimeout === undefined) && world.mono < MINUTES)
    await world.run(100);
  world.stopMonitor();
  world.settingMs = 500;
  world.startMonitor();
  await world.run(20_000);
  assert.equal(most, 2);
});

test("a libvirt that refuses is warned of once, and the guest is reported all the same", async () => {
  const { world, guests } = await host(["one", "two"]);
  world.settingFate = () => ({ done: false, outcome: "refused" });
  for (const guest of guests) world.hang(guest);
  await world.run(5 * MINUTES);
  assert.equal(world.notified.length, 2);
  assert.equal(world.log.filter((line) => /warning: libvirt refuses to set response time-outs/.test(line)).length, 1);
  assert.deepEqual(shortened(world), []);
});

test("no response whether it is short: it is reset as if it were", async () => {
  const { world, first } = await host(["vm"]);
  world.settingFate = () => ({ done: true, outcome: "unknown" });
  world.hang(first);
  await untilFailed(world, first, 1);
  assert.equal(first.responseTimeout, 2);
  world.settingFate = () => undefined;
  world.hang(first, false);
  await world.run(15_000);
  assert.equal(first.responseTimeout, undefined);
});

test("putting back that fails is tried again each minute, and how to do it by hand is logged once", async () => {
  const { world, first } = await host(["vm"]);
  world.hang(first);
  await untilFailed(world, first, 1);
  world.settingFate = () => ({ done: false, outcome: "refused" });
  world.hang(first, false);
  await world.run(10 * MINUTES);
  assert.equal(first.responseTimeout, 2);
  const advice = world.log.filter((line) => line.includes("virsh guest-agent-timeout vm --timeout -2"));
  assert.equal(advice.length, 1);
  world.settingFate = () => undefined;
  await world.run(MINUTES);
  assert.equal(first.responseTimeout, undefined);
  assert.deepEqual(shortened(world), []);
});

test("a guest whose agent is at somebody else's command keeps libvirt's own time", async () => {
  const { world, first } = await host(["vm"]);
  world.reload({ agent_occupied_limit: 1 });
  world.fate = () => ({ ms: 30_000, outcome: "occupied" });
  while (world.notified.length === 0 && world.mono < 10 * MINUTES) await world.run(100);
  assert.equal(world.notified.length, 1);
  assert.equal(world.shortened, 0);
  assert.equal(first.responseTimeout, undefined);
});

test("never short: a guest that has never answered, and one that has just started", async () => {
  const world = new IntrospectiveWorld({ suspect_response_timeout: 1, minimum_uptime: 600 });
  const never = world.guest("never", { hung: true });
  const young = world.guest("young");
  world.startMonitor();
  await world.run(20_000);
  world.stop(young);
  world.start(young);
  await world.run(20_000);
  world.hang(young);
  await world.run(5 * MINUTES);
  assert.equal(world.stateOf(young)?.suspected, true);
  assert.equal(world.stateOf(never)?.suspected, true);
  assert.equal(world.shortened, 0);
});

test("another boot of the host: libvirt has forgotten it too", async () => {
  const { world, first } = await host(["vm"]);
  world.hang(first);
  await untilFailed(world, first, 1);
  world.stopMonitor();
  world.bootId = "boot-2";
  world.startMonitor(false);
  assert.deepEqual(shortened(world), []);
});

test("the state that an earlier version has saved is read, and one that is not of the shape refused", () => {
  const earlier = { version: 1, bootId: "boot", guests: [], reports: [] };
  const restored = (rest: unknown) => restoreState({ rest, maps: {} });
  assert.equal(restored(earlier)?.bootId, "boot");
  assert.equal(restored({ ...earlier, shortTimeouts: {} }), undefined);
  assert.equal(restored({ ...earlier, reports: {} }), undefined);
  const problems: string[] = [];
  const good = { uuid: "b", name: "b", id: 1, phase: "reported", suspected: true, told: true, startedAt: null };
  const maps = {
    guests: new Map<string, unknown>([
      ["a", { ...good, phase: "dead" }],
      ["b", good],
    ]),
    reports: new Map([["a", ["soon"]]]),
    shortTimeouts: new Map([["a", 7]]),
  };
  const state = restoreState({ rest: { version: 2, bootId: "boot" }, maps }, (problem) => problems.push(problem));
  assert.deepEqual(
    [...(state?.guests.values() ?? [])].map(({ uuid, phase }) => [uuid, phase]),
    [["b", "reported"]],
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(": ").slice(0, 2).join(": ")),
    ["guests/a: phase", "reports/a: 0"],
  );
  assert.ok(
    state?.shortTimeouts.has("a"),
    "a time-out that may be short is reset, whatever else is known of the guest",
  );
});
