import assert from "node:assert/strict";
import { test } from "node:test";
import { IntrospectiveRig } from "../support/introspective-rig.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const BOOT_MS = 120_000;
/** The rig's interval and time-out of 1 s, and the 5 s that libvirt's own guest-sync gives each ping after the first. */
const REPORT_MS = 60_000;

await describeWithLibvirtd("introspective monitor and the real guest agent", { linuxGuest: true }, (host) => {
  test("an agent that is stopped is told of once, a whole guest that is stopped as well; before that, never", async (t) => {
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
    const answers = ({ domain }: Guest) => new RegExp(`${domain.uuid}\\): its agent answers; `);
    await Promise.all(guests.map((guest) => monitor.line(answers(guest), BOOT_MS)));

    await frozen.run("kill -STOP $(pidof qemu-ga)");
    await rig.told(frozen.domain.uuid, REPORT_MS);
    assert.equal(rig.toldOf(well.domain.uuid), 0);

    // A guest that hangs later is told later: what was to come of the first is there by then.
    well.signal("SIGSTOP");
    await rig.told(well.domain.uuid, REPORT_MS);
    well.signal("SIGCONT");
    assert.deepEqual(
      guests.map(({ domain }) => rig.toldOf(domain.uuid)),
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
});
