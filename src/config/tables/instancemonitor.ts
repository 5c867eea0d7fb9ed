import type { SectionTable } from "../option.ts";

export const instanceTable = {
  help: "The instance monitor: what is told of the guests of libvirt. The Python monitors do not have this section.",
  options: {
    notify_guest_panic: {
      type: "bool",
      default: true,
      ours: true,
      help: "Tell Masakari of a guest whose kernel has panicked, when it ends crashed, as of one whose QEMU has failed (LIFECYCLE, STOPPED_FAILED), so that it is recovered.",
    },
    collapse_window: {
      type: "float",
      default: 2,
      min: 0,
      ours: true,
      help: "Seconds in which equal events of one guest count as one happening, of which the first is told: one reset makes two or three REBOOT events. Never for events that tell the state of a guest. 0 tells of all.",
    },
  },
} as const satisfies SectionTable;
