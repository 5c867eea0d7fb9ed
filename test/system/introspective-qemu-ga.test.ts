import assert from "node:assert/strict";
import { test } from "node:test";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const BOOT_MS = 120_000;
/** The rig's interval and time-out of 1 s, and the 5 s that libvirt's own guest-sync gives each ping after the first. */
const REPORT_MS = 120_000;
/** libvirt replies only after 30 s who holds an agent. */
const FREEZE_S = 45;

await describeWithLibvirtd("introspective monitor and the real guest agent", { linuxGuest: true }, (host) => {
  test("a stopped agent is notified once, a stopped guest too, and neither before it stopped", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const guests = await Promise.all(
      ["instance-00000001", "instance-00000002"].map((name) =>
        Guest.start(libvirtd, connection, name, { system: "linux" }),
      ),
    );
    const [frozen, well] = guests as [Guest, Guest];
    await Promise.all(guests.map((guest) => guest.answering(BOOT_MS)));
    const rig = await IntrospectiveRig.create(t, libvirtd.uri);
    const monitor = await rig.start();
    const answersLine = ({ domain }: Guest) => new RegExp(`${domain.uuid}\\): its agent answers; `);
    await Promise.all(guests.map((guest) => monitor.line(answersLine(guest), BOOT_MS)));

    await frozen.run("kill -STOP $(pidof qemu-ga)");
    await rig.untilNotified(frozen.domain.uuid, REPORT_MS);
    assert.equal(rig.notificationCount(well.domain.uuid), 0);

    // A guest that hangs later is notified later: what was to come of the first is there by then.
    well.signal("SIGSTOP");
    await rig.untilNotified(well.domain.uuid, REPORT_MS);
    well.signal("SIGCONT");
    assert.deepEqual(
      guests.map(({ domain }) => rig.notificationCount(domain.uuid)),
      [1, 1],
    );
    const { type, hostname, payload } = rig.posted[0]?.notification ?? {};
    assert.deepEqual(
      { type, hostname, payload },
      {
        type: "VM",
        hostname: "compute1",
        payload: {
          event: "QEMU_GUEST_AGENT_ERROR",
          instance_uuid: frozen.domain.uuid,
          vir_domain_event: "STOPPED_FAILED",
        },
      },
    );
  });

  test("an agent that is at a long freeze, or refuses guest-ping, is not notified; when it really hangs it is", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const start = (name: string, words: string): Promise<Guest> =>
      Guest.start(libvirtd, connection, name, { system: "linux", words });
    const guests = await Promise.all([
      start("instance-00000003", `agent.freeze=${FREEZE_S}`),
      start("instance-00000004", "agent.options=--block-rpcs=guest-ping"),
    ]);
    const [freezing, refusing] = guests as [Guest, Guest];
    // A single ping that is wrongly held against its guest is notified; a busy machine's emulated Linux takes more than a second for one.
    const rig = await IntrospectiveRig.create(t, libvirtd.uri, {
      guest_monitoring_failure_threshold: 1,
      guest_monitoring_timeout: 10,
    });
    const monitor = await rig.start();
    await monitor.line(new RegExp(`${freezing.domain.uuid}\\): its agent answers; `), BOOT_MS);
    await monitor.line(new RegExp(`${refusing.domain.uuid}\\): its agent answers, with an error`), BOOT_MS);

    const frozen = libvirtd.virsh("domfsfreeze", freezing.name);
    await monitor.line(/occupied by another client's command \(FSFreeze\): whether/, REPORT_MS);
    assert.match(await rig.status(), /degraded.*instance-00000003.*occupied by another client's command \(FSFreeze\)/s);
    await frozen;
    await monitor.line(/was occupied by another client's command \(FSFreeze\) for \d+ s, and answers/, REPORT_MS);
    assert.doesNotMatch(await rig.status(), /occupied/);
    assert.deepEqual(
      guests.map(({ domain }) => rig.notificationCount(domain.uuid)),
      [0, 0],
    );

    await libvirtd.virsh("domfsthaw", freezing.name);
    freezing.signal("SIGSTOP");
    refusing.signal("SIGSTOP");
    await Promise.all(guests.map(({ domain }) => rig.untilNotified(domain.uuid, REPORT_MS)));
  });
});
