import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntrospectiveSettings } from "../../../../src/introspective/observation.ts";
import type { RealGuest } from "../../../support/introspective-guest.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const FREEZE = "remoteDispatchDomainFSFreeze";

async function host(
  settings: Partial<IntrospectiveSettings> = {},
): Promise<{ world: IntrospectiveWorld; guest: RealGuest }> {
  const world = new IntrospectiveWorld(settings);
  const guest = world.guest("vm");
  world.startMonitor();
  await world.run(30 * SECOND);
  assert.equal(world.stateOf(guest)?.phase, "healthy");
  return { world, guest };
}

for (const seconds of [31, 150, 3000]) {
  await test(`a command of ${seconds} s with the agent is not held against the guest, and is visible`, async () => {
    const { world, guest } = await host();
    world.occupy(guest, FREEZE);
    await world.run(seconds * SECOND);
    if (seconds > 60) assert.match(world.conditions.get("guest agents") ?? "", /vm .*occupied by .*\(FSFreeze\)/);
    world.occupy(guest, undefined);
    await world.run(5 * MINUTE);
    assert.deepEqual(world.notified, []);
    assert.equal(world.stateOf(guest)?.failures, 0);
    assert.deepEqual([...world.conditions], []);
    const lines = world.log.filter((line) => line.includes("occupied by another client's command (FSFreeze)"));
    if (seconds > 60) assert.equal(lines.length, 2, "one when it is found, one when it is over");
  });
}

test("a guest that hangs right after is notified as ever, once it has answered", async () => {
  const { world, guest } = await host();
  world.occupy(guest, FREEZE);
  await world.run(150 * SECOND);
  world.occupy(guest, undefined);
  await world.run(30 * SECOND);
  world.hang(guest);
  await world.run(2 * MINUTE);
  assert.equal(world.notified.length, 1);
});

test("a guest that hangs with the command is notified after the limit, once", async () => {
  const { world, guest } = await host({ agent_occupied_limit: 600 });
  world.occupy(guest, FREEZE);
  world.hang(guest);
  const since = world.mono;
  while (world.notified.length === 0 && world.mono < since + 60 * MINUTE) await world.run(SECOND);
  const after = (world.mono - since) / SECOND;
  assert.ok(after >= 600 && after < 900, `${after} s`);
  await world.run(60 * MINUTE);
  assert.equal(world.notified.length, 1);
});

test("without a limit it never is; a command that only asks has 300 s at most", async () => {
  for (const [by, limit, notified] of [
    [FREEZE, 0, 0],
    ["qemuDispatchDomainAgentCommand", 0, 0],
    ["remoteDispatchDomainGetGuestInfo", 3600, 1],
    ["remoteDispatchDomainInterfaceAddresses", 3600, 1],
    [FREEZE, 3600, 0],
  ] as const) {
    const { world, guest } = await host({ agent_occupied_limit: limit });
    world.occupy(guest, by);
    world.hang(guest);
    await world.run(15 * MINUTE);
    assert.equal(world.notified.length, notified, `${by}, limit ${limit}`);
  }
});

test("silence that follows is still that command's: libvirt gave up waiting for it, or was restarted, and so was the monitor", async () => {
  for (const cut of ["wait", "libvirt", "monitor"]) {
    const { world, guest } = await host();
    world.occupy(guest, FREEZE);
    await world.run(MINUTE);
    // The agent works on.
    world.hang(guest);
    if (cut === "libvirt") world.disconnect();
    if (cut === "monitor") world.stopMonitor();
    world.occupy(guest, undefined);
    if (cut === "libvirt") world.connect();
    if (cut === "monitor") world.startMonitor();
    await world.run(5 * MINUTE);
    assert.deepEqual(world.notified, [], cut);
    world.hang(guest, false);
    await world.run(MINUTE);
    world.hang(guest);
    await world.run(2 * MINUTE);
    assert.equal(world.notified.length, 1, cut);
  }
});

test("an agent that is restarted amid the command is no longer occupied", async () => {
  const { world, guest } = await host();
  world.occupy(guest, FREEZE);
  await world.run(MINUTE);
  world.occupy(guest, undefined);
  world.channelChanges(guest, false);
  world.channelChanges(guest, true);
  world.hang(guest);
  await world.run(3 * MINUTE);
  assert.equal(world.notified.length, 1);
});

test("what an earlier run left undelivered is not confirmed by an occupied agent", async () => {
  const { world, guest } = await host();
  world.hang(guest);
  await world.run(MINUTE);
  assert.equal(world.notified.length, 1);
  world.stopMonitor();
  world.occupy(guest, FREEZE);
  world.startMonitor();
  await world.run(5 * MINUTE);
  assert.equal(world.caughtUpAt, undefined);
  world.occupy(guest, undefined);
  await world.run(5 * MINUTE);
  assert.notEqual(world.caughtUpAt, undefined);
});
