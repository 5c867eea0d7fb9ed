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
    compat: {
      type: "bool",
      default: false,
      ours: true,
      help: "Count as the Python monitor does: the notification comes two failed pings after the threshold (threshold 3: at the fifth), and only once until the guest is started again.",
    },
    agent_disconnected: {
      type: "choice",
      choices: ["failure", "ignore"],
      default: "failure",
      ours: true,
      help: "What a guest agent means that has answered before and has closed its channel: stopped by the guest's owner, crashed, or its guest going down or rebooting. failure: each ping counts as failed, as in the Python monitor, and the notification comes two pings after the threshold. ignore: the guest is not watched until its agent answers again.",
    },
    leave_alone_restarting: {
      type: "bool",
      default: false,
      ours: true,
      help: "A guest that shuts down or reboots is not watched until its agent answers again.",
    },
    leave_alone_migrating: {
      type: "bool",
      default: false,
      ours: true,
      help: "A guest that is being migrated, saved or dumped is not reported meanwhile. One that is paused never is.",
    },
    minimum_uptime: {
      type: "int",
      default: 0,
      min: 0,
      ours: true,
      help: "Seconds after its start during which failed pings of a guest do not count.",
    },
    check_io: {
      type: "bool",
      default: false,
      ours: true,
      help: "Do not report a guest that has used a disk or sent to the network since its first failed ping.",
    },
    max_reports: {
      type: "int",
      default: 0,
      min: 0,
      ours: true,
      help: "At most so many notifications about one guest within report_window; 0 is no limit.",
    },
    report_window: { type: "int", default: 3600, min: 1, ours: true, help: "Seconds that max_reports is about." },
    max_agent_commands: {
      type: "int",
      default: 4,
      min: 2,
      max: 4,
      ours: true,
      help: "Guest agent commands under way at the same time. More would take libvirt's workers away from Nova.",
    },
    max_suspect_commands: {
      type: "int",
      default: 3,
      min: 1,
      max: 3,
      ours: true,
      help: "How many of them may be for guests that did not answer the last time; each of these takes 5 s. One is always left for the others.",
    },
  },
} as const satisfies SectionTable;
