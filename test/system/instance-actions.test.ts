import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { libvirtCaptures, notificationsOf } from "../support/libvirt-captures.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import type { Libvirtd } from "./libvirt/libvirtd.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

interface Action {
  /** The capture of `test/fixtures/libvirt/captures` that this action is of. */
  readonly name: string;
  readonly options?: GuestOptions;
  readonly act: (guest: Guest, libvirtd: Libvirtd) => void | Promise<void>;
  /** What Masakari is notified of, in order. Default: what the Python monitor notified. */
  readonly notified?: readonly string[];
}

/** The events of one reset or one disk may be seconds apart on a busy machine, and only the first of them is notified. */
const instancemonitor = { collapse_window: 600 } as const;
const FAILED = "LIFECYCLE/STOPPED_FAILED";
const REBOOT = "REBOOT/UNKNOWN";

const watchdog = (action: string): Action => ({
  name: `wd_${action.replace("inject-", "")}`,
  options: { watchdog: action },
  act: (guest) => guest.send("x-watchdog"),
});

const virsh = (...words: string[]): Action["act"] => {
  return async (guest, libvirtd) => void (await libvirtd.virsh(...words, guest.name));
};

const actions: readonly Action[] = [
  { name: "kill9", act: (guest) => guest.signal("SIGKILL") },
  { name: "segv", act: (guest) => guest.signal("SIGSEGV") },
  { name: "term", act: (guest) => guest.signal("SIGTERM") },
  { name: "poweroff_inside", act: (guest) => guest.send("x-poweroff") },
  { name: "destroy", act: (guest) => guest.destroy() },
  { name: "destroy_graceful", act: virsh("destroy", "--graceful") },
  {
    name: "undefine",
    options: { defined: true },
    act: async (guest, libvirtd) => {
      await libvirtd.virsh("destroy", guest.name);
      await libvirtd.virsh("undefine", guest.name);
    },
  },
  { name: "reset", act: virsh("reset") },
  { name: "reboot_inside", act: (guest) => guest.send("x-reset") },
  { name: "reboot_inside_destroy", options: { onReboot: "destroy" }, act: (guest) => guest.send("x-reset") },
  { name: "panic_tiny", act: (guest) => guest.send("x-panic"), notified: [FAILED] },
  watchdog("none"),
  watchdog("reset"),
  watchdog("poweroff"),
  watchdog("pause"),
  watchdog("shutdown"),
  watchdog("inject-nmi"),
  {
    name: "suspend_resume",
    act: async (guest, libvirtd) => {
      await libvirtd.virsh("suspend", guest.name);
      await libvirtd.virsh("resume", guest.name);
    },
  },
  {
    name: "sigstop",
    act: (guest) => {
      guest.signal("SIGSTOP");
      guest.signal("SIGCONT");
    },
  },
];

/** Of `instance-linux.test.ts`: these need a guest that is a Linux. */
const byLinux = [
  ...["agent_killed", "reboot_agent", "shutdown_agent", "shutdown_acpi", "io_enospc"],
  ...["panic_destroy", "panic_preserve"],
];

/** The SeaBIOS of a guest reads its disk after each reset; the server of the disk is killed before that. */
const diskFailures = [
  { name: "io_report", policy: "report", notified: notificationsOf("io_report") },
  // As io_enospc, but for the reason, which is not notified.
  { name: "io_pause", policy: "stop", notified: notificationsOf("io_enospc") },
] as const;

test("each capture's action is done to a real guest", () => {
  const done = [...actions.map(({ name }) => name), "start", "io_report", ...byLinux];
  assert.deepEqual(new Set(done), new Set(libvirtCaptures.map(({ name }) => name)));
});

await describeWithLibvirtd("instance monitor, each action done to a real guest", {}, (host) => {
  for (const { name, options = {}, act, notified = notificationsOf(name) } of actions) {
    test(`${name}: ${notified.join(", ") || "nothing is notified"}`, async (t) => {
      const { libvirtd } = host();
      const connection = await host().connect(t);
      const rig = await InstanceRig.create(t, { uri: libvirtd.uri, instancemonitor });
      const uuid = randomUUID();
      const guest = await Guest.start(libvirtd, connection, `instance-${name.replace("_", "-")}`, { ...options, uuid });
      const fence = await Guest.start(libvirtd, connection, `fence-${name.replace("_", "-")}`, { agent: "bare" });
      t.after(async () => void (await guest.destroy().catch(() => undefined)));
      await guest.answering();
      await rig.start();

      await act(guest, libvirtd);
      const last = notified.at(-1);
      if (last !== undefined) await rig.untilNotified(uuid, last);
      // A guest that dies later is notified later: what was to come of the first one is there by then.
      fence.signal("SIGKILL");
      await rig.untilNotified(fence.domain.uuid, FAILED);

      assert.deepEqual(rig.notificationsOf(uuid), notified);
    });
  }

  test("start: nothing is notified", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
    await rig.start();

    const guest = await Guest.start(libvirtd, connection, "instance-start");
    await guest.answering();
    await guest.define();
    guest.signal("SIGKILL");
    await rig.untilNotified(guest.domain.uuid, FAILED);
    await libvirtd.virsh("start", guest.name);
    await guest.answering();
    guest.signal("SIGKILL");
    await eventually("the second", 60_000, () => (rig.posted.length >= 2 ? true : undefined));

    assert.deepEqual(rig.notificationsOf(guest.domain.uuid), [FAILED, FAILED]);
    assert.deepEqual(notificationsOf("start"), []);
  });

  for (const { name, policy, notified } of diskFailures) {
    test(`${name}: ${notified.join(", ")}`, async (t) => {
      const { libvirtd } = host();
      const connection = await host().connect(t);
      const image = join(libvirtd.folder, `${name}.img`);
      const socket = join(libvirtd.folder, `${name}.nbd`);
      await writeFile(image, Buffer.alloc(1024 * 1024));
      // An export without a name would make libvirt drop the event.
      const disk = new Child("qemu-nbd", ["--persistent", "-f", "raw", "-k", socket, "-x", "disk0", image]);
      t.after(() => disk.stop("SIGKILL"));
      await eventually("the disk's server", 60_000, () => (existsSync(socket) ? true : undefined));
      const devices = `<disk type='network' device='disk'>
        <driver name='qemu' type='raw' cache='none' error_policy='${policy}' rerror_policy='${policy}'/>
        <source protocol='nbd' name='disk0'><host transport='unix' socket='${socket}'/></source>
        <target dev='vda' bus='virtio'/>
      </disk>`;
      const guest = await Guest.start(libvirtd, connection, `instance-${name.replace("_", "-")}`, {
        agent: "bare",
        devices,
      });
      t.after(async () => void (await guest.destroy().catch(() => undefined)));
      const rig = await InstanceRig.create(t, { uri: libvirtd.uri, instancemonitor });
      await rig.start();

      await disk.stop("SIGKILL");
      await libvirtd.virsh("reset", guest.name);

      await rig.untilNotified(guest.domain.uuid, notified[notified.length - 1] ?? "");
      const ofTheDisk = rig.notificationsOf(guest.domain.uuid).filter((one) => one !== REBOOT);
      assert.deepEqual(ofTheDisk, notified);
    });
  }
});
