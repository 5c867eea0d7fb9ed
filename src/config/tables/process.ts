import type { SectionTable } from "../option.ts";

export const processTable = {
  help: "The process monitor: which processes must run on this host.",
  options: {
    check_interval: {
      type: "int",
      default: 5,
      min: 1,
      help: "Seconds between two looks for processes that have appeared, and for edits of the process list. The end of a process is seen at once.",
    },
    restart_retries: {
      type: "int",
      default: 3,
      min: 0,
      help: "Further rounds of restart commands after the first one has failed. When all have failed, Masakari is notified.",
    },
    restart_interval: { type: "int", default: 5, min: 0, help: "Seconds between two rounds of restart commands." },
    api_retry_max: {
      type: "int",
      default: 12,
      min: 0,
      help: "Attempts at the fixed api_retry_interval after the first one to send a notification has failed. Later attempts back off.",
    },
    api_retry_interval: { type: "int", default: 10, min: 0, help: "Seconds between two of these attempts." },
    process_list_path: {
      type: "string",
      default: "/etc/masakarimonitors/process_list.yaml",
      emptyIsDefault: true,
      help: "The list of processes to watch.",
    },
    settle: {
      type: "float",
      default: 1,
      min: 0,
      ours: true,
      help: "Seconds that a process may be gone while its supervisor restarts it, before it counts as down.",
    },
    boot_grace: {
      type: "float",
      default: 300,
      min: 0,
      ours: true,
      help: "Seconds after the boot of this host before which Masakari is not notified of a process that has not been seen running since the boot. The default is what a boot may take by systemd's own time-outs: 120 s for the network to be online, then 90 s for each of two services of which one waits for the other.",
    },
    command_timeout: {
      type: "float",
      default: 180,
      min: 0.1,
      ours: true,
      help: "Seconds that one start or restart command may take. Then it is sent TERM, and KILL if that does not help, and counts as failed.",
    },
  },
} as const satisfies SectionTable;
