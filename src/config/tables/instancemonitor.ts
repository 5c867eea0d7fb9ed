import type { SectionTable } from "../option.ts";

export const instanceTable = {
  help: "The instance monitor: which events of libvirt's guests are notified. The Python monitors do not have this section.",
  options: {
    notify_guest_panic: {
      type: "bool",
      default: true,
      ours: true,
      help: "Notify Masakari of a guest whose kernel has panicked, when it ends crashed, as of one whose QEMU has failed (LIFECYCLE, STOPPED_FAILED), so that it is recovered.",
    },
    qemu_log_directory: {
      type: "string",
      default: "/var/log/libvirt/qemu",
      ours: true,
      help: "Where libvirt on this host keeps the logs of its QEMUs. A libvirtd that is stopped in the moment in which a guest dies reports it to nobody, and the next one does not know how the guest has ended: then the end of its log says whether it crashed, and so whether Masakari is told.",
    },
    collapse_window: {
      type: "float",
      default: 2,
      min: 0,
      ours: true,
      help: "Seconds in which equal events of one guest count as one, of which the first is notified: one reset makes two or three REBOOT events. Never for events that tell the state of a guest. 0 tells of all.",
    },
  },
} as const satisfies SectionTable;
