import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const GUESTS = 100;
const FAILED = "LIFECYCLE/STOPPED_FAILED";

await describeWithLibvirtd("instance monitor, a crowd of real guests", {}, (host) => {
  test(`${GUESTS} guests are killed at once while the API takes a second for each: all are notified, once`, async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const guests: Guest[] = [];
    for (let made = 0; made < GUESTS; made++) {
      guests.push(await Guest.start(libvirtd, connection, `crowd-${made}`, { agent: "bare" }));
    }
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri, delayMs: 1000 });
    const monitor = await rig.start();
    const pids = guests.map((guest) => guest.pid);

    for (const pid of pids) process.kill(pid, "SIGKILL");

    await eventually("all to be notified", 120_000, () => (rig.posted.length >= GUESTS ? true : undefined));
    for (const guest of guests) assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [FAILED], guest.name);
    assert.equal(rig.posted.length, GUESTS);
    assert.equal(monitor.running, true);
    // `[notifications] max_in_flight`, and not a connection for each.
    assert.ok(rig.mostAtOnce > 1 && rig.mostAtOnce <= 8, `${rig.mostAtOnce} at once`);
  });
});
