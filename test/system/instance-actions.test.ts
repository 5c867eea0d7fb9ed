import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { InstanceRig } from "../support/instance-rig.ts";
import { Guest, type GuestOptions } from "./libvirt/guest.ts";
import type { Libvirtd } from "./libvirt/libvirtd.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";

interface Action {
  /** The capture of `test/fixtures/libvirt/captures` that this action is of. */
  readonly name: string;
  readonly options?: GuestOptions;
  readonly act: (guest: Guest, libvirtd: Libvirtd) => void | Promise<void>;
  /** What Masakari is told, in order: what the Python monitor told, but for panics. */
  readonly told: readonly string[];
}

const FAILED = "LIFECYCLE/STOPPED_FAILED";
const SHUTDOWN = "LIFECYCLE/STOPPED_SHUTDOWN";
const DESTROYED = "LIFECYCLE/STOPPED_DESTROYED";
const REBOOT = "REBOOT/UNKNOWN";

const watchdog = (action: string, ...told: string[]): Action => ({
  name: `wd_${action.replace("inject-", "")}`,
  options: { watchdog: action },
  act: (guest) => guest.tell("x-watchdog"),
  told,
});

const actions: readonly Action[] = [
  { name: "kill9", act: (guest) => guest.signal("SIGKILL"), told: [FAILED] },
  { name: "segv", act: (guest) => guest.signal("SIGSEGV"), told: [FAILED] },
  { name: "term", act: (guest) => guest.signal("SIGTERM"), told: [SHUTDOWN] },
  { name: "poweroff_inside", act: (guest) => guest.tell("x-poweroff"), told: [SHUTDOWN] },
  { name: "destroy", act: (guest) => guest.destroy(), told: [DESTROYED] },
  {
    name: "destroy_graceful",
    act: async (guest, libvirtd) => void (await libvirtd.virsh("destroy", "--graceful", guest.name)),
    told: [DESTROYED],
  },
  {
    name: "reset",
    act: async (guest, libvirtd) => void (await libvirtd.virsh("reset", guest.name)),
    told: [REBOOT],
  },
  { name: "reboot_inside", act: (guest) => guest.tell("x-reset"), told: [REBOOT] },
  {
    name: "reboot_inside_destroy",
    options: { onReboot: "destroy" },
    act: (guest) => guest.tell("x-reset"),
    told: [SHUTDOWN],
  },
  { name: "panic_destroy", act: (guest) => guest.tell("x-panic"), told: [FAILED] },
  { name: "panic_preserve", options: { onCrash: "preserve" }, act: (guest) => guest.tell("x-panic"), told: [FAILED] },
  watchdog("none", "WATCHDOG/WATCHDOG_NONE"),
  watchdog("reset", "WATCHDOG/WATCHDOG_RESET", REBOOT),
  watchdog("poweroff", "WATCHDOG/WATCHDOG_POWEROFF", FAILED),
  watchdog("pause", "WATCHDOG/WATCHDOG_PAUSE", "LIFECYCLE/SUSPENDED_WATCHDOG"),
  watchdog("shutdown", "WATCHDOG/WATCHDOG_SHUTDOWN"),
  watchdog("inject-nmi"),
  {
    name: "suspend_resume",
    act: async (guest, libvirtd) => {
      await libvirtd.virsh("suspend", guest.name);
      await libvirtd.virsh("resume", guest.name);
    },
    told: [],
  },
  {
    name: "sigstop",
    act: (guest) => {
      guest.signal("SIGSTOP");
      guest.signal("SIGCONT");
    },
    told: [],
  },
  { name: "agent_killed", act: (guest) => guest.tell("x-close"), told: [] },
];

await describeWithLibvirtd("instance monitor, each action done to a real guest", {}, (host) => {
  for (const { name, options = {}, act, told } of actions) {
    test(`${name}: ${told.join(", ") || "nothing is told"}`, async (t) => {
      const { libvirtd } = host();
      const connection = await host().connect(t);
      const rig = await InstanceRig.create(t, { uri: libvirtd.uri });
      const uuid = randomUUID();
      const guest = await Guest.start(libvirtd, connection, `instance-${name.replace("_", "-")}`, { ...options, uuid });
      const fence = await Guest.start(libvirtd, connection, `fence-${name.replace("_", "-")}`, { agent: "bare" });
      t.after(async () => void (await guest.destroy().catch(() => undefined)));
      await guest.answering();
      await rig.start();

      await act(guest, libvirtd);
      const last = told.at(-1);
      if (last !== undefined) await rig.told(uuid, last);
      // A guest that dies later is told later: what was to come of the first one is there by then.
      fence.signal("SIGKILL");
      await rig.told(fence.domain.uuid, FAILED);

      assert.deepEqual(rig.toldOf(uuid), told);
    });
  }
});
