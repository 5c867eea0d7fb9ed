import type { SectionTable } from "../option.ts";

export const instanceTable = {
  help: "The instance monitor: which events of libvirt's guests are notified. The Python monitors do not have this section.",
  options: {
    notify_guest_panic: {
      type: "bool",
      default: true,
      ours: true,
      help: "Notify Masakari of a guest whose kernel has panicked, when it ends as crashed, in the same way as for a guest whose QEMU has failed (LIFECYCLE, STOPPED_FAILED), so that it is recovered.",
    },
    qemu_log_directory: {
      type: "string",
      default: "/var/log/libvirt/qemu",
      ours: true,
      help: "Where libvirt on this host keeps the logs of its QEMUs. A libvirtd that is stopped at the moment a guest dies does not report the death, and the next libvirtd does not know how the guest ended: the end of the guest's log then shows whether it crashed, and so whether Masakari is notified.",
    },
    collapse_window: {
      type: "float",
      default: 2,
      min: 0,
      ours: true,
      help: "Seconds within which equal events of one guest count as one, and only the first is notified: one reset causes two or three REBOOT events. Events about the state of a guest are never collapsed. 0: every event is notified.",
    },
  },
} as const satisfies SectionTable;
