import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DomainEvent } from "../../src/libvirt/mod.ts";
import { eventually } from "../support/eventually.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { notificationsOf } from "../support/libvirt-captures.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import { describeWithLibvirtd, type Host, Seen } from "./libvirt/suite.ts";

const BOOT_MS = 120_000;
/** virConnectDomainEventAgentLifecycleState */
const AGENT_CONNECTED = 1;
const AGENT_DISCONNECTED = 2;
const REBOOT = "REBOOT/UNKNOWN";
const SHUTDOWN = "LIFECYCLE/STOPPED_SHUTDOWN";
const DESTROYED = "LIFECYCLE/STOPPED_DESTROYED";
const FAILED = "LIFECYCLE/STOPPED_FAILED";

/**
 * Shuts down or reboots by the agent, until the monitor notifies it. The agent runs `/sbin/shutdown`, which this little Linux
 * does not have and so is given; and it may be gone before it has answered, so that its reply means nothing.
 */
async function byAgent(what: "shutdown" | "reboot", notified: string, guest: Guest, host: Host, rig: InstanceRig) {
  const file = '#!/bin/sh\ncase "$*" in *-r*) reboot -f;; esac\npoweroff -f\n';
  const script = `mkdir -p /sbin; printf '${file}' >/sbin/new; chmod 755 /sbin/new; mv /sbin/new /sbin/shutdown`;
  const attempt = async (): Promise<true | undefined> => {
    if (rig.notificationsOf(guest.domain.uuid).includes(notified)) return true;
    await guest.run(script);
    await host.libvirtd.virsh(what, "--mode", "agent", guest.name);
    return undefined;
  };
  await eventually(`${what} by the agent`, BOOT_MS, attempt, 2000);
}

/** A disk that begins small in a file system that is smaller. No error policy, as Nova: QEMU's own pauses at ENOSPC. */
const FULL = "/var/lib/libvirt/full";
const diskOnFull = `<disk type='file' device='disk'>
  <driver name='qemu' type='qcow2' cache='none'/>
  <source file='${FULL}/disk.qcow2'/>
  <target dev='vda' bus='virtio'/>
</disk>`;

await describeWithLibvirtd("instance monitor and a guest with the real guest agent", { linuxGuest: true }, (host) => {
  async function linux(t: TestContext, name: string, options: GuestOptions = {}): Promise<Guest> {
    const { libvirtd } = host();
    const guest = await Guest.start(libvirtd, await host().connect(t), name, { ...options, system: "linux" });
    t.after(async () => void (await guest.destroy().catch(() => undefined)));
    return await guest.answering(BOOT_MS);
  }

  const byAgentOnly = ["agent_killed", "reboot_agent", "shutdown_agent"] as const;
  test(`${byAgentOnly.join(", ")}: notified as the Python monitor notified them`, async (t) => {
    const guest = await linux(t, "instance-agent");
    const { uuid } = guest.domain;
    // The events of one reboot may be seconds apart on a busy machine.
    const rig = await InstanceRig.create(t, {
      uri: host().libvirtd.uri,
      instancemonitor: { collapse_window: 600 },
    });
    await rig.start();

    // Not amid a command: libvirt now and then takes that for an error of the channel, and speaks no more to the next agent.
    const channel = new Seen<DomainEvent>();
    await (await host().connect(t)).registerEvents(["agentLifecycle"], channel.push);
    await guest.run("(sleep 1; kill $(pidof qemu-ga)) >/dev/null 2>&1 &");
    for (const state of [AGENT_DISCONNECTED, AGENT_CONNECTED]) {
      await channel.first((event) => event.kind === "agentLifecycle" && event.state === state);
    }
    await byAgent("reboot", REBOOT, guest, host(), rig);
    await byAgent("shutdown", SHUTDOWN, guest, host(), rig);

    assert.deepEqual(rig.notificationsOf(uuid), byAgentOnly.flatMap(notificationsOf));
  });

  test("io_enospc, and on after there is space again; shutdown_acpi: notified as the Python monitor notified them", async (t) => {
    const { libvirtd } = host();
    const mount = `mkdir ${FULL} && mount -t tmpfs -o size=1m tmpfs ${FULL}`;
    await libvirtd.inside("sh", "-c", `${mount} && qemu-img create -q -f qcow2 ${FULL}/disk.qcow2 16M`);
    const guest = await linux(t, "instance-disk", { devices: diskOnFull });
    const { uuid } = guest.domain;
    // Each of the disk's requests that are under way fails, perhaps late on a busy machine.
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri, instancemonitor: { collapse_window: 600 } });
    const monitor = await rig.start();

    await guest.run("dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync && echo written >/dev/ttyS0");
    await rig.untilNotified(uuid, "LIFECYCLE/SUSPENDED_IOERROR");
    await libvirtd.inside("mount", "-o", "remount,size=64m", FULL);
    await libvirtd.virsh("resume", guest.name);
    const console = (): Promise<string> => libvirtd.inside("cat", `/var/log/libvirt/${guest.name}.console`);
    await eventually("the write to end", BOOT_MS, async () =>
      (await console()).includes("written") ? true : undefined,
    );
    await libvirtd.virsh("shutdown", "--mode", "acpi", guest.name);
    await rig.untilNotified(uuid, SHUTDOWN, BOOT_MS);

    assert.deepEqual(rig.notificationsOf(uuid), [...notificationsOf("io_enospc"), ...notificationsOf("shutdown_acpi")]);
    assert.equal(monitor.running, true);
  });

  test("panic_destroy, panic_preserve: a kernel panic is a failure, notified once; the Python monitor notified none", async (t) => {
    const onCrash = ["destroy", "preserve"] as const;
    const guests = await Promise.all(onCrash.map((action) => linux(t, `instance-${action}`, { onCrash: action })));
    const [destroyed, preserved] = guests.map(({ domain }) => domain.uuid) as [string, string];
    const rig = await InstanceRig.create(t, { uri: host().libvirtd.uri });
    await rig.start();

    await Promise.all(guests.map((guest) => guest.run("echo c >/proc/sysrq-trigger")));

    await Promise.all([destroyed, preserved].map((uuid) => rig.untilNotified(uuid, FAILED, BOOT_MS)));
    // What was to come of the panics is there by then.
    await guests[1]?.destroy();
    await rig.untilNotified(preserved, DESTROYED);
    assert.deepEqual(
      [destroyed, preserved].map((uuid) => rig.notificationsOf(uuid)),
      [[FAILED], [FAILED, DESTROYED]],
    );
  });
});
