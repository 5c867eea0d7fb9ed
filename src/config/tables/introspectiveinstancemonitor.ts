import type { SectionTable } from "../option.ts";

export const introspectiveTable = {
  help: "The introspective instance monitor: which guests' QEMU guest agents answer.",
  options: {
    guest_monitoring_interval: {
      type: "int",
      default: 10,
      min: 1,
      misspelt: ["guest_monitor_interval"],
      help: "Seconds between two pings of a guest. Should be longer than a guest takes to shut down in order.",
    },
    guest_monitoring_timeout: {
      type: "int",
      default: 2,
      min: 1,
      misspelt: ["guest_monitor_timeout"],
      help: "Seconds that a guest agent may take to answer.",
    },
    guest_monitoring_failure_threshold: {
      type: "int",
      default: 3,
      min: 0,
      help: "Failed pings in a row that are borne before Masakari is notified.",
    },
    qemu_guest_agent_sock_path: {
      type: "string",
      default: String.raw`/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock`,
      help: "A Python regular expression for the source paths of the guest agent channels; Python's raw-string notation r'…' is understood.",
    },
  },
} as const satisfies SectionTable;
