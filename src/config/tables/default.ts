import { hostname } from "node:os";
import type { SectionTable } from "../option.ts";
import { osloLogTable } from "./oslo-log.ts";

const python = "it steers the inside of the Python monitors";
const eventlet = "oslo.service and eventlet are not used here";
const commandLine = "it is read on the command line only";

export const defaultTable = {
  help: "Options of all programs.",
  options: {
    hostname: {
      type: "string",
      default: hostname(),
      sampleDefault: "<HOSTNAME>",
      deprecated: [{ name: "host" }],
      help: "The name under which this host is known to Masakari. All programs report it.",
    },
    state_path: {
      type: "string",
      default: "/var/lib/masakarimonitors",
      ours: true,
      help: "Directory of each program's database: undelivered notifications, and what the monitor knew when it stopped.",
    },
    disk_thread: {
      type: "bool",
      default: true,
      ours: true,
      help: "Whether the disk of state_path is accessed from a separate thread, so that a disk that hangs delays the monitor by 1.5 s at most. It costs 5 to 7 MB of memory; without it the monitor waits for the disk.",
    },
    recording_size: {
      type: "int",
      default: 16,
      min: 0,
      max: 1024,
      ours: true,
      help: "MB of state_path that each program may use for recording what it observes and decides, for `masakari-monitors explain` and `replay`; the oldest is deleted. 0: nothing is recorded, and at its start a program removes what it had recorded.",
    },
    masakari_check_interval: {
      type: "int",
      default: 300,
      min: 0,
      ours: true,
      help: "Seconds between two checks whether Masakari would act on a notification: its API answers, the hosts are in a segment that is enabled and not on maintenance, and the clocks agree. The check only reads. 0: only the API's response is checked, every 10 minutes.",
    },
    ...osloLogTable.options,
    tempdir: {
      type: "string",
      noEffect: "no temporary directory is needed here",
      help: "Directory for temporary files.",
    },
    monkey_patch: { type: "bool", default: false, noEffect: python, help: "Whether to patch Python modules." },
    monkey_patch_modules: { type: "list", default: [], noEffect: python, help: "Python modules to patch." },
    instancemonitor_manager: {
      type: "string",
      default: "masakarimonitors.instancemonitor.instance.InstancemonitorManager",
      noEffect: python,
      help: "Python class of the instance monitor.",
    },
    introspectiveinstancemonitor_manager: {
      type: "string",
      default: "masakarimonitors.introspectiveinstancemonitor.instance.IntrospectiveInstanceMonitorManager",
      noEffect: python,
      help: "Python class of the introspective instance monitor.",
    },
    processmonitor_manager: {
      type: "string",
      default: "masakarimonitors.processmonitor.process.ProcessmonitorManager",
      noEffect: python,
      help: "Python class of the process monitor.",
    },
    hostmonitor_manager: {
      type: "string",
      default: "masakarimonitors.hostmonitor.host.HostmonitorManager",
      noEffect: python,
      help: "Python class of the host monitor.",
    },
    backdoor_port: { type: "string", noEffect: eventlet, help: "Port of eventlet's backdoor." },
    backdoor_socket: { type: "string", noEffect: eventlet, help: "Socket of eventlet's backdoor." },
    run_external_periodic_tasks: { type: "bool", default: true, noEffect: eventlet, help: "Where periodic tasks run." },
    log_options: {
      type: "bool",
      default: true,
      noEffect: "check-config shows the effective values",
      help: "Log every option at start, as debug lines.",
    },
    graceful_shutdown_timeout: {
      type: "int",
      default: 60,
      noEffect: eventlet,
      help: "Seconds that an orderly stop may take.",
    },
    config_file: { type: "multi", default: [], noEffect: commandLine, help: "Configuration file; repeatable." },
    config_dir: {
      type: "multi",
      default: [],
      noEffect: commandLine,
      help: "Directory of configuration files; repeatable.",
    },
    config_source: {
      type: "list",
      default: [],
      noEffect: "only files, the environment and the command line are read",
      loud: true,
      help: "Further sources of configuration.",
    },
  },
} as const satisfies SectionTable;
