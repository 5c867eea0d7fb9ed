import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Connection } from "../../src/libvirt/mod.ts";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import type { Libvirtd } from "./libvirt/libvirtd.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

const FAILED = "LIFECYCLE/STOPPED_FAILED";
const DESTROYED = "LIFECYCLE/STOPPED_DESTROYED";
const REBOOT = "REBOOT/UNKNOWN";

interface GuestAction {
  readonly options?: GuestOptions;
  readonly act: (guest: Guest, virsh: Libvirtd["virsh"], libvirtd: Libvirtd) => unknown;
  /** What Masakari is notified of it. */
  readonly notified: readonly string[];
  /** It runs afterwards, so that its death is one. */
  readonly lives: boolean;
  /** Not beside the others, which make every step of libvirtd's long. */
  readonly alone?: boolean;
}

const diskNamed = (name: string): string => `<disk type='file' device='disk'>
  <driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/${name}.qcow2'/><target dev='hda' bus='ide'/>
</disk>`;

/** What owners, operators and Nova do to guests, beyond the captures; upstream's table has what is notified. */
const actions: Readonly<Record<string, GuestAction>> = {
  "saved by Nova's suspend, and resumed": {
    act: async ({ name }, virsh) => {
      await virsh("managedsave", name);
      await virsh("start", name);
    },
    notified: [],
    lives: true,
  },
  "saved to a file, and restored": {
    act: async ({ name }, virsh, { folder }) => {
      await virsh("save", name, join(folder, `${name}.save`));
      await virsh("restore", join(folder, `${name}.save`));
    },
    notified: [],
    lives: true,
  },
  "a snapshot, reverted to while it runs and while it is off": {
    options: { devices: diskNamed("reverted") },
    act: async ({ name }, virsh) => {
      await virsh("snapshot-create-as", name, "one");
      await virsh("snapshot-revert", name, "one");
      await virsh("destroy", name);
      await virsh("snapshot-revert", name, "one");
    },
    notified: [DESTROYED],
    lives: true,
  },
  "a snapshot of its memory and disk in files": {
    options: { devices: diskNamed("backed-up") },
    act: async ({ name }, virsh, { folder }) => {
      const files = [
        "--memspec",
        join(folder, `${name}.memory`),
        "--diskspec",
        "hda,file=/var/lib/libvirt/overlay.qcow2",
      ];
      await virsh("snapshot-create-as", name, "one", ...files);
    },
    notified: [],
    lives: true,
  },
  "dumped while it runs": {
    act: async ({ name }, virsh, { folder }) => {
      await virsh("dump", "--live", "--memory-only", name, join(folder, `${name}.core`));
    },
    notified: [],
    lives: true,
  },
  "dumped, and ended by that": {
    act: async ({ name }, virsh, { folder }) => {
      await virsh("dump", "--crash", "--memory-only", name, join(folder, `${name}.core`));
    },
    notified: [],
    lives: false,
    // A look at all guests that comes between its end and the event takes it for a crash, as for any monitor that was away.
    alone: true,
  },
  "Nova's hard reboot": {
    act: async ({ name }, virsh, { folder }) => {
      await virsh("destroy", name);
      await virsh("undefine", name);
      await virsh("define", join(folder, `${name}.xml`));
      await virsh("start", name);
    },
    notified: [DESTROYED],
    lives: true,
  },
  "renamed, and started again": {
    act: async ({ name }, virsh) => {
      await virsh("destroy", name);
      await virsh("domrename", name, `${name}-renamed`);
      await virsh("start", `${name}-renamed`);
    },
    notified: [DESTROYED],
    lives: true,
  },
  "undefined while it runs": {
    act: async ({ name }, virsh) => await virsh("undefine", name),
    notified: [],
    lives: true,
  },
  "started again without its disk, in vain": {
    options: { devices: diskNamed("lost") },
    act: async ({ name }, virsh, libvirtd) => {
      await virsh("destroy", name);
      await libvirtd.inside("rm", "/var/lib/libvirt/lost.qcow2");
      await assert.rejects(virsh("start", name), /lost\.qcow2/);
    },
    notified: [DESTROYED],
    lives: false,
  },
  "its processor gives up": { act: (guest) => guest.send("x-triple"), notified: [REBOOT], lives: true },
  "restarted at its power-off": {
    options: { onPoweroff: "restart" },
    act: (guest) => guest.send("x-poweroff"),
    notified: [REBOOT],
    lives: true,
  },
  "panicked, and restarted by libvirt": {
    options: { onCrash: "restart" },
    act: (guest) => guest.send("x-panic"),
    notified: [REBOOT],
    lives: true,
  },
  "panicked, dumped, and restarted by libvirt": {
    options: { onCrash: "coredump-restart" },
    act: (guest) => guest.send("x-panic"),
    notified: [REBOOT],
    lives: true,
  },
  "panicked, and dumped": {
    options: { onCrash: "coredump-destroy" },
    act: (guest) => guest.send("x-panic"),
    notified: [FAILED],
    lives: false,
  },
};

await describeWithLibvirtd("instance monitor, what else happens to guests", {}, (host) => {
  async function happen(
    name: string,
    { options, act, notified, lives }: GuestAction,
    connection: Connection,
    rig: InstanceRig,
  ) {
    const { libvirtd } = host();
    const guest = await Guest.start(libvirtd, connection, name, { ...options, defined: true });
    const { uuid } = guest.domain;
    await guest.answering();
    await act(guest, (...words) => libvirtd.virsh(...words), libvirtd);
    for (const one of notified) await rig.untilNotified(uuid, one);
    if (!lives) return uuid;
    const living = await Guest.find(libvirtd, connection, uuid);
    // It is up again, and watched as any other.
    await living.answering();
    living.signal("SIGKILL");
    await rig.untilNotified(uuid, FAILED);
    return uuid;
  }

  test("all of them at once: each is notified as upstream's table has it, and those that live on are watched on", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    for (const name of ["reverted", "backed-up", "lost"]) {
      await libvirtd.inside("qemu-img", "create", "-q", "-f", "qcow2", `/var/lib/libvirt/${name}.qcow2`, "4M");
    }
    // The events of one restart may be seconds apart on a busy machine.
    const rig = await InstanceRig.create(t, { uri: libvirtd.uri, instancemonitor: { collapse_window: 600 } });
    const monitor = await rig.start();

    const all = Object.entries(actions);
    const names = Object.keys(actions);
    const uuids = new Map<string, string>();
    const play = async (name: string, one: GuestAction): Promise<unknown> =>
      uuids.set(name, await happen(`field-${names.indexOf(name)}`, one, connection, rig));
    await Promise.all(all.filter(([, { alone }]) => !alone).map((one) => play(...one)));
    for (const one of all.filter(([, { alone }]) => alone)) await play(...one);

    // A guest that dies later is notified later: what was to come of the others is there by then.
    const fence = await Guest.start(libvirtd, connection, "field-fence", { agent: "bare" });
    fence.signal("SIGKILL");
    await rig.untilNotified(fence.domain.uuid, FAILED);
    // An error of QEMU's monitor is notified or not, depending on how the start fails.
    const notificationsOf = (uuid: string): string[] =>
      rig.notificationsOf(uuid).filter((one) => one !== "CONTROL_ERROR/UNKNOWN");
    assert.deepEqual(
      Object.fromEntries(all.map(([name]) => [name, notificationsOf(uuids.get(name) ?? "")])),
      Object.fromEntries(all.map(([name, { notified, lives }]) => [name, lives ? [...notified, FAILED] : notified])),
    );
    assert.equal(monitor.running, true);
  });
});
