import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd, type Host } from "./libvirt/suite.ts";

const BOOT_MS = 120_000;
const REBOOT = "REBOOT/UNKNOWN";
const SHUTDOWN = "LIFECYCLE/STOPPED_SHUTDOWN";

/**
 * Shuts down or reboots by the agent, until the monitor tells of it. The agent runs `/sbin/shutdown`, which this little Linux
 * does not have and so is given; and it may be gone before it has answered, so that its answer says nothing.
 */
async function byAgent(what: "shutdown" | "reboot", told: string, guest: Guest, host: Host, rig: InstanceRig) {
  const file = '#!/bin/sh\ncase "$*" in *-r*) reboot -f;; esac\npoweroff -f\n';
  const script = `mkdir -p /sbin; printf '${file}' >/sbin/new; chmod 755 /sbin/new; mv /sbin/new /sbin/shutdown`;
  const attempt = async (): Promise<true | undefined> => {
    if (rig.toldOf(guest.domain.uuid).includes(told)) return true;
    await guest.run(script);
    await host.libvirtd.virsh(what, "--mode", "agent", guest.name);
    return undefined;
  };
  await eventually(`${what} by the agent`, BOOT_MS, attempt, 2000);
}

const captures = "agent_killed, reboot_agent, shutdown_agent";

await describeWithLibvirtd("instance monitor and a guest with the real guest agent", { linuxGuest: true }, (host) => {
  test(`${captures}: told as upstream tells them, but for the repeats of the reboot`, async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const guest = await Guest.start(libvirtd, connection, "instance-linux", { system: "linux" });
    const { uuid } = guest.domain;
    await guest.answering(BOOT_MS);
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    await rig.start();

    await guest.run("kill $(pidof qemu-ga)");
    await byAgent("reboot", REBOOT, guest, host(), rig);
    await byAgent("shutdown", SHUTDOWN, guest, host(), rig);

    assert.deepEqual(rig.toldOf(uuid), [REBOOT, SHUTDOWN]);
  });
});
