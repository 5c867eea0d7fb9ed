import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestSeen } from "../../../../src/introspective/observation.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

const MINUTE = 60_000;
const PATH = "/var/lib/libvirt/qemu/channel/target/domain-1-vm/org.qemu.guest_agent.0";

function seen(uuid: string, more: Partial<GuestSeen> = {}): GuestSeen {
  return { uuid, name: uuid, id: 1, running: true, agent: "connected", ...more };
}

function surveyed(world: IntrospectiveWorld, ...guests: readonly GuestSeen[]): void {
  world.observe({ kind: "surveyed", at: world.now(), guests });
}

function started(): IntrospectiveWorld {
  const world = new IntrospectiveWorld();
  world.startMonitor();
  return world;
}

const linesOf = (world: IntrospectiveWorld, pattern: RegExp): number =>
  world.log.filter((line) => pattern.test(line)).length;

test("a pattern that matches none of the guests that have channels is a condition and one warning", () => {
  const world = started();
  const unmatched = ["a", "b"].map((uuid) => seen(uuid, { agent: "none", unmatched: PATH }));
  surveyed(world, ...unmatched, seen("c", { agent: "none" }));
  assert.match(world.conditions.get("agent pattern") ?? "", /qemu_guest_agent_sock_path.*domain-1-vm/);
  surveyed(world, ...unmatched, seen("c", { agent: "none" }));
  assert.equal(linesOf(world, /warning: no guest is monitored: .*qemu_guest_agent_sock_path/), 1);
  surveyed(world, ...unmatched, seen("c"));
  assert.deepEqual([...world.conditions], []);
  assert.equal(linesOf(world, /watching 1 guest .* of 3 .*; 2 have channels/), 1);
});

test("guests without any channel, and no guests, are no fault of the pattern's", () => {
  const world = started();
  surveyed(world);
  surveyed(world, seen("a", { agent: "none" }), seen("b", { agent: "none" }));
  assert.deepEqual([...world.conditions], []);
});

test("one guest's bad XML concerns that guest only, is visible, and is looked at again", async () => {
  const world = started();
  const [bad, good] = [world.guest("bad"), world.guest("good")];
  surveyed(world, seen("bad", { agent: "none", fault: "it is not XML" }), seen("good"));
  assert.match(world.conditions.get("guest XML") ?? "", /bad .*it is not XML/);
  assert.equal(linesOf(world, /warning: bad .*it is not XML; it is not monitored/), 1);
  await world.run(30_000);
  assert.equal(world.stateOf(good)?.phase, "healthy");
  assert.equal(world.stateOf(bad)?.agent, "none");
  await world.run(MINUTE);
  assert.deepEqual([...world.conditions], []);
  assert.equal(world.stateOf(bad)?.phase, "healthy");
});

test("a guest that was monitored is so as before while its XML is unreadable", async () => {
  const world = new IntrospectiveWorld();
  const guest = world.guest("vm");
  world.startMonitor();
  await world.run(30_000);
  surveyed(world, seen("vm", { id: guest.id, agent: "none", fault: "it is not XML" }));
  world.hang(guest);
  await world.run(2 * MINUTE);
  assert.equal(world.notified.length, 1);
});

test("many guests are counted, not listed", () => {
  const world = started();
  surveyed(world, ...Array.from({ length: 500 }, (_, index) => seen(`vm-${index}`, { agent: "none", fault: "no" })));
  const problem = world.conditions.get("guest XML") ?? "";
  assert.match(problem, /and 497 more$/);
  assert.ok(problem.length < 500);
});

test("that libvirt denies agent commands is a condition until it does not", async () => {
  const world = new IntrospectiveWorld();
  world.guest("vm");
  world.fate = () => ({ ms: 1, outcome: "denied" });
  world.startMonitor();
  await world.run(MINUTE);
  assert.match(world.conditions.get("guest agents") ?? "", /vm .*denies/);
  world.fate = () => undefined;
  await world.run(MINUTE);
  assert.deepEqual([...world.conditions], []);
});

test("that libvirt does not report whether a guest answers is visible", async () => {
  const world = new IntrospectiveWorld();
  world.guest("vm");
  world.startMonitor();
  await world.run(MINUTE);
  world.fate = () => ({ ms: 1, outcome: "unknown" });
  await world.run(5 * MINUTE);
  assert.match(world.conditions.get("guest agents") ?? "", /vm .*does not report/);
  assert.equal(linesOf(world, /warning: vm .*does not report whether its agent answers/), 1);
  assert.deepEqual(world.notified, []);
  world.fate = () => undefined;
  await world.run(2 * MINUTE);
  assert.deepEqual([...world.conditions], []);
});

test("an agent that is connected and has never answered is reported once", async () => {
  const world = new IntrospectiveWorld();
  world.guest("vm", { hung: true });
  world.startMonitor();
  await world.run(10 * MINUTE);
  assert.equal(linesOf(world, /warning: vm .*does not answer; the guest is not monitored/), 1);
});
